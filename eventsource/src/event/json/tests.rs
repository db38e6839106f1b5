//! Tests: a value is read back equal, or refused with its path.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::fmt::Debug;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::*;

/// Asserts that `value` is read back equal, and is written as serde_json writes it.
#[track_caller]
fn comes_back<T: Serialize + DeserializeOwned + PartialEq + Debug>(value: T) {
    let text = encode("payload", &value).unwrap();
    assert_eq!(text, serde_json::to_string(&value).unwrap());
    assert_eq!(serde_json::from_str::<T>(&text).unwrap(), value);
    check_text("payload", &text).unwrap();
}

/// Asserts that `value` is refused with an error that begins with `error`.
#[track_caller]
fn is_refused<T: Serialize + DeserializeOwned + Debug>(value: T, error: &str) {
    match encode("payload", &value) {
        Err(refused) => assert!(refused.to_string().starts_with(error), "{refused}"),
        Ok(text) => panic!("{value:?} is written as {text}"),
    }
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Item {
    price: f64,
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Basket {
    items: Vec<Item>,
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
enum Nested {
    Unit,
    New(Option<f32>),
    Tuple(u8, f64),
    Struct { map: BTreeMap<String, Box<Nested>> },
}

#[test]
fn numbers_that_are_not_finite_are_refused_with_their_path() {
    let mut items: Vec<_> = (0..4_u8).map(|price| Item { price: price.into() }).collect();
    comes_back(Basket { items: items.drain(..2).collect() });
    items[1].price = f64::NAN;
    is_refused(Basket { items }, "payload.items[1].price: NaN cannot be stored");
    is_refused(Some(f64::INFINITY), "payload: inf cannot be stored");
    is_refused(f32::NEG_INFINITY, "payload: -inf cannot be stored");
    is_refused(Nested::New(Some(f32::NAN)), "payload.New: NaN");
    is_refused(Nested::Tuple(1, f64::NAN), "payload.Tuple[1]: NaN");
    let inner = BTreeMap::from([("a\"b".to_owned(), Box::new(Nested::New(Some(f32::INFINITY))))]);
    is_refused(vec![Nested::Unit, Nested::Struct { map: inner }], "payload[1].Struct.map.a\"b.New: inf");
    is_refused(HashMap::from([("k", (0, f64::NAN))].map(|(k, v)| (k.to_owned(), v))), "payload.k[1]: NaN");
}

#[test]
fn values_of_all_kinds_are_written_as_serde_json_writes_them() {
    comes_back(Nested::Struct { map: BTreeMap::from([("x".to_owned(), Box::new(Nested::Tuple(3, -0.1)))]) });
    comes_back(("a\"\\\n\u{0}\u{1F980}".to_owned(), 'ß', true, (), u64::MAX, i64::MIN, 0.1_f32, 5e-324));
    comes_back(vec![Some(1_u8), None]);
    comes_back(HashSet::from([1, 2, 3]));
    comes_back(chrono::DateTime::UNIX_EPOCH);
    comes_back(uuid::Uuid::max());
    comes_back(json!({ "b": [1, 2.5, "x", null], "a": {} }));
    comes_back((u128::MAX, i128::MIN));
    comes_back(HashMap::from([(1_u64, true), (2, false)]));
    comes_back(BTreeMap::from([(true, 'a'), (false, 'b')]));
}

/// Returns arrays nested to `levels` levels.
fn arrays(levels: usize) -> Value {
    (0..levels).fold(json!(1), |inner, _| json!([inner]))
}

#[test]
fn nesting_is_refused_one_level_after_it_can_be_read() {
    comes_back(arrays(127));
    is_refused(arrays(128), "payload[0][0]");
    assert!(check_text("payload", &arrays(127).to_string()).is_ok());
    assert_eq!(check_text("payload", &arrays(128).to_string()).unwrap_err().reason, UnstorableReason::TooDeep);
    assert!(check_value("metadata", &arrays(125), 2).is_ok());
    assert_eq!(check_value("metadata", &arrays(126), 2).unwrap_err().reason, UnstorableReason::TooDeep);
    assert_eq!(to_value("metadata", &arrays(126), 2).unwrap_err().reason, UnstorableReason::TooDeep);

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    enum Tree {
        Leaf,
        Node(Box<Tree>),
        Pair(u8, Box<Tree>),
    }
    let nodes = |levels: usize, leaf| (0..levels).fold(leaf, |inner, _| Tree::Node(Box::new(inner)));
    comes_back(nodes(127, Tree::Leaf));
    is_refused(nodes(128, Tree::Leaf), "payload.Node.Node");
    comes_back(nodes(125, Tree::Pair(1, Box::new(Tree::Leaf))));
    is_refused(nodes(126, Tree::Pair(1, Box::new(Tree::Leaf))), "payload.Node.Node");
}

#[derive(Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
struct Point(u8, u8);

#[test]
fn keys_that_are_structures_are_refused() {
    is_refused(HashMap::from([(Point(1, 2), 1)]), "payload: a key of a map must be");
    let inner = BTreeMap::from([("a".to_owned(), HashMap::from([(Point(1, 2), 1)]))]);
    is_refused(inner, "payload.a: a key of a map must be");
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Flat<T> {
    id: u8,
    #[serde(flatten)]
    rest: T,
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type")]
enum Tagged {
    Point { x: u128 },
    Other(Other),
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Other {
    r#type: String,
}

#[test]
fn flattened_and_tagged_types_are_refused_where_they_do_not_come_back() {
    let texts = |key: &str| HashMap::from([(key.to_owned(), 1)]);
    comes_back(Flat { id: 1, rest: texts("other") });
    is_refused(Flat { id: 1, rest: texts("id") }, "payload.id: the object has this key twice");
    is_refused(Flat { id: 1, rest: HashMap::from([(7_u64, 1)]) }, "payload: it is not read back equal");
    is_refused(Flat { id: 1, rest: Flat { id: 2, rest: () } }, "payload.id: the object has this key twice");
    is_refused(Tagged::Point { x: 1 }, "payload.x: it is not read back equal");
    is_refused(Tagged::Other(Other { r#type: "mine".to_owned() }), "payload.type: the object has this key twice");
}

#[test]
fn keys_that_come_twice_are_found_in_large_maps() {
    let mut map: BTreeMap<String, u32> = (0..1_000).map(|n| (format!("key{n}"), n)).collect();
    comes_back(map.clone());
    comes_back(map.clone().into_iter().collect::<HashMap<_, _>>());
    comes_back(Flat { id: 1, rest: map.clone() });
    map.insert("id".to_owned(), 5);
    is_refused(Flat { id: 1, rest: map }, "payload.id: the object has this key twice");
}

#[test]
fn some_of_none_is_refused_unless_the_type_reads_it_back() {
    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct Plain {
        change: Option<Option<u8>>,
        unit: Option<()>,
    }
    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct Patch {
        #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "some")]
        change: Option<Option<u8>>,
    }
    fn some<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<Option<u8>>, D::Error> {
        Option::deserialize(deserializer).map(Some)
    }
    comes_back(Plain { change: Some(Some(1)), unit: None });
    is_refused(Plain { change: Some(None), unit: None }, "payload.change: it is not read back equal");
    is_refused(Plain { change: None, unit: Some(()) }, "payload.unit: it is not read back equal");
    is_refused(vec![Some(Value::Null)], "payload[0]: it is not read back equal");
    for change in [None, Some(None), Some(Some(1))] {
        comes_back(Patch { change });
    }
}

#[test]
fn a_skipped_field_needs_a_default_that_is_what_was_skipped() {
    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct Without {
        #[serde(skip_serializing_if = "Vec::is_empty")]
        items: Vec<u8>,
    }
    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct With {
        #[serde(skip_serializing_if = "Vec::is_empty", default)]
        items: Vec<u8>,
        #[serde(skip_serializing_if = "Option::is_none")]
        note: Option<u8>,
    }
    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct Wrong {
        #[serde(skip_serializing_if = "Vec::is_empty", default = "one")]
        items: Vec<u8>,
    }
    fn one() -> Vec<u8> {
        vec![1]
    }
    comes_back(Without { items: vec![1] });
    is_refused(Without { items: Vec::new() }, "payload.items: it is not read back equal: missing field `items`");
    comes_back(With { items: Vec::new(), note: None });
    is_refused(Wrong { items: Vec::new() }, "payload.items: it is not read back equal: {\"items\":[1]} is read");
}

#[test]
fn a_value_of_json_keeps_what_it_is_made_of() {
    assert_eq!(to_value("", &(1, "x", 2.5), 0).unwrap(), json!([1, "x", 2.5]));
    assert_eq!(to_value("", &u128::from(u64::MAX), 0).unwrap(), json!(u64::MAX));
    assert!(to_value("", &u128::MAX, 0).is_err());
    assert!(to_value("", &f64::NAN, 0).is_err());
}

#[test]
fn text_is_json_where_serde_json_reads_it() {
    let good = [
        "null",
        " [ ] ",
        "{}",
        r#"{"a":[1,-0,0.5e-3,1E+5,{"b":null}],"":"é\u0000\ud83e\udd80\/"}"#,
        "\t\"x\"\r\n",
        "12",
    ];
    let bad = [
        "",
        " ",
        "nul",
        "nulll",
        "[1,]",
        "[,1]",
        "{\"a\"}",
        "{\"a\":}",
        "{a:1}",
        "{\"a\":1,}",
        "01",
        "-",
        "1.",
        ".5",
        "1e",
        "\"",
        "\"\\x\"",
        "\"\n\"",
        "\"\\u12\"",
        "\"\\ud800\"",
        "\"\\udc00\"",
        "\"\\ud800\\u0041\"",
        "[",
        "{",
        "]",
        "[}",
        "1 2",
        "NaN",
        "+1",
        "[1 2]",
        "'a'",
    ];
    for text in good {
        assert!(serde_json::from_str::<Value>(text).is_ok(), "{text}");
        check_text("payload", text).unwrap();
    }
    for text in bad {
        assert!(serde_json::from_str::<Value>(text).is_err(), "{text}");
        assert!(check_text("payload", text).is_err(), "{text}");
    }
    let deep = format!(r#"{{"a":[0,{}1{}]}}"#, "[".repeat(126), "]".repeat(126));
    let refused = check_text("payload", &deep).unwrap_err();
    assert!(refused.path.starts_with("payload.a[1][0][0]"), "{refused}");
}

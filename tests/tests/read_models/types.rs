//! Every type of a field goes there and back, and what cannot is a permanent error that names the field.

use chrono::{DateTime, NaiveDate, Utc};
use eventsource::prelude::*;
use eventsource::projection::ErrorClass;
use eventsource::read_model::{ColumnKind, ColumnType, Comparable, Condition, Decimal, InvalidValue, ReadModel, Value};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::world::{World, id};

crate::on_every_backend! {
    every_type_survives
    every_integer_survives
    enums_are_stored_by_the_names_of_their_variants
    texts_and_integers_are_ids
    decimals_times_and_days_compare
    what_cannot_be_stored_names_its_field
    nan_is_stored_or_names_its_field
    json_that_could_not_be_read_names_its_field
    the_range_of_times_is_one_on_every_backend
    a_type_that_contradicts_itself_names_its_field
}

#[derive(Debug, Clone, Copy, PartialEq, ColumnType)]
#[column_type(rename_all = "kebab-case")]
enum Status {
    Placed,
    InTransit,
    #[column_type(rename = "lost in the post")]
    Lost,
}

#[derive(Debug, Clone, PartialEq, ReadModel)]
#[read_model(table = "parcels")]
struct Parcel {
    #[read_model(id)]
    id: u64,
    #[read_model(index)]
    status: Status,
    before: Option<Status>,
}

/// The same table, as a program sees it that knows fewer statuses.
#[derive(Debug, Clone, Copy, PartialEq, ColumnType)]
enum OldStatus {
    #[column_type(rename = "placed")]
    Placed,
}

#[derive(Debug, ReadModel)]
#[read_model(table = "parcels")]
struct OldParcel {
    #[read_model(id)]
    id: u64,
    #[read_model(index)]
    status: OldStatus,
    before: Option<OldStatus>,
}

/// The same table, as texts.
#[derive(Debug, ReadModel)]
#[read_model(table = "parcels")]
struct ParcelTexts {
    #[read_model(id)]
    id: u64,
    #[read_model(index)]
    status: String,
    before: Option<String>,
}

async fn enums_are_stored_by_the_names_of_their_variants<W: World>(world: &W) {
    world.create::<Parcel>().await;
    let parcels = [
        Parcel { id: 1, status: Status::InTransit, before: Some(Status::Placed) },
        Parcel { id: 2, status: Status::Placed, before: None },
        Parcel { id: 3, status: Status::Lost, before: Some(Status::InTransit) },
    ];
    let mut batch = world.batch().await;
    W::lend::<Parcel>(&mut batch.unit).await.save_many(parcels.to_vec()).await.unwrap();
    batch.commit().await.unwrap();
    let rows = world.rows::<Parcel>();
    assert_eq!(rows.find(Query::all()).await.unwrap(), parcels);
    let found = rows.find(Parcel::STATUS.is_in([Status::Lost, Status::Placed]).and(Parcel::BEFORE.is_null())).await;
    assert_eq!(found.unwrap(), parcels[1..2]);
    assert_eq!(rows.count(Parcel::BEFORE.eq(Status::InTransit)).await.unwrap(), 1);
    let texts = world.rows::<ParcelTexts>().find(Query::all()).await.unwrap();
    let texts: Vec<_> = texts.iter().map(|row| (row.id, &*row.status, row.before.as_deref())).collect();
    assert_eq!(texts[0], (1, "in-transit", Some("placed")));
    assert_eq!(texts[2], (3, "lost in the post", Some("in-transit")));

    let old = world.rows::<OldParcel>();
    let placed = old.get(2u64).await.unwrap().unwrap();
    assert_eq!((placed.id, placed.status, placed.before), (2, OldStatus::Placed, None));
    let error = old.get(3u64).await.unwrap_err().to_string();
    assert!(
        error.ends_with(
            "the field `status`: `lost in the post` is not a variant of `OldStatus`, whose variants are `placed`"
        ),
        "{error}"
    );
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Line {
    article: String,
    counts: Vec<u64>,
}

#[derive(Debug, Clone, PartialEq, ReadModel)]
#[read_model(table = "every_type")]
struct Every {
    #[read_model(id)]
    key: Uuid,
    flag: bool,
    int: i64,
    unsigned: u64,
    float: f64,
    single: f32,
    text: String,
    uuid: Uuid,
    time: DateTime<Utc>,
    day: NaiveDate,
    decimal: Decimal,
    money: Decimal,
    bytes: Vec<u8>,
    value: serde_json::Value,
    #[read_model(json)]
    lines: Vec<Line>,
    #[read_model(column = "order")]
    r#type: Option<String>,
    maybe_time: Option<DateTime<Utc>>,
    maybe_money: Option<Decimal>,
    maybe_bytes: Option<Vec<u8>>,
    maybe_float: Option<f64>,
    maybe_uuid: Option<Uuid>,
    maybe_flag: Option<bool>,
    maybe_day: Option<NaiveDate>,
    maybe_value: Option<serde_json::Value>,
}

fn micros(micros: i64) -> DateTime<Utc> {
    DateTime::from_timestamp_micros(micros).unwrap()
}

fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

fn plain(n: u128) -> Every {
    Every {
        key: id(n),
        flag: false,
        int: 0,
        unsigned: 0,
        float: 0.0,
        single: 0.0,
        text: String::new(),
        uuid: Uuid::nil(),
        time: micros(0),
        day: day("1970-01-01"),
        decimal: "0".parse().unwrap(),
        money: Decimal::ZERO,
        bytes: vec![],
        value: serde_json::Value::Null,
        lines: vec![],
        r#type: None,
        maybe_time: None,
        maybe_money: None,
        maybe_bytes: None,
        maybe_float: None,
        maybe_uuid: None,
        maybe_flag: None,
        maybe_day: None,
        maybe_value: None,
    }
}

fn full(n: u128) -> Every {
    let value = serde_json::json!({ "nul": "a\u{0}b", "deep": [1, 2.5, null, { "x": "ü" }], "large": u64::MAX });
    Every {
        key: id(n),
        flag: true,
        int: i64::MIN,
        unsigned: i64::MAX as u64,
        float: 0.1 + 0.2,
        single: f32::MIN_POSITIVE,
        text: "Größe 🦀 \"'; -- %_\\ \u{1}\n".to_owned(),
        uuid: Uuid::max(),
        time: micros(-62_135_596_800_000_001),
        day: day("9999-12-31"),
        decimal: "-0.0000000000000000000000000001".parse().unwrap(),
        money: Decimal::MAX,
        bytes: (0..=255).collect(),
        value: value.clone(),
        lines: vec![Line { article: "a\u{0}".to_owned(), counts: vec![u64::MAX] }],
        r#type: Some("x".to_owned()),
        maybe_time: Some(micros(1)),
        maybe_money: Some(Decimal::MIN),
        maybe_bytes: Some(vec![]),
        maybe_float: Some(f64::INFINITY),
        maybe_uuid: Some(id(7)),
        maybe_flag: Some(false),
        maybe_day: Some(day("0000-01-01")),
        maybe_value: Some(value),
    }
}

async fn every_type_survives<W: World>(world: &W) {
    world.create::<Every>().await;
    let extremes = Every { int: i64::MAX, float: f64::MIN_POSITIVE, single: f32::MAX, ..full(3) };
    let rows = [plain(1), full(2), extremes];
    let mut batch = world.batch().await;
    let mut repository = W::lend::<Every>(&mut batch.unit).await;
    repository.save_many(&rows).await.unwrap();
    assert_eq!(repository.get_many([1, 2, 3].map(id)).await.unwrap(), rows, "before it is written");
    batch.commit().await.unwrap();
    let found = world.rows::<Every>().find(Query::all()).await.unwrap();
    assert_eq!(found, rows);

    // Updated by the other statement.
    let mut batch = world.batch().await;
    let mut repository = W::lend::<Every>(&mut batch.unit).await;
    repository.get_many([1, 2].map(id)).await.unwrap();
    repository.save_many([full(1), plain(2)]).await.unwrap();
    batch.commit().await.unwrap();
    assert_eq!(world.rows::<Every>().get_many([1, 2].map(id)).await.unwrap(), [full(1), plain(2)]);
}

#[derive(Debug, Clone, PartialEq, ReadModel)]
#[read_model(table = "integers")]
struct Integers {
    #[read_model(id)]
    id: i64,
    a: i8,
    b: i16,
    c: i32,
    d: u8,
    e: u16,
    f: u32,
}

async fn every_integer_survives<W: World>(world: &W) {
    world.create::<Integers>().await;
    let low = Integers { id: i64::MIN, a: i8::MIN, b: i16::MIN, c: i32::MIN, d: 0, e: 0, f: 0 };
    let high = Integers { id: i64::MAX, a: i8::MAX, b: i16::MAX, c: i32::MAX, d: u8::MAX, e: u16::MAX, f: u32::MAX };
    let mut batch = world.batch().await;
    W::lend::<Integers>(&mut batch.unit).await.save_many([&high, &low]).await.unwrap();
    batch.commit().await.unwrap();
    let rows = world.rows::<Integers>();
    assert_eq!(rows.find(Query::all().order_by(Integers::F.asc())).await.unwrap(), [low, high.clone()]);
    assert_eq!(rows.get(i64::MAX).await.unwrap(), Some(high));
}

#[derive(Debug, Clone, PartialEq, ReadModel)]
struct Setting {
    #[read_model(id, column = "name")]
    key: String,
    value: u64,
}

async fn texts_and_integers_are_ids<W: World>(world: &W) {
    world.create::<Setting>().await;
    let mut batch = world.batch().await;
    let mut settings = W::lend::<Setting>(&mut batch.unit).await;
    settings.save(Setting { key: "b".to_owned(), value: 2 }).await.unwrap();
    settings.save(Setting { key: "ä".to_owned(), value: 3 }).await.unwrap();
    settings.save(Setting { key: "B".to_owned(), value: 1 }).await.unwrap();
    batch.commit().await.unwrap();
    let rows = world.rows::<Setting>();
    assert_eq!(rows.get("b").await.unwrap().unwrap().value, 2);
    assert_eq!(rows.get(&rows.get("ä").await.unwrap().unwrap().key).await.unwrap().unwrap().value, 3);
    let values: Vec<_> = rows.find(Query::all()).await.unwrap().into_iter().map(|row| row.value).collect();
    assert_eq!(values, [1, 2, 3], "by the bytes of the id");
}

async fn decimals_times_and_days_compare<W: World>(world: &W) {
    world.create::<Every>().await;
    let money: Vec<Decimal> = ["-1000", "-9.95", "-9.9", "0", "0.05", "0.5", "5", "10", "99.99", "100"]
        .map(|text| text.parse().unwrap())
        .into();
    let mut batch = world.batch().await;
    let mut repository = W::lend::<Every>(&mut batch.unit).await;
    for (n, money) in money.iter().enumerate() {
        let at = micros(n as i64 - 5);
        let day = day("0999-12-31") + chrono::Days::new(n as u64 * 400);
        // Saved in another order than that of the values.
        let key = id((n as u128 * 7) % 10);
        repository
            .save(Every { key, money: *money, time: at, day, maybe_money: Some(*money), ..plain(0) })
            .await
            .unwrap();
    }
    batch.commit().await.unwrap();
    let rows = world.rows::<Every>();
    let found = rows.find(Query::all().order_by(Every::MONEY.asc())).await.unwrap();
    assert_eq!(found.iter().map(|row| row.money).collect::<Vec<_>>(), money);
    assert!(found.is_sorted_by_key(|row| row.time) && found.is_sorted_by_key(|row| row.day));
    for (n, pivot) in found.iter().enumerate() {
        let n = n as u64;
        let count = async |condition: Condition<Every>| rows.count(condition).await.unwrap();
        assert_eq!(count(Every::MONEY.lt(pivot.money)).await, n);
        assert_eq!(count(Every::MONEY.ge(pivot.money)).await, 10 - n);
        assert_eq!(count(Every::MAYBE_MONEY.eq(pivot.money)).await, 1);
        assert_eq!(count(Every::TIME.le(pivot.time)).await, n + 1);
        assert_eq!(count(Every::DAY.gt(pivot.day)).await, 9 - n);
    }
    let trailing: Decimal = "0.500".parse().unwrap();
    assert_eq!(rows.count(Every::MONEY.eq(trailing)).await.unwrap(), 1, "it is the number that counts");
}

async fn what_cannot_be_stored_names_its_field<W: World>(world: &W) {
    world.create::<Every>().await;
    let mut batch = world.batch().await;
    let mut repository = W::lend::<Every>(&mut batch.unit).await;
    let cases = [
        (Every { time: DateTime::<Utc>::MIN_UTC, ..plain(1) }, "the field `time`: -262143-01-01"),
        (Every { text: "a\0".to_owned(), ..plain(1) }, "the field `text`: a text with the character NUL"),
        (Every { r#type: Some("\0".to_owned()), ..plain(1) }, "the field `type`: a text with"),
        (Every { unsigned: u64::MAX, ..plain(1) }, "the field `unsigned`: 18446744073709551615 is above"),
        (Every { day: NaiveDate::MAX, ..plain(1) }, "the field `day`: "),
    ];
    for (row, expected) in cases {
        let error = repository.save(&row).await.unwrap_err();
        let text = error.to_string();
        assert!(text.contains(expected) && text.contains("`every_type`"), "{expected}: {text}");
        assert_eq!(HandlerError::from(error).class(), ErrorClass::Permanent);
        repository.save_many([plain(2), row]).await.unwrap_err();
    }
    let error = repository.find(Every::TEXT.eq("\0")).await.unwrap_err();
    assert!(error.to_string().contains("the field `text`"), "{error}");
    assert!(repository.get(id(2)).await.unwrap().is_none(), "all rows are saved or none");
    batch.commit().await.unwrap();
    assert_eq!(world.rows::<Every>().count(Query::all()).await.unwrap(), 0);
}

async fn nan_is_stored_or_names_its_field<W: World>(world: &W) {
    world.create::<Every>().await;
    let cases = [
        (Every { float: f64::NAN, ..plain(1) }, "the field `float`: NaN"),
        (Every { single: f32::NAN, ..plain(2) }, "the field `single`: NaN"),
        (Every { maybe_float: Some(-f64::NAN), ..plain(3) }, "the field `maybe_float`: NaN"),
    ];
    let mut batch = world.batch().await;
    let mut repository = W::lend::<Every>(&mut batch.unit).await;
    for (row, expected) in cases {
        match repository.save(&row).await {
            Ok(()) => assert!(W::HOLDS_NAN),
            Err(error) => {
                assert!(!W::HOLDS_NAN && error.to_string().contains(expected), "{error}");
                assert_eq!(HandlerError::from(error).class(), ErrorClass::Permanent);
            }
        }
    }
    repository.save(Every { float: f64::INFINITY, ..plain(4) }).await.unwrap();
    batch.commit().await.unwrap();
    if !W::HOLDS_NAN {
        return;
    }
    let rows = world.rows::<Every>();
    let found = rows.find(Query::all().order_by(Every::FLOAT.desc())).await.unwrap();
    assert_eq!(found.iter().map(|row| row.key.as_u128()).collect::<Vec<_>>(), [1, 4, 2, 3], "above all numbers");
    assert!(found[0].float.is_nan() && found[2].single.is_nan() && found[3].maybe_float.unwrap().is_nan());
    assert_eq!(rows.count(Every::FLOAT.eq(f64::NAN)).await.unwrap(), 1, "equal to itself");
    assert_eq!(rows.count(Every::FLOAT.gt(f64::INFINITY)).await.unwrap(), 1);
}

#[derive(Debug, Clone, PartialEq, ReadModel)]
struct Measured {
    #[read_model(id)]
    id: i64,
    #[read_model(json)]
    values: Vec<f64>,
    #[read_model(json)]
    maybe: Option<Vec<u64>>,
}

/// JSON has no NaN: serde writes null in its place, which would be found out when the row is read.
async fn json_that_could_not_be_read_names_its_field<W: World>(world: &W) {
    world.create::<Measured>().await;
    let mut batch = world.batch().await;
    let mut rows = W::lend::<Measured>(&mut batch.unit).await;
    for value in [f64::NAN, f64::INFINITY] {
        let error = rows.save(Measured { id: 1, values: vec![1.0, value], maybe: None }).await.unwrap_err();
        let expected = "the field `values`: it could not be read back from JSON: [1]: ";
        assert!(error.to_string().contains(expected), "{error}");
        assert_eq!(HandlerError::from(error).class(), ErrorClass::Permanent);
    }
    let row = Measured { id: 1, values: vec![f64::MIN, f64::MIN_POSITIVE, 0.1 + 0.2], maybe: None };
    rows.save(&row).await.unwrap();
    batch.commit().await.unwrap();
    assert_eq!(world.rows::<Measured>().get(1).await.unwrap(), Some(row));
}

async fn the_range_of_times_is_one_on_every_backend<W: World>(world: &W) {
    world.create::<Every>().await;
    let first: DateTime<Utc> = "-4711-01-01T00:00:00Z".parse().unwrap();
    let last = DateTime::<Utc>::MAX_UTC;
    let mut batch = world.batch().await;
    let mut repository = W::lend::<Every>(&mut batch.unit).await;
    let rows = [Every { time: first, ..plain(1) }, Every { time: last, maybe_time: Some(last), ..plain(2) }];
    repository.save_many(rows).await.unwrap();
    batch.commit().await.unwrap();
    let rows = world.rows::<Every>();
    assert_eq!(rows.get(id(1)).await.unwrap().unwrap().time, first);
    let stored = rows.get(id(2)).await.unwrap().unwrap().time;
    assert_eq!(stored, eventsource::event::truncate_to_micros(last), "to the microsecond, on every backend");
    assert_eq!(rows.count(Every::TIME.ge(first).and(Every::TIME.lt(last))).await.unwrap(), 1);
    assert_eq!(rows.count(Every::MAYBE_TIME.eq(last)).await.unwrap(), 1, "and in what is compared with it");
    rows.count(Every::TIME.lt(DateTime::<Utc>::MIN_UTC)).await.unwrap_err();
}

/// A user's type whose values are not always of the kind that it declares.
#[derive(Debug, Clone, PartialEq)]
struct Grade(i64);

impl ColumnType for Grade {
    const KIND: ColumnKind = ColumnKind::I16;

    fn to_value(&self) -> Result<Value, InvalidValue> {
        Ok(match self.0 {
            0 => Value::Null,
            1 => Value::Text("one".to_owned()),
            n => Value::Int(n),
        })
    }

    fn from_value(value: Value) -> Result<Self, InvalidValue> {
        match value {
            Value::Int(value) => Ok(Self(value)),
            other => Err(InvalidValue::new(other.to_string())),
        }
    }
}

impl Comparable for Grade {}

#[derive(Debug, Clone, PartialEq, ReadModel)]
struct Graded {
    #[read_model(id)]
    id: i64,
    grade: Grade,
}

async fn a_type_that_contradicts_itself_names_its_field<W: World>(world: &W) {
    world.create::<Graded>().await;
    let mut batch = world.batch().await;
    let mut rows = W::lend::<Graded>(&mut batch.unit).await;
    rows.save(Graded { id: 1, grade: Grade(2) }).await.unwrap();
    for (grade, expected) in
        [(0, "null cannot be stored"), (1, "its type returned \"one\", which does not fit a column of the kind I16")]
    {
        let error = rows.save(Graded { id: 1, grade: Grade(grade) }).await.unwrap_err();
        assert!(error.to_string().contains(&format!("the field `grade`: {expected}")), "{error}");
        assert_eq!(HandlerError::from(error).class(), ErrorClass::Permanent);
    }
    let error = rows.count(Graded::GRADE.is_in([Grade(2), Grade(1)])).await.unwrap_err();
    assert!(error.to_string().contains("the field `grade`: its type returned"), "{error}");
    batch.commit().await.unwrap();
    assert_eq!(world.rows::<Graded>().count(Graded::GRADE.eq(Grade(2))).await.unwrap(), 1);
}

//! Queries give the same rows in the same order on every backend, also of what is not written yet.

use chrono::{DateTime, NaiveDate, Utc};
use eventsource::prelude::*;
use eventsource::read_model::{Condition, Cursor, Decimal, ReadModel};
use uuid::Uuid;

use crate::world::{Item, World, id, item};

crate::on_every_backend! {
    conditions
    nulls
    orders_limits_and_offsets
    pages_by_keyset
    pages_by_cursor_are_the_pages_by_row
    a_cursor_of_another_order_is_refused
    a_query_sees_what_the_batch_has_changed
    long_lists
    long_chains
    names_that_are_words_of_sql
}

async fn fill<W: World>(world: &W) {
    let noted = |n, name, count, note: &str| Item { note: Some(note.to_owned()), ..item(n, name, count) };
    world
        .save([item(1, "a", 3), noted(2, "b", 1, "x"), item(3, "c", 2), noted(4, "d", 2, "y"), noted(5, "a", -7, "")])
        .await;
}

async fn numbers<W: World>(world: &W, query: impl Into<Query<Item>>) -> Vec<u128> {
    let query = query.into();
    let rows = world.rows::<Item>();
    let found: Vec<_> = rows.find(query.clone()).await.unwrap().iter().map(|item| item.id.as_u128()).collect();
    // The same inside of a batch.
    let mut batch = world.batch().await;
    let inside = W::lend::<Item>(&mut batch.unit).await.find(query).await.unwrap();
    assert_eq!(inside.iter().map(|item| item.id.as_u128()).collect::<Vec<_>>(), found);
    found
}

async fn conditions<W: World>(world: &W) {
    fill(world).await;
    let cases: [(Condition<Item>, &[u128]); 18] = [
        (Item::NAME.eq("a"), &[1, 5]),
        (Item::NAME.eq("a".to_owned()), &[1, 5]),
        (Item::NAME.ne("a"), &[2, 3, 4]),
        (Item::COUNT.lt(2), &[2, 5]),
        (Item::COUNT.le(2), &[2, 3, 4, 5]),
        (Item::COUNT.gt(2), &[1]),
        (Item::COUNT.ge(2), &[1, 3, 4]),
        (Item::ID.is_in([id(5), id(1), id(9)]), &[1, 5]),
        (Item::ID.is_in(Vec::<uuid::Uuid>::new()), &[]),
        (Item::ID.not_in([id(5), id(1), id(9)]), &[2, 3, 4]),
        (Item::ID.not_in(Vec::<uuid::Uuid>::new()), &[1, 2, 3, 4, 5]),
        (Item::COUNT.not_in([1, 2]).and(Item::NAME.eq("a")), &[1, 5]),
        (Item::COUNT.not_in([1, 2, 3]).or(Item::NAME.not_in(["a", "b", "d"])), &[3, 5]),
        (Item::NAME.eq("a").and(Item::COUNT.gt(0)), &[1]),
        (Item::NAME.eq("b").or(Item::COUNT.eq(2)), &[2, 3, 4]),
        (Item::NAME.eq("a").or(Item::NAME.eq("b")).and(Item::COUNT.lt(2)), &[2, 5]),
        (Item::NAME.eq("a").and(Item::COUNT.lt(0)).or(Item::NAME.eq("d")), &[4, 5]),
        (Item::VERSION.eq(1).and(Item::DELETED_AT.is_null()), &[1, 2, 3, 4, 5]),
    ];
    for (condition, expected) in cases {
        assert_eq!(numbers(world, condition.clone()).await, expected, "{condition:?}");
        assert_eq!(world.rows::<Item>().count(condition).await.unwrap(), expected.len() as u64);
    }
    let first =
        world.rows::<Item>().find_one(Query::from(Item::COUNT.eq(2)).order_by(Item::NAME.desc())).await.unwrap();
    assert_eq!(first.unwrap().name, "d");
    assert_eq!(world.rows::<Item>().find_one(Item::NAME.eq("unknown")).await.unwrap(), None);
}

async fn nulls<W: World>(world: &W) {
    fill(world).await;
    let cases: [(Condition<Item>, &[u128]); 13] = [
        (Item::NOTE.is_null(), &[1, 3]),
        (Item::NOTE.is_not_null(), &[2, 4, 5]),
        (Item::NOTE.eq(None), &[1, 3]),
        (Item::NOTE.ne(None), &[2, 4, 5]),
        (Item::NOTE.eq("x"), &[2]),
        (Item::NOTE.ne("x"), &[4, 5]),
        (Item::NOTE.lt("y"), &[2, 5]),
        (Item::NOTE.is_in([Some("x".to_owned()), None]), &[2]),
        (Item::NOTE.not_in(["x"]), &[4, 5]),
        (Item::NOTE.not_in([Some("x".to_owned()), None]), &[4, 5]),
        (Item::NOTE.not_in([None::<String>]), &[2, 4, 5]),
        (Item::NOTE.not_in(Vec::<String>::new()), &[1, 2, 3, 4, 5]),
        (Item::NOTE.not_in(["x"]).or(Item::NOTE.is_null()), &[1, 3, 4, 5]),
    ];
    for (condition, expected) in cases {
        assert_eq!(numbers(world, condition.clone()).await, expected, "{condition:?}");
    }
    assert_eq!(numbers(world, Query::all().order_by(Item::NOTE.asc())).await, [1, 3, 5, 2, 4]);
    assert_eq!(numbers(world, Query::all().order_by(Item::NOTE.desc())).await, [4, 2, 5, 1, 3]);
}

async fn orders_limits_and_offsets<W: World>(world: &W) {
    fill(world).await;
    let query = || Query::all().order_by(Item::COUNT.desc()).order_by(Item::NAME.asc());
    assert_eq!(numbers(world, query()).await, [1, 3, 4, 2, 5]);
    assert_eq!(numbers(world, query().limit(2)).await, [1, 3]);
    assert_eq!(numbers(world, query().limit(2).offset(3)).await, [2, 5]);
    assert_eq!(numbers(world, query().offset(4)).await, [5]);
    assert_eq!(numbers(world, query().offset(9)).await, [] as [u128; 0]);
    assert_eq!(numbers(world, query().limit(0)).await, [] as [u128; 0]);
    let filtered = query().filter(Item::COUNT.gt(0)).filter(Item::NOTE.is_null());
    assert_eq!(numbers(world, filtered).await, [1, 3]);
    assert_eq!(world.rows::<Item>().count(query().limit(2)).await.unwrap(), 5, "the limit does not count");
}

async fn pages_by_keyset<W: World>(world: &W) {
    fill(world).await;
    let orders: [fn() -> Query<Item>; 4] = [
        || Query::all().order_by(Item::COUNT.desc()).order_by(Item::NOTE.asc()),
        || Query::all().order_by(Item::NOTE.desc()),
        || Query::all().order_by(Item::NOTE.asc()).order_by(Item::COUNT.asc()),
        Query::all,
    ];
    for query in orders {
        let all = numbers(world, query()).await;
        let (mut paged, mut last) = (Vec::new(), None);
        loop {
            let page = match &last {
                None => query().limit(2),
                Some(last) => query().limit(2).after(last),
            };
            let mut page = world.rows::<Item>().find_stored(page).await.unwrap();
            paged.extend(page.iter().map(|item| item.id.as_u128()));
            match page.pop() {
                Some(row) => last = Some(row),
                None => break,
            }
        }
        assert_eq!(paged, all);
    }
}

/// As a client does: the cursor of a page's last row comes back as a text.
async fn pages_by_cursor_are_the_pages_by_row<W: World>(world: &W) {
    fill(world).await;
    let orders: [fn() -> Query<Item>; 4] = [
        || Query::all().order_by(Item::COUNT.desc()).order_by(Item::NOTE.asc()),
        || Query::all().order_by(Item::NOTE.desc()),
        || Query::all().order_by(Item::CREATED_AT.asc()).order_by(Item::NOTE.asc()),
        Query::all,
    ];
    for query in orders {
        let all = numbers(world, query()).await;
        let (mut paged, mut next) = (Vec::new(), None::<String>);
        loop {
            let page = match &next {
                None => query().limit(2),
                Some(cursor) => query().limit(2).after(cursor.parse::<Cursor>().unwrap()),
            };
            let page = world.rows::<Item>().find_stored(page).await.unwrap();
            paged.extend(page.iter().map(|item| item.id.as_u128()));
            let Some(last) = page.last() else { break };
            let cursor = query().cursor(last);
            let text = cursor.to_string();
            assert!(text.chars().all(|c| c.is_ascii_alphanumeric() || "-_".contains(c)), "{text}");
            let json = serde_json::to_string(&cursor).unwrap();
            assert_eq!((json.clone(), serde_json::from_str::<Cursor>(&json).unwrap()), (format!("\"{text}\""), cursor));
            next = Some(text);
        }
        assert_eq!(paged, all);
    }
}

async fn a_cursor_of_another_order_is_refused<W: World>(world: &W) {
    fill(world).await;
    let rows = world.rows::<Item>();
    let by_count = || Query::all().order_by(Item::COUNT.desc());
    let first = rows.find_stored(by_count().limit(1)).await.unwrap().remove(0);
    let cursor = by_count().cursor(&first);
    // What is filtered may differ, the order may not.
    assert!(rows.find(by_count().filter(Item::NAME.eq("a")).after(&cursor)).await.is_ok());
    for other in [Query::all(), Query::all().order_by(Item::COUNT.asc()), by_count().order_by(Item::NAME.asc())] {
        let error = rows.find(other.after(&cursor)).await.unwrap_err();
        assert!(matches!(error, ReadModelError::CursorOfAnotherQuery { table: "items", .. }), "{error:?}");
        let text = error.to_string();
        assert!(text.contains("belongs to `items` by count desc, id asc"), "{text}");
        assert!(text.ends_with("begin with the first page"), "{text}");
    }
    let mut cut_off = cursor.to_string();
    cut_off.truncate(cut_off.len() / 2);
    for text in [&*cut_off, "", "not a cursor", "e30"] {
        let error = text.parse::<Cursor>().unwrap_err().to_string();
        assert!(error.starts_with("this is not a cursor: "), "{error}");
    }
}

async fn a_query_sees_what_the_batch_has_changed<W: World>(world: &W) {
    fill(world).await;
    let mut batch = world.batch().await;
    let mut items = W::lend::<Item>(&mut batch.unit).await;
    let mut one = items.get(id(1)).await.unwrap().unwrap();
    one.name = "changed".to_owned();
    items.save(&one).await.unwrap();
    items.delete(id(2)).await.unwrap();
    items.soft_delete(id(3)).await.unwrap();
    items.save(item(6, "new", 6)).await.unwrap();
    let names = async |items: &Repository<Item>| {
        let found = items.find(Query::all().order_by(Item::ID.asc())).await.unwrap();
        found.into_iter().map(|item| item.name).collect::<Vec<_>>()
    };
    assert_eq!(names(&items).await, ["changed", "d", "a", "new"]);
    // And again after it has been written once.
    items.save(item(6, "newer", 6)).await.unwrap();
    items.restore(id(3)).await.unwrap();
    items.delete(id(1)).await.unwrap();
    assert_eq!(names(&items).await, ["c", "d", "a", "newer"]);
    assert_eq!(items.count(Item::NAME.eq("newer")).await.unwrap(), 1);
    drop(items);
    batch.commit().await.unwrap();
    assert_eq!(world.names().await, ["a", "c", "d", "newer"]);
    let stored = world.rows::<Item>().get_stored(id(6)).await.unwrap().unwrap();
    assert_eq!(stored.version(), 2);
}

/// A column of each kind that is compared.
#[derive(Debug, Clone, PartialEq, ReadModel)]
#[read_model(table = "kinds")]
struct Kinds {
    #[read_model(id)]
    int: i64,
    text: String,
    uuid: Uuid,
    float: f64,
    single: f32,
    flag: bool,
    small: i16,
    time: DateTime<Utc>,
    day: NaiveDate,
    decimal: Decimal,
    bytes: Vec<u8>,
    maybe: Option<u64>,
}

fn kinds(n: i64) -> Kinds {
    Kinds {
        int: n,
        text: format!("\"{n}\\ \u{1} 🦀"),
        uuid: id(n.unsigned_abs().into()),
        float: n as f64 / 3.0,
        single: n as f32 / 3.0,
        flag: n > 0,
        small: n as i16,
        time: DateTime::from_timestamp_micros(n % 1_000_000_000_000_007).unwrap(),
        day: NaiveDate::MIN + chrono::Days::new(96_000_000 + n.unsigned_abs() % 1000),
        decimal: format!("{}.5", n % 1_000_000).parse().unwrap(),
        bytes: n.to_le_bytes().to_vec(),
        maybe: (n > 0).then_some(n as u64),
    }
}

/// Longer than what a statement binds, on SQLite and on PostgreSQL.
const LONG: i64 = 70_000;

async fn long_lists<W: World>(world: &W) {
    world.create::<Kinds>().await;
    let rows = [i64::MIN, -1, 1, 2, 100_000, i64::MAX].map(kinds);
    let mut batch = world.batch().await;
    W::lend::<Kinds>(&mut batch.unit).await.save_many(&rows).await.unwrap();
    batch.commit().await.unwrap();
    let found = world.rows::<Kinds>();
    let count = async |condition: Condition<Kinds>| found.count(condition).await.unwrap();
    let numbers = || (1..=LONG).chain([i64::MIN, i64::MAX]);
    let all = || numbers().map(kinds);
    assert_eq!(count(Kinds::INT.is_in(numbers())).await, 4);
    assert_eq!(count(Kinds::INT.not_in(numbers())).await, 2, "of six rows");
    assert_eq!(count(Kinds::BYTES.not_in(all().map(|row| row.bytes))).await, 2);
    assert_eq!(count(Kinds::MAYBE.not_in(all().map(|row| row.maybe))).await, 1, "null is not in the others");
    assert_eq!(count(Kinds::FLOAT.not_in([kinds(1).float, kinds(2).float])).await, 4);
    assert_eq!(count(Kinds::TEXT.is_in(all().map(|row| row.text))).await, 4);
    assert_eq!(count(Kinds::UUID.is_in(all().map(|row| row.uuid))).await, 5, "-1 has the id of 1");
    assert_eq!(count(Kinds::TIME.is_in(all().map(|row| row.time))).await, 4);
    assert_eq!(count(Kinds::DECIMAL.is_in(all().map(|row| row.decimal))).await, 4);
    assert_eq!(count(Kinds::BYTES.is_in(all().map(|row| row.bytes))).await, 4);
    assert_eq!(count(Kinds::MAYBE.is_in(all().map(|row| row.maybe))).await, 3);
    assert_eq!(count(Kinds::SMALL.is_in([1i16, 2]).and(Kinds::FLAG.is_in([true]))).await, 2);
    assert_eq!(count(Kinds::DAY.is_in([kinds(1).day, kinds(2).day])).await, 3);
    let few = || [-1, 1, 100_000].map(kinds);
    assert_eq!(count(Kinds::FLOAT.is_in(few().map(|row| row.float))).await, 3);
    assert_eq!(count(Kinds::SINGLE.is_in(few().map(|row| row.single)).and(Kinds::FLOAT.gt(0.0))).await, 2);
    // SQLite has no list of floats.
    match found.count(Kinds::FLOAT.is_in(all().map(|row| row.float))).await {
        Ok(count) => assert_eq!(count, 4),
        Err(error) => {
            let text = error.to_string();
            assert!(
                text.contains("the field `float`: it makes 70002 values in one query, which takes at most 32764"),
                "{text}"
            );
            assert_eq!(HandlerError::from(error).class(), eventsource::projection::ErrorClass::Permanent);
        }
    }
}

/// SQLite parses a chain as a tree that is as deep as the chain is long, of at most 1,000.
async fn long_chains<W: World>(world: &W) {
    fill(world).await;
    let any = (0..3_000).map(|n| Item::COUNT.eq(n)).reduce(Condition::or).unwrap();
    assert_eq!(numbers(world, any).await, [1, 2, 3, 4]);
    let all = (3..3_000).map(|n| Item::COUNT.ne(n)).reduce(Condition::and).unwrap();
    assert_eq!(numbers(world, all).await, [2, 3, 4, 5]);
}

/// Every name is a word of SQL's, one that a statement uses for itself, or written in capitals.
#[derive(Debug, Clone, PartialEq, ReadModel)]
#[read_model(table = "Order")]
struct Words {
    #[read_model(id, column = "select")]
    id: i64,
    #[read_model(index)]
    own: String,
    new: String,
    excluded: i64,
    locked: Option<i64>,
    value: Vec<u8>,
    #[read_model(index, column = "GroupBy")]
    group_by: i64,
    rowid: i64,
    #[read_model(json)]
    r#where: Vec<u8>,
}

async fn names_that_are_words_of_sql<W: World>(world: &W) {
    world.create::<Words>().await;
    world.create::<Words>().await;
    let row = |id: i64| Words {
        id,
        own: "o".to_owned(),
        new: format!("n{id}"),
        excluded: -id,
        locked: None,
        value: vec![1],
        group_by: id % 2,
        rowid: 7,
        r#where: vec![],
    };
    for round in 0..2 {
        let mut batch = world.batch().await;
        let mut words = W::lend::<Words>(&mut batch.unit).await;
        words.save_many((1..=4).map(row)).await.unwrap();
        let mut two = words.get(2).await.unwrap().unwrap();
        two.locked = Some(round);
        words.save(two).await.unwrap();
        words.delete(4).await.unwrap();
        words.soft_delete(3).await.unwrap();
        batch.commit().await.unwrap();
        let rows = world.rows::<Words>();
        let query =
            Query::from(Words::VALUE.is_in([vec![1u8]]).and(Words::LOCKED.eq(round).or(Words::EXCLUDED.eq(-1))));
        let found = rows.find(query.order_by(Words::GROUP_BY.asc()).order_by(Words::NEW.desc())).await.unwrap();
        assert_eq!(found.iter().map(|row| row.id).collect::<Vec<_>>(), [2, 1]);
        assert_eq!(rows.count(Query::all().with_deleted()).await.unwrap(), 3);
    }
}

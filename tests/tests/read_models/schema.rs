//! Tables in databases: created from the model, and refused where they do not match it.

use eventsource::prelude::*;
use eventsource::read_model::ReadModel;
use eventsource::sqlx;
use uuid::Uuid;

use crate::world::{Database, Item, Sqlite, World, item};

/// What became of [`Item`] in a later version of the program.
#[derive(Debug, Clone, PartialEq, ReadModel)]
#[read_model(table = "items")]
struct LaterItem {
    #[read_model(id)]
    id: Uuid,
    name: Option<String>,
    count: f64,
    price: f64,
}

#[derive(Debug, Clone, PartialEq, ReadModel)]
struct NeverCreated {
    #[read_model(id)]
    id: i64,
}

crate::on_every_database! {
    the_table_is_derived_from_the_model
    it_is_created_once_and_with_its_indexes
    a_table_that_does_not_match_is_refused_with_what_differs
    a_missing_table_is_named
}

async fn the_table_is_derived_from_the_model<D: Database>(world: &D) {
    let [uuid, int, _, text, time] = D::TYPES;
    let expected = format!(
        r#"CREATE TABLE IF NOT EXISTS "items" (
    "id" {uuid} NOT NULL PRIMARY KEY,
    "name" {text} NOT NULL,
    "count" {int} NOT NULL,
    "note" {text},
    "version" {int} NOT NULL,
    "created_at" {time} NOT NULL,
    "updated_at" {time} NOT NULL,
    "deleted_at" {time}
){};
CREATE INDEX IF NOT EXISTS "items_name_idx" ON "items" ("name");
"#,
        D::TABLE_OPTIONS
    );
    assert_eq!(world.table_sql::<Item>(), expected);
}

async fn it_is_created_once_and_with_its_indexes<D: Database>(world: &D) {
    world.save([item(1, "a", 1)]).await;
    world.create::<Item>().await;
    world.check::<Item>().await.unwrap();
    assert_eq!(world.names().await, ["a"]);
    // An index that is missing is made when the table is asked for again.
    world.run("DROP INDEX {schema}items_name_idx").await.unwrap();
    world.create::<Item>().await;
    world.run("DROP INDEX {schema}items_name_idx").await.unwrap();
}

#[tokio::test]
async fn the_index_serves_queries_on_sqlite() {
    let world = Sqlite::new().await;
    let plan: Vec<(i64, i64, i64, String)> = sqlx::query_as("EXPLAIN QUERY PLAN SELECT * FROM items WHERE name = 'a'")
        .fetch_all(world.db.pool())
        .await
        .unwrap();
    assert!(plan[0].3.contains("items_name_idx"), "{plan:?}");
}

async fn a_table_that_does_not_match_is_refused_with_what_differs<D: Database>(world: &D) {
    world.save([item(1, "a", 1)]).await;
    let [_, int, float, text, _] = D::TYPES;
    let expected = [
        "the column `name` is NOT NULL, but the field may be null".to_owned(),
        format!("the column `count` is {int}, not {float}"),
        format!("the column `price` {float} is missing"),
        format!("the column `note` {text} is not in the model"),
    ];
    let check_all = |error: ReadModelError, expected: &[String]| {
        let ReadModelError::Mismatch { table: "items", differences, .. } = &error else { panic!("{error}") };
        assert_eq!(differences[..], *expected, "{error}");
    };
    // A further column matters only to who asks whether the table is exactly the model's.
    check_all(world.check::<LaterItem>().await.unwrap_err(), &expected);
    let check = |error: ReadModelError| check_all(error, &expected[..3]);
    check(world.try_create::<LaterItem>().await.unwrap_err());
    check(world.rows::<LaterItem>().find(Query::all()).await.unwrap_err());
    let mut batch = world.batch().await;
    let mut items = D::lend::<LaterItem>(&mut batch.unit).await;
    check(items.get(Uuid::nil()).await.unwrap_err());
    check(items.truncate().await.unwrap_err());
    drop(batch);
    assert_eq!(world.names().await, ["a"]);
}

async fn a_missing_table_is_named<D: Database>(world: &D) {
    let error = world.rows::<NeverCreated>().get(1).await.unwrap_err();
    assert_eq!(error.to_string(), "there is no table `never_created`: create it, with `create_table` or by hand");
    world.create::<NeverCreated>().await;
    assert_eq!(world.rows::<NeverCreated>().get(1).await.unwrap(), None, "it is looked for again");
}

#[tokio::test]
async fn two_models_of_one_table_have_to_agree() {
    let world = Sqlite::new().await;
    let mut batch = world.batch().await;
    let mut items = Sqlite::lend::<Item>(&mut batch.unit).await;
    items.save(item(1, "a", 1)).await.unwrap();
    let later = Sqlite::lend::<LaterItem>(&mut batch.unit).await;
    let error = later.get(Uuid::nil()).await.unwrap_err();
    assert!(error.to_string().contains("another read model of this batch"), "{error}");

    let memory = crate::world::Memory::default();
    memory.save([item(1, "a", 1)]).await;
    let error = memory.rows::<LaterItem>().find(Query::all()).await.unwrap_err();
    assert!(error.to_string().contains("another read model created it"), "{error}");
}

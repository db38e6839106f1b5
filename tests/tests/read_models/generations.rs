//! Readers and writers of a table that became another one: by a switch to another generation, or by hand.

use eventsource::causes;
use eventsource::prelude::*;
use eventsource::read_model::{Deployment, ReadModel};
use uuid::Uuid;

use crate::world::{Database, Item, Sqlite, World, id, item};

crate::on_every_database! {
    reader_of_a_missing_column_fails_whether_or_not_it_had_read
    reader_of_a_column_of_another_type_fails_whether_or_not_it_had_read
    writer_of_a_missing_column_fails_whether_or_not_it_had_written
    further_column_matters_to_no_reader_and_to_a_writer_only_if_it_needs_a_value
    mismatch_names_the_projection_that_built_the_table
}

crate::on_every_backend! {
    reader_with_fewer_columns_than_the_table_reads_those
}

/// Every way to read, as far as it can be told what it gives.
async fn read<W: World>(world: &W) -> Vec<Result<String, ReadModelError>> {
    let rows = world.rows::<Item>();
    let shown = |found: &dyn std::fmt::Debug| format!("{found:?}");
    vec![
        rows.get(id(1)).await.map(|row| shown(&row)),
        rows.get(id(9)).await.map(|row| shown(&row)),
        rows.get_stored(id(1)).await.map(|row| shown(&row)),
        rows.get_many([id(1), id(2)]).await.map(|rows| shown(&rows)),
        rows.exists(id(9)).await.map(|row| shown(&row)),
        rows.find(Query::all()).await.map(|rows| shown(&rows)),
        rows.find(Item::NOTE.eq("note")).await.map(|rows| shown(&rows)),
        rows.find(Item::NOTE.is_null()).await.map(|rows| shown(&rows)),
        rows.find(Query::all().order_by(Item::NOTE.desc())).await.map(|rows| shown(&rows)),
        rows.find_one(Item::COUNT.gt(100)).await.map(|row| shown(&row)),
        rows.count(Query::all()).await.map(|count| shown(&count)),
        rows.count(Item::NOTE.eq("note")).await.map(|count| shown(&count)),
        rows.count(Item::NOTE.is_not_null()).await.map(|count| shown(&count)),
        rows.count(Item::COUNT.gt(9)).await.map(|count| shown(&count)),
    ]
}

/// Puts a table of these columns in the place of `items`, as a switch to another generation does.
async fn switch<D: Database>(world: &D, count: &str, note: &str) {
    let [uuid, int, _, text, time] = D::TYPES;
    let options = D::TABLE_OPTIONS;
    let create = format!(
        "CREATE TABLE {{schema}}items_2 (id {uuid} NOT NULL PRIMARY KEY, name {text} NOT NULL, {count} {note} \
         version {int} NOT NULL, created_at {time} NOT NULL, updated_at {time} NOT NULL, deleted_at {time}){options}"
    );
    let rename = "DROP TABLE {schema}items; ALTER TABLE {schema}items_2 RENAME TO items";
    world.run(&format!("{create}; {rename}")).await.unwrap();
}

fn check(errors: Vec<Result<String, ReadModelError>>, difference: &str) {
    for (way, read) in errors.into_iter().enumerate() {
        let error = read.expect_err(&format!("way {way} to read"));
        let ReadModelError::Mismatch { table: "items", differences, .. } = &error else { panic!("{way}: {error}") };
        assert_eq!(differences[..], [difference.to_owned()], "{way}");
    }
}

async fn reader_of_a_missing_column_fails_whether_or_not_it_had_read<D: Database>(world: &D) {
    let [_, int, _, text, _] = D::TYPES;
    world.save([item(1, "a", 1), item(2, "b", 2)]).await;
    for round in 0..2 {
        assert!(read(world).await.iter().all(Result::is_ok), "round {round}");
        switch(world, &format!("count {int} NOT NULL,"), "").await;
        check(read(world).await, &format!("the column `note` {text} is missing"));
        // It is found again when it is there again.
        switch(world, &format!("count {int} NOT NULL,"), &format!("note {text},")).await;
    }
    switch(world, "", &format!("note {text},")).await;
    check(read(world).await, &format!("the column `count` {int} is missing"));
}

async fn reader_of_a_column_of_another_type_fails_whether_or_not_it_had_read<D: Database>(world: &D) {
    let [_, int, _, text, _] = D::TYPES;
    world.save([item(1, "a", 1)]).await;
    assert!(read(world).await.iter().all(Result::is_ok));
    switch(world, &format!("count {text} NOT NULL,"), &format!("note {text},")).await;
    let mut read = read(world).await;
    if D::TYPES[0] == "uuid" {
        // PostgreSQL converts nothing by itself: a query that does not fail there has compared nothing wrong.
        read.retain(|read| !read.as_ref().is_ok_and(|found| ["None", "false", "[]", "0"].contains(&&**found)));
    }
    assert!(!read.is_empty());
    check(read, &format!("the column `count` is {text}, not {int}"));
}

async fn writer_of_a_missing_column_fails_whether_or_not_it_had_written<D: Database>(world: &D) {
    let [_, int, _, text, _] = D::TYPES;
    for round in 0..2 {
        world.save([item(1, "a", 1)]).await;
        switch(world, &format!("count {int} NOT NULL,"), "").await;
        for _ in 0..2 {
            let mut batch = world.batch().await;
            let mut items = D::lend::<Item>(&mut batch.unit).await;
            let saved = items.save(item(2, "b", 2)).await;
            drop(items);
            let error = match saved {
                Err(error) => causes(&error).to_string(),
                Ok(()) => causes(&batch.commit().await.unwrap_err()).to_string(),
            };
            assert!(error.contains("`items`") && error.contains("note"), "round {round}: {error}");
        }
        switch(world, &format!("count {int} NOT NULL,"), &format!("note {text},")).await;
    }
}

async fn further_column_matters_to_no_reader_and_to_a_writer_only_if_it_needs_a_value<D: Database>(world: &D) {
    let [_, int, _, text, _] = D::TYPES;
    world.save([item(1, "a", 1)]).await;
    for further in ["color {text}", "size {int} NOT NULL DEFAULT 3"] {
        let further = further.replace("{text}", text).replace("{int}", int);
        world.run(&format!("ALTER TABLE {{schema}}items ADD COLUMN {further}")).await.unwrap();
        assert!(read(world).await.iter().all(Result::is_ok), "{further}");
        world.save([item(1, "a", 2), item(2, "b", 2)]).await;
        world.create::<Item>().await;
        let error = world.check::<Item>().await.unwrap_err();
        assert!(error.to_string().contains("is not in the model"), "{error}");
    }
    assert_eq!(world.names().await, ["a", "b"]);
    switch(world, &format!("count {int} NOT NULL,"), &format!("note {text}, color {text} NOT NULL,")).await;
    assert!(read(world).await.iter().all(Result::is_ok));
    let error = world.try_create::<Item>().await.unwrap_err();
    let ReadModelError::Mismatch { differences, .. } = &error else { panic!("{error}") };
    let expected = format!("the column `color` {text} is not in the model, is NOT NULL and has no default");
    assert_eq!(differences[..], [expected]);
}

async fn mismatch_names_the_projection_that_built_the_table<D: Database>(world: &D) {
    let [_, int, ..] = D::TYPES;
    let checkpoints = world.checkpoints();
    let owners = checkpoints.owners().unwrap();
    assert_eq!(owners.own("items-of-all", &[Item::TABLE]).await.unwrap(), None);
    let claim = eventsource::projection::Claim::new("items-of-all", "items v2: Bumped", Position::START);
    checkpoints.claim(&claim).await.unwrap();
    switch(world, &format!("count {int} NOT NULL,"), "").await;
    let error = world.rows::<Item>().get(id(1)).await.unwrap_err();
    let ReadModelError::Mismatch { deployment, .. } = &error else { panic!("{error}") };
    let Deployment::Serves { subscription, fingerprint, .. } = deployment else { panic!("{error}") };
    assert_eq!((&**subscription, &**fingerprint), ("items-of-all", "items v2: Bumped"));
    for part in ["`note`", "`items`", "items v2: Bumped", "deploy", "on_change"] {
        assert!(error.to_string().contains(part), "{part} in {error}");
    }
}

/// A part of [`Item`].
#[derive(Debug, Clone, PartialEq, ReadModel)]
#[read_model(table = "items")]
struct Counted {
    count: i64,
    #[read_model(id)]
    id: Uuid,
}

async fn reader_with_fewer_columns_than_the_table_reads_those<W: World>(world: &W) {
    world.save([item(1, "a", 1), item(2, "b", 2)]).await;
    let rows = world.rows::<Counted>();
    assert_eq!(rows.get(id(2)).await.unwrap(), Some(Counted { id: id(2), count: 2 }));
    assert_eq!(rows.count(Counted::COUNT.gt(1)).await.unwrap(), 1);
    let found = rows.find(Query::all().order_by(Counted::COUNT.desc())).await.unwrap();
    assert_eq!(found.iter().map(|row| row.count).collect::<Vec<_>>(), [2, 1]);
}

#[tokio::test]
async fn a_column_is_never_read_as_its_own_name() {
    // SQLite takes a quoted name that no column has for a string.
    let world = Sqlite::new().await;
    world.save([item(1, "a", 1)]).await;
    world.run("ALTER TABLE items DROP COLUMN note").await.unwrap();
    let other = Sqlite::again(&world).await;
    for world in [&world, &other] {
        let found = world.rows::<Item>().find(Item::NOTE.eq("note")).await;
        assert!(found.is_err(), "{found:?}");
    }
}

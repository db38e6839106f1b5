//! The content of a database shows every change.

use eventsource_tests::backend::{Postgres, Sql, Sqlite};
use eventsource_tests::content::Content;

#[tokio::test]
async fn content_shows_a_row_and_a_table_that_were_added() {
    shows_what_was_added::<Sqlite>().await;
    shows_what_was_added::<Postgres>().await;
}

async fn shows_what_was_added<W: Content + Sql>() {
    let world = W::open().await;
    let before = world.content().await;
    world.execute("CREATE TABLE added (id BIGINT)").await;
    let with_table = world.content().await;
    world.execute("INSERT INTO added VALUES (7)").await;
    let with_row = world.content().await;
    assert!(before.len() < with_table.len() && with_table.len() < with_row.len(), "{with_row:#?}");
}

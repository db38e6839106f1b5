//! A batch is a transaction: it commits whole, with its checkpoint, or leaves nothing.

use eventsource::prelude::*;
use eventsource::projection::{CheckpointUpdate, Claim, CommitError, Inject as _, UnitOfWork};
use eventsource::read_model::ReadModel;

use crate::world::{Database as _, Item, World, id, item};

crate::on_every_backend! {
    a_batch_that_is_rolled_back_or_dropped_leaves_nothing
    a_fenced_batch_leaves_nothing
    batches_follow_one_another
    a_batch_above_the_bind_limit_is_split
    a_repository_that_outlives_its_batch_is_of_no_use
}

async fn a_batch_that_is_rolled_back_or_dropped_leaves_nothing<W: World>(world: &W) {
    world.save([item(1, "a", 1)]).await;
    for roll_back in [true, false] {
        let mut batch = world.batch().await;
        let mut items = W::lend::<Item>(&mut batch.unit).await;
        items.save(item(1, "b", 1)).await.unwrap();
        items.save(item(2, "c", 1)).await.unwrap();
        // Written, and still not committed.
        assert_eq!(items.count(Query::all()).await.unwrap(), 2);
        items.truncate().await.unwrap();
        drop(items);
        if roll_back {
            batch.unit.rollback().await
        } else {
            drop(batch)
        }
        assert_eq!(world.names().await, ["a"]);
    }
    world.save([item(2, "b", 1)]).await;
    assert_eq!(world.names().await, ["a", "b"]);
}

async fn a_fenced_batch_leaves_nothing<W: World>(world: &W) {
    let checkpoints = world.checkpoints();
    let mine = checkpoints.claim(&Claim::new("fenced", "", Position::START)).await.unwrap();
    let mut unit = checkpoints.begin().await.unwrap();
    W::lend::<Item>(&mut unit).await.save(item(1, "a", 1)).await.unwrap();
    let stale = CheckpointUpdate::new("fenced", mine.epoch + 1, Position::START, Position::new(1));
    let error = unit.commit(&stale).await.unwrap_err();
    assert!(matches!(error, CommitError::Fenced { .. }), "{error}");
    assert!(world.names().await.is_empty());
}

async fn batches_follow_one_another<W: World>(world: &W) {
    world.save([item(1, "counter", 0)]).await;
    let one = async {
        for _ in 0..20 {
            let mut batch = world.batch().await;
            let mut items = W::lend::<Item>(&mut batch.unit).await;
            let mut row = items.get(id(1)).await.unwrap().unwrap();
            tokio::task::yield_now().await;
            row.count += 1;
            items.save(row).await.unwrap();
            batch.commit().await.unwrap();
        }
    };
    let two = async {
        for _ in 0..20 {
            let mut batch = world.batch().await;
            let mut items = W::lend::<Item>(&mut batch.unit).await;
            let mut row = items.get(id(1)).await.unwrap().unwrap();
            tokio::task::yield_now().await;
            row.count += 1;
            items.save(row).await.unwrap();
            batch.commit().await.unwrap();
        }
    };
    tokio::join!(one, two);
    let row = world.rows::<Item>().get_stored(id(1)).await.unwrap().unwrap();
    assert_eq!((row.count, row.version()), (40, 41), "no change is lost");
}

#[derive(Debug, Clone, PartialEq, ReadModel)]
#[read_model(table = "wide")]
struct Wide {
    #[read_model(id)]
    id: u64,
    a: u64,
    b: u64,
    c: u64,
}

/// 8 columns: 4,095 rows are what one statement binds on SQLite, and 8,191 would be on PostgreSQL.
async fn a_batch_above_the_bind_limit_is_split<W: World>(world: &W) {
    world.create::<Wide>().await;
    let rows: Vec<_> = (0..40_000).map(|id| Wide { id, a: id, b: id + 1, c: id + 2 }).collect();
    let mut batch = world.batch().await;
    let mut wide = W::lend::<Wide>(&mut batch.unit).await;
    wide.save_many(&rows).await.unwrap();
    wide.count(Query::all()).await.unwrap();
    assert_eq!(wide.get_many(0..40_000u64).await.unwrap(), rows, "ids above the limit as well");
    for id in 0..39_000u64 {
        wide.delete(id).await.unwrap();
    }
    batch.commit().await.unwrap();
    assert_eq!(world.rows::<Wide>().find(Query::all()).await.unwrap(), rows[39_000..]);
}

async fn a_repository_that_outlives_its_batch_is_of_no_use<W: World>(world: &W) {
    let mut batch = world.batch().await;
    let mut items = W::lend::<Item>(&mut batch.unit).await;
    items.save(item(1, "a", 1)).await.unwrap();
    batch.commit().await.unwrap();
    for error in [items.save(item(2, "b", 1)).await.unwrap_err(), items.find(Query::all()).await.unwrap_err()] {
        assert!(error.to_string().contains("the batch has ended"), "{error}");
    }
    world.save([item(3, "c", 1)]).await;
    // Nor does it hold the next one up.
    let mut batch = world.batch().await;
    let _kept = W::lend::<Item>(&mut batch.unit).await;
    drop(batch);
    world.save([item(4, "d", 1)]).await;
    assert_eq!(world.names().await, ["a", "c", "d"]);
}

/// The connection of a database, which is lent next to its repositories.
macro_rules! a_connection_and_a_repository {
    ($test:ident, $world:ident, $connection:ident) => {
        #[tokio::test]
        async fn $test() {
            use eventsource::sqlx::{self, $connection};
            let world = crate::world::$world::new().await;
            let table = world.table("items");
            let mut batch = world.batch().await;
            let mut items = crate::world::$world::lend::<Item>(&mut batch.unit).await;
            items.save(item(1, "a", 1)).await.unwrap();
            let mut conn = $connection::inject(&mut batch.unit).await.unwrap();
            let sql = sqlx::AssertSqlSafe(format!("SELECT count(*) FROM {table}"));
            let count: i64 = sqlx::query_scalar(sql).fetch_one(&mut *conn).await.unwrap();
            assert_eq!(count, 1);
            let sql = sqlx::AssertSqlSafe(format!("UPDATE {table} SET name = 'b'"));
            sqlx::query(sql).execute(&mut *conn).await.unwrap();
            let error = items.get(id(1)).await.unwrap_err();
            assert!(error.to_string().contains("in use already"), "{error}");
            drop(conn);
            assert_eq!(items.get(id(1)).await.unwrap().unwrap().name, "b");
            drop(items);
            batch.commit().await.unwrap();
            assert_eq!(world.names().await, ["b"]);
        }
    };
}

a_connection_and_a_repository!(a_connection_sees_what_a_repository_has_changed_on_sqlite, Sqlite, SqliteConnection);
a_connection_and_a_repository!(a_connection_sees_what_a_repository_has_changed_on_postgres, Postgres, PgConnection);

//! Transactions in which nothing happens: for how long they may, and whose failure it is.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use eventsource::prelude::*;
use eventsource::projection::Inject;
use eventsource::sqlx::{self, PgConnection};
use eventsource_tests::domain::{Bumped, bump};

use crate::world::{World, quick};

async fn timeout(conn: &mut PgConnection) -> String {
    sqlx::query_scalar("SHOW idle_in_transaction_session_timeout").fetch_one(conn).await.unwrap()
}

#[tokio::test]
async fn every_transaction_that_can_hold_the_log_has_the_timeout() {
    for (options, shown) in [(None, "30s"), (Some(Duration::from_millis(2_500)), "2500ms")] {
        let world = World::with(|defaults| match options {
            Some(timeout) => defaults.idle_in_transaction_session_timeout(timeout),
            None => defaults,
        })
        .await;
        let mut unit = world.checkpoints.begin().await.unwrap();
        let mut conn = PgConnection::inject(&mut unit).await.unwrap();
        assert_eq!(timeout(&mut conn).await, shown, "of a unit of work");
        drop(conn);

        let stream = || StreamId::new("Counter", uuid::Uuid::now_v7());
        let event = || vec![NewEvent::of(&Bumped { by: 1 }).unwrap()];
        // The user's own: none, longer, shorter; and what an append makes of it.
        for (own, after) in [("0", shown), ("1h", shown), ("700", "700ms")] {
            let mut conn = world.schema.connect().await;
            world.run(&mut conn, &format!("SET idle_in_transaction_session_timeout = '{own}'; BEGIN")).await.unwrap();
            let before = timeout(&mut conn).await;
            let refused = world.store.append_in(&mut conn, &stream(), ExpectedVersion::Exact(7), event()).await;
            assert!(refused.is_err());
            assert_eq!(timeout(&mut conn).await, before, "a refused append leaves the transaction as it was");
            world.store.append_in(&mut conn, &stream(), ExpectedVersion::Any, event()).await.unwrap();
            assert_eq!(timeout(&mut conn).await, after, "of a user's transaction with {own}");
            world.run(&mut conn, "COMMIT").await.unwrap();
            assert_eq!(timeout(&mut conn).await, before, "afterwards it is the user's own");
        }
    }
}

/// Sleeps between two statements, so many times.
struct Sleeps(Arc<AtomicU32>, String);

#[projection(name = "sleeps")]
impl Sleeps {
    #[handles(Bumped)]
    async fn bumped(&self, event: &Event<Bumped>, db: &mut PgConnection) -> sqlx::Result<()> {
        let insert = sqlx::AssertSqlSafe(format!("INSERT INTO {}.bumps (position, by) VALUES ($1, $2)", self.1));
        let insert = sqlx::query(insert).bind(event.position().value() as i64).bind(event.by as i64);
        insert.execute(&mut *db).await?;
        if event.by == 7 && self.0.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1)).is_ok()
        {
            tokio::time::sleep(Duration::from_millis(600)).await;
            sqlx::raw_sql("SELECT 1").execute(db).await?;
        }
        Ok(())
    }
}

#[tokio::test]
async fn a_handler_that_idles_over_the_timeout_has_failed_and_is_retried() {
    let short = Duration::from_millis(200);
    for (sleeps, fails) in [(1, false), (9, true)] {
        let world = World::with(|options| options.idle_in_transaction_session_timeout(short)).await;
        let manager = world.manager();
        let sleeps = Sleeps(Arc::new(AtomicU32::new(sleeps)), world.schema.name().to_owned());
        let rows = manager.subscribe(sleeps, quick(3)).await.unwrap();
        let position = bump(&world.store, [5, 7, 9]).await;
        manager.start().await.unwrap();
        let waited = rows.wait_for(position).await;
        let status = rows.inspect().await;
        assert!(status.last_error.unwrap().contains("idle-in-transaction timeout"));
        if fails {
            let error = waited.unwrap_err().to_string();
            assert!(error.contains("position 2") && error.contains("failed 3 times"), "{error}");
            assert_eq!(world.numbers().await, [5], "what came before it is kept");
        } else {
            waited.unwrap();
            assert_eq!(world.numbers().await, [5, 7, 9], "each of them once");
        }
    }
}

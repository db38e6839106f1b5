//! A writer whose clock is wrong.

use eventsource::Inject;
use eventsource::prelude::*;
use eventsource_tests::backend::{Backend, Postgres, Sqlite};
use eventsource_tests::domain::bump;
use eventsource_tests::sums::{BumpSums, SumRow};
use eventsource_tests::wait::DEADLINE;

use crate::page::Page;

on_both! {
    clock_that_is_five_minutes_ahead_gives_no_negative_lag
}

/// Moves the times of all events.
trait Shifts: Backend {
    async fn shift(&self, seconds: i64);
}

impl Shifts for Sqlite {
    async fn shift(&self, seconds: i64) {
        let sql = "UPDATE eventsource_events SET recorded_at = recorded_at + ?1 * 1000000, \
                   occurred_at = occurred_at + ?1 * 1000000";
        eventsource::sqlx::query(sql).bind(seconds).execute(self.db.pool()).await.unwrap();
    }
}

impl Shifts for Postgres {
    async fn shift(&self, seconds: i64) {
        let sql = format!(
            "UPDATE {}.eventsource_events SET recorded_at = recorded_at + $1 * interval '1 second', \
             occurred_at = occurred_at + $1 * interval '1 second'",
            self.schema.name()
        );
        let sql = eventsource::sqlx::AssertSqlSafe(sql);
        eventsource::sqlx::query(sql).bind(seconds as f64).execute(self.db.pool()).await.unwrap();
    }
}

async fn clock_that_is_five_minutes_ahead_gives_no_negative_lag<B: Shifts>()
where
    Repository<SumRow>: Inject<<B::Checkpoints as CheckpointStore>::Unit>,
{
    let world = B::open().await;
    world.ensure_tables(&BumpSums).await;
    let manager = world.manager();
    let sums = manager.subscribe(BumpSums, SubscriptionConfig::from_beginning()).await.unwrap();
    bump(&world.store(), [1]).await;
    manager.start().await.unwrap();
    sums.caught_up().within(DEADLINE).await.unwrap();
    manager.stop().await.unwrap();
    bump(&world.store(), [2, 3]).await;
    let page = Page::on(&world);
    for (seconds, is_late) in [(300, false), (-600, true)] {
        world.shift(seconds).await;
        let view = page.json("/subscriptions/bump-sums").await;
        assert_eq!(view["behind"], 2, "{view}");
        let behind = view["behind_seconds"].as_f64().unwrap();
        assert!(behind >= 0.0 && (behind > 299.0) == is_late, "{view}");
        for path in ["", "/subscriptions/bump-sums", "/events", "/doctor"] {
            let answer = page.get(path).await;
            assert!(answer.status.is_success() && !answer.body.contains(">-"), "{path}: {}", answer.body);
        }
    }
}

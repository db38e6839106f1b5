//! Backends whose log can lose its last events, and a projection of each kind.

use std::collections::BTreeMap;
use std::fmt::Debug;
use std::sync::{Arc, Mutex};
use std::time::Duration;

pub(crate) use eventsource::prelude::*;
pub(crate) use eventsource::projection::EventSubscriber;
use eventsource::subscription::{Health, HealthLimits, SubscriptionState, WaitError};
pub(crate) use eventsource_tests::backend::{Backend, Memory, Postgres, Sql, Sqlite};
pub(crate) use eventsource_tests::domain::{Bumped, Seen, bump, note};
pub(crate) use eventsource_tests::sums::{BumpSums, SumRow};
pub(crate) use eventsource_tests::wait::{DEADLINE, eventually};
use serde::{Deserialize, Serialize};

/// Where the log ends after it has gone back.
pub(crate) const LEFT: u64 = 50;

/// A backend whose log can lose its last events.
#[allow(async_fn_in_trait, reason = "these futures stay in one task")]
pub(crate) trait Lossy: Backend {
    /// The log is a copy that was made when its head was [`LEFT`]: the positions after that are given again.
    async fn restore_copy(&self);

    async fn new() -> Self {
        let world = Self::open().await;
        world.create_table::<SumRow>().await;
        world
    }
}

impl Lossy for Memory {
    async fn restore_copy(&self) {
        self.store().lose_after(Position::new(LEFT));
    }
}

impl Lossy for Sqlite {
    async fn restore_copy(&self) {
        let delete = "DELETE FROM eventsource_events WHERE position > 50; UPDATE eventsource_log SET deleted_to = 0";
        self.execute(delete).await;
    }
}

impl Lossy for Postgres {
    async fn restore_copy(&self) {
        let delete = "DELETE FROM eventsource_events WHERE position > 50; SELECT setval('eventsource_positions', 50)";
        self.execute(delete).await;
    }
}

/// What can be subscribed to a manager of the backend `B`.
pub(crate) trait On<B: Backend>: EventSubscriber<<B::Checkpoints as CheckpointStore>::Unit> {}

impl<B: Backend, P: EventSubscriber<<B::Checkpoints as CheckpointStore>::Unit>> On<B> for P {}

/// Durable memory: the sum of all bumps.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct Kept {
    pub(crate) total: u64,
}

#[projection(name = "kept", snapshot)]
impl Kept {
    #[handles(Bumped)]
    fn bumped(&mut self, event: &Bumped) {
        self.total += event.by;
    }
}

/// Effects: each bump, and how often it was told.
#[derive(Debug, Clone, Default)]
pub(crate) struct Told(pub(crate) Arc<Mutex<BTreeMap<Position, u64>>>);

#[projection(name = "told", effects)]
impl Told {
    #[handles(Bumped)]
    fn bumped(&self, event: &Event<Bumped>) {
        *self.0.lock().unwrap().entry(event.position()).or_default() += 1;
    }

    #[truncate]
    fn truncate(&self) {
        self.0.lock().unwrap().clear();
    }
}

pub(crate) fn small() -> SubscriptionConfig {
    SubscriptionConfig::default()
        .batch_size(7)
        .poll_interval(Duration::from_millis(20))
        .lease(Duration::from_millis(600))
}

/// Limits that any lag keeps.
pub(crate) async fn health<C: CheckpointStore>(manager: &SubscriptionManager<C>) -> Health {
    manager.health(HealthLimits::new(u64::MAX, Duration::MAX))
}

/// That the subscription has ended as refused because its log has gone back; returns the reason.
pub(crate) async fn assert_lost<C: CheckpointStore, P: Debug>(
    manager: &SubscriptionManager<C>,
    handle: &SubscriptionHandle<P>,
) -> String {
    let waits = [
        handle.caught_up().within(DEADLINE).await,
        handle.wait_for(Position::new(LEFT)).within(DEADLINE).await,
        handle.wait_for(Position::new(LEFT + 1)).within(DEADLINE).await,
    ];
    for wait in waits {
        assert!(matches!(wait, Err(WaitError::Refused { .. })), "{wait:?}");
    }
    let state = handle.inspect().await.state;
    let SubscriptionState::Refused { reason } = &state else { panic!("{state:?}") };
    let health = health(manager).await;
    assert!(!health.ready && health.reasons.iter().any(|told| told.contains(&**reason)), "{health:?}");
    reason.to_string()
}

/// Runs a test on every backend.
macro_rules! on_every_backend {
    ($($test:ident),* $(,)?) => {
        $(
            mod $test {
                use crate::world::{Lossy, Memory, Postgres, Sqlite};

                #[tokio::test]
                async fn in_memory() {
                    super::$test(<Memory as Lossy>::new().await).await;
                }

                #[tokio::test]
                async fn on_sqlite() {
                    super::$test(<Sqlite as Lossy>::new().await).await;
                }

                #[tokio::test]
                async fn on_postgres() {
                    super::$test(<Postgres as Lossy>::new().await).await;
                }
            }
        )*
    };
}

/// Runs a test on every backend in a database.
macro_rules! on_sql_backends {
    ($($test:ident),* $(,)?) => {
        $(
            mod $test {
                use crate::world::{Lossy, Postgres, Sqlite};

                #[tokio::test]
                async fn on_sqlite() {
                    super::$test(<Sqlite as Lossy>::new().await).await;
                }

                #[tokio::test]
                async fn on_postgres() {
                    super::$test(<Postgres as Lossy>::new().await).await;
                }
            }
        )*
    };
}

pub(crate) use {on_every_backend, on_sql_backends};

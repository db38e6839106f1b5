//! A backend with a log, checkpoints and read models, and a projection to rebuild on it.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use eventsource::prelude::*;
use eventsource::projection::EventSubscriber;
use eventsource::read_model::ReadModel;
pub(crate) use eventsource_tests::backend::{Backend, Memory, Postgres, Sql, Sqlite};
use eventsource_tests::domain::Bumped;
use eventsource_tests::rows::BumpRows;
use eventsource_tests::sums::{BumpSums, SumRow};
use eventsource_tests::wait::eventually;

/// A backend with the tables of the projection.
#[allow(async_fn_in_trait, reason = "these futures stay in one task")]
pub(crate) trait World: Backend {
    async fn new() -> Self {
        let world = Self::open().await;
        world.create_table::<SumRow>().await;
        world.create_table::<LastRow>().await;
        world
    }

    async fn checkpoint(&self) -> Option<eventsource::projection::Checkpoint> {
        self.checkpoints().load("bump-sums").await.unwrap()
    }

    /// That the rows are what a fold of the log gives, each changed once for each of its events.
    async fn assert_rows_equal_the_log(&self) {
        let rows = self.rows::<SumRow>().find_stored(Query::all().order_by(SumRow::DIGIT.asc())).await.unwrap();
        assert!(BumpSums::counted_once(&rows), "{rows:?}");
        let rows: Vec<_> = rows.into_iter().map(|row| row.into_inner()).collect();
        let log = BumpRows::fold(&self.store()).await;
        assert_eq!(rows, BumpSums::fold(&log));
        let lasts: BTreeMap<_, _> = log.into_iter().map(|(position, by)| (by as u64, position as u64)).collect();
        let rows = self.rows::<LastRow>().find(Query::all()).await.unwrap();
        assert_eq!(rows.iter().map(|row| (row.by, row.last)).collect::<BTreeMap<_, _>>(), lasts);
    }
}

impl<B: Backend> World for B {}

/// Runs a test on every backend that can keep two generations.
macro_rules! on_sql_backends {
    ($($test:ident),* $(,)?) => {
        $(
            mod $test {
                use crate::world::{Postgres, Sqlite, World};

                #[tokio::test]
                async fn on_sqlite() {
                    super::$test(<Sqlite as World>::new().await).await;
                }

                #[tokio::test]
                async fn on_postgres() {
                    super::$test(<Postgres as World>::new().await).await;
                }
            }
        )*
    };
}

pub(crate) use on_sql_backends;

/// Runs a test on every backend.
macro_rules! on_every_backend {
    ($($test:ident),* $(,)?) => {
        $(
            mod $test {
                use crate::world::{Memory, Postgres, Sqlite, World};

                #[tokio::test]
                async fn in_memory() {
                    super::$test(<Memory as World>::new().await).await;
                }

                #[tokio::test]
                async fn on_sqlite() {
                    super::$test(<Sqlite as World>::new().await).await;
                }

                #[tokio::test]
                async fn on_postgres() {
                    super::$test(<Postgres as World>::new().await).await;
                }
            }
        )*
    };
}

pub(crate) use on_every_backend;

/// The sums of bumps, which can be slow, and can refuse an event.
#[derive(Debug, Clone, Default)]
pub(crate) struct Sums {
    pub(crate) slow: Arc<AtomicBool>,
    pub(crate) refuses: Arc<AtomicBool>,
}

/// The last bump of each number, to be found by its position.
#[derive(Debug, Clone, PartialEq, ReadModel)]
#[read_model(table = "bump_lasts")]
pub(crate) struct LastRow {
    #[read_model(id)]
    pub(crate) by: u64,
    #[read_model(index)]
    pub(crate) last: u64,
}

#[projection(name = "bump-sums", read_models(SumRow, LastRow))]
impl Sums {
    #[handles(Bumped)]
    async fn bumped(
        &self,
        event: &Event<Bumped>,
        sums: &mut Repository<SumRow>,
        lasts: &mut Repository<LastRow>,
    ) -> Result<(), HandlerError> {
        lasts.save(LastRow { by: event.by, last: event.position().value() }).await?;
        if self.slow.load(Ordering::SeqCst) {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
        if event.by == 666 && self.refuses.load(Ordering::SeqCst) {
            return Err(HandlerError::permanent("the number of the beast"));
        }
        let digit = event.by % 10;
        let row = sums.get(digit).await?.unwrap_or(SumRow { digit, total: 0, bumps: 0, last: 0 });
        let (total, bumps, last) = (row.total + event.by, row.bumps + 1, event.position().value());
        Ok(sums.save(SumRow { digit, total, bumps, last }).await?)
    }
}

impl Sums {
    pub(crate) fn be_slow(&self, slow: bool) {
        self.slow.store(slow, Ordering::SeqCst);
    }
}

/// Returns when the subscription has passed `position`.
pub(crate) async fn passed<P>(handle: &SubscriptionHandle<P>, position: u64) {
    let is_there = |at: Option<Position>| at.is_some_and(|at| at.value() >= position);
    eventually("it gets there", || async { is_there(handle.inspect().await.position) }).await;
}

/// Three at a time.
pub(crate) fn small() -> SubscriptionConfig {
    SubscriptionConfig::default().batch_size(3).poll_interval(Duration::from_millis(5))
}

/// What can be subscribed to a manager of the world `W`.
pub(crate) trait On<W: World>: EventSubscriber<<W::Checkpoints as CheckpointStore>::Unit> {}

impl<W: World, P: EventSubscriber<<W::Checkpoints as CheckpointStore>::Unit>> On<W> for P {}

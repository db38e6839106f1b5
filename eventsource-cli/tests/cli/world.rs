//! A database with events, and a subscription to them.

use std::path::{Path, PathBuf};
use std::time::Duration;

use eventsource::Inject;
use eventsource::prelude::*;
use eventsource::subscription::{FailureLimit, FailurePolicy, RetryPolicy};
use eventsource_tests::backend::Sql;
use eventsource_tests::child::Child;
use eventsource_tests::domain::Bumped;
use eventsource_tests::sums::SumRow;
use uuid::Uuid;

use crate::owner;
use crate::program::done;

/// Sums. Bumps by the numbers in its file fail.
pub(crate) struct Sums(pub(crate) PathBuf);

#[projection(name = "sums", read_models(SumRow))]
impl Sums {
    #[handles(Bumped)]
    async fn bumped(&self, event: &Event<Bumped>, sums: &mut Repository<SumRow>) -> Result<(), HandlerError> {
        let faults = std::fs::read_to_string(&self.0).unwrap_or_default();
        if faults.lines().any(|by| by == event.by.to_string()) {
            return Err(HandlerError::permanent("the number is not allowed"));
        }
        let digit = event.by % 10;
        let row = sums.get(digit).await?.unwrap_or(SumRow { digit, total: 0, bumps: 0, last: 0 });
        let (total, bumps, last) = (row.total + event.by, row.bumps + 1, event.position().value());
        Ok(sums.save(SumRow { digit, total, bumps, last }).await?)
    }
}

/// The stream of a bump.
pub(crate) fn stream(by: u64) -> StreamId {
    StreamId::new("Counter", Uuid::from_u128(u128::from(by / 10)))
}

/// Appends bumps, and returns the position of the last one.
pub(crate) async fn bump(store: &impl EventStore, numbers: &[u64]) -> Position {
    let mut last = Position::START;
    for &by in numbers {
        let event = NewEvent::of(&Bumped { by }).unwrap();
        last = store.append(&stream(by), ExpectedVersion::Any, vec![event]).await.unwrap().position();
    }
    last
}

/// Starts a manager with the sums.
pub(crate) async fn started<C: CheckpointStore>(
    store: impl EventStore,
    checkpoints: C,
    faults: &Path,
) -> SubscriptionManager<C>
where
    Repository<SumRow>: Inject<C::Unit>,
{
    let manager = SubscriptionManager::new(store, MemoryEventBus::new(), checkpoints);
    let retry = RetryPolicy::new(1, Duration::from_millis(1), Duration::from_millis(1));
    let config = SubscriptionConfig::from_beginning().on_failure(FailurePolicy::DeadLetter).retry(retry);
    // Any number of letters is meant.
    let config = config.failure_limit(FailureLimit::none());
    let config = config.lease(Duration::from_secs(2)).poll_interval(Duration::from_millis(50));
    manager.subscribe(Sums(faults.to_owned()), config).await.unwrap();
    manager.start().await.unwrap();
    manager
}

/// A database as [`with_letter`] leaves it, and a process that runs the sums and has applied all. Its faults are in the file
/// `faults` of the folder.
pub(crate) async fn with_owner<W: Sql>() -> (W, tempfile::TempDir, Child)
where
    Repository<SumRow>: Inject<<W::Checkpoints as CheckpointStore>::Unit>,
{
    let (world, folder) = with_letter::<W>().await;
    let owner = owner::start(&world, &folder.path().join("faults"));
    done(&world.arguments(), &["wait", "sums"]).await;
    (world, folder, owner)
}

/// A database with six bumps, of which number 100 is a dead letter and 101 waits behind it. No process runs the sums any more.
pub(crate) async fn with_letter<W: Sql>() -> (W, tempfile::TempDir)
where
    Repository<SumRow>: Inject<<W::Checkpoints as CheckpointStore>::Unit>,
{
    let (world, folder) = (W::open().await, tempfile::tempdir().unwrap());
    world.create_table::<SumRow>().await;
    let faults = folder.path().join("faults");
    std::fs::write(&faults, "100\n").unwrap();
    let manager = started(world.store(), world.checkpoints(), &faults).await;
    let head = bump(&world.store(), &[1, 2, 13, 100, 101, 24]).await;
    let admin = eventsource::admin::DatabaseAdmin::new(world.checkpoints(), world.store());
    eventsource::admin::Admin::wait_for(&admin, "sums", head.into(), eventsource_tests::wait::DEADLINE).await.unwrap();
    manager.stop().await.unwrap();
    (world, folder)
}

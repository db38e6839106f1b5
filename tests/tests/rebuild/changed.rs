//! A projection that has changed since its checkpoint was made is noticed (changes are noticed).

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use eventsource::prelude::*;
use eventsource::subscription::{OnChange, SubscribeError, SubscriptionState};
use eventsource_tests::domain::{Bumped, bump};
use eventsource_tests::sums::SumRow;
use eventsource_tests::wait::DEADLINE;

use crate::world::{LastRow, On, Sums, World, on_every_backend, small};

on_every_backend!(
    it_is_refused_with_both_lists,
    it_is_rebuilt_in_place,
    one_that_changes_meanwhile_is_refused,
    one_that_cannot_be_emptied_stays_as_it_was,
);

/// The same projection, a version later: it counts each bump twice.
#[derive(Debug, Clone, Default)]
pub(crate) struct Twice {
    slow: Arc<AtomicBool>,
}

impl Twice {
    pub(crate) fn be_slow(&self, slow: bool) {
        self.slow.store(slow, Ordering::SeqCst);
    }
}

#[projection(name = "bump-sums", version = 2, read_models(SumRow, LastRow))]
impl Twice {
    #[handles(Bumped)]
    async fn bumped(&self, event: &Event<Bumped>, sums: &mut Repository<SumRow>) -> Result<(), HandlerError> {
        if self.slow.load(Ordering::SeqCst) {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
        let digit = event.by % 10;
        let row = sums.get(digit).await?.unwrap_or(SumRow { digit, total: 0, bumps: 0, last: 0 });
        let (total, bumps, last) = (row.total + 2 * event.by, row.bumps + 1, event.position().value());
        Ok(sums.save(SumRow { digit, total, bumps, last }).await?)
    }
}

const V1: &str = "bump-sums v1: Bumped; bump_lasts (by I64, last I64); \
     bump_sums (digit I64, total I64, bumps I64, last I64)";
const V2: &str = "bump-sums v2: Bumped; bump_lasts (by I64, last I64); \
     bump_sums (digit I64, total I64, bumps I64, last I64)";

pub(crate) async fn total<W: World>(world: &W) -> u64 {
    world.rows::<SumRow>().find(Query::all()).await.unwrap().iter().map(|row| row.total).sum()
}

/// Runs the projection as it was, up to the end of the log.
pub(crate) async fn run_before<W: World>(world: &W)
where
    Sums: On<W>,
{
    let manager = world.manager();
    let handle = manager.subscribe(Sums::default(), small()).await.unwrap();
    manager.start().await.unwrap();
    handle.caught_up().within(DEADLINE).await.unwrap();
    manager.stop().await.unwrap();
}

async fn it_is_refused_with_both_lists<W: World>(world: W)
where
    Sums: On<W>,
    Twice: On<W>,
{
    bump(&world.store(), [1, 2, 3]).await;
    run_before(&world).await;
    let before = world.checkpoint().await.unwrap();
    assert_eq!(before.fingerprint, V1);
    let error = world.manager().subscribe(Twice::default(), small()).await.unwrap_err();
    assert!(matches!(error, SubscribeError::Changed { .. }), "{error}");
    for part in [V1, V2, "on_change", "SubscriptionConfig::name"] {
        assert!(error.to_string().contains(part), "{part} in {error}");
    }
    assert_eq!(world.checkpoint().await.unwrap(), before);
    assert_eq!(total(&world).await, 6);
}

async fn it_is_rebuilt_in_place<W: World>(world: W)
where
    Sums: On<W>,
    Twice: On<W>,
{
    bump(&world.store(), [1, 2, 3]).await;
    run_before(&world).await;
    bump(&world.store(), [4, 5]).await;
    let manager = world.manager();
    let handle = manager.subscribe(Twice::default(), small().on_change(OnChange::Rebuild)).await.unwrap();
    manager.start().await.unwrap();
    handle.caught_up().within(DEADLINE).await.unwrap();
    assert_eq!(total(&world).await, 30);
    assert_eq!(handle.inspect().await.events_handled, 5);
    assert_eq!(world.checkpoint().await.unwrap().fingerprint, V2);
    manager.stop().await.unwrap();
    let error = world.manager().subscribe(Sums::default(), small()).await.unwrap_err();
    assert!(matches!(error, SubscribeError::OlderVersion { stored: 2, version: 1, .. }), "the other way: {error}");
}

async fn one_that_changes_meanwhile_is_refused<W: World>(world: W)
where
    Sums: On<W>,
    Twice: On<W>,
{
    bump(&world.store(), [1, 2, 3]).await;
    let (manager, other) = (world.manager(), world.manager());
    let handle = manager.subscribe(Sums::default(), small()).await.unwrap();
    let twice = other.subscribe(Twice::default(), small()).await.unwrap();
    other.start().await.unwrap();
    twice.caught_up().within(DEADLINE).await.unwrap();
    manager.start().await.unwrap();
    let error = handle.caught_up().within(DEADLINE).await.unwrap_err();
    assert!(error.to_string().contains(V1) && error.to_string().contains(V2), "{error}");
    let state = handle.inspect().await.state;
    assert!(matches!(state, SubscriptionState::Refused { .. }), "{state:?}");
    assert_eq!(total(&world).await, 12);
}

/// Cannot be emptied.
struct Stuck;

#[projection(name = "bump-sums", version = 3)]
impl Stuck {
    #[handles(Bumped)]
    async fn bumped(&self, _: &Bumped, _: &mut Repository<SumRow>) {}

    #[truncate]
    async fn truncate(&self, sums: &mut Repository<SumRow>) -> Result<(), HandlerError> {
        sums.truncate().await?;
        Err(HandlerError::permanent("it is stuck"))
    }
}

async fn one_that_cannot_be_emptied_stays_as_it_was<W: World>(world: W)
where
    Sums: On<W>,
    Stuck: On<W>,
{
    bump(&world.store(), [1, 2, 3]).await;
    run_before(&world).await;
    let manager = world.manager();
    let handle = manager.subscribe(Stuck, small().on_change(OnChange::Rebuild)).await.unwrap();
    manager.start().await.unwrap();
    let error = handle.caught_up().within(DEADLINE).await.unwrap_err();
    for part in [V1, "bump-sums v3: Bumped", "it is stuck"] {
        assert!(error.to_string().contains(part), "{part} in {error}");
    }
    manager.stop().await.unwrap();
    assert_eq!(world.checkpoint().await.unwrap().fingerprint, V1, "the next start finds it changed as well");
    world.assert_rows_equal_the_log().await;
    run_before(&world).await;
}

//! An older version of a projection never takes a read model back that a newer one has made, unless it is told to.

use std::time::Duration;

use eventsource::prelude::*;
use eventsource::subscription::{HealthLimits, OnChange, RebuildError, SubscribeError, SubscriptionState, WaitError};
use eventsource_tests::domain::bump;
use eventsource_tests::wait::{DEADLINE, eventually};

use crate::changed::{Twice, run_before, total};
use crate::world::{On, Sql, Sums, World, on_every_backend, on_sql_backends, small};

on_every_backend!(
    older_version_is_refused_when_it_subscribes_with_both_versions,
    older_version_stands_aside_and_does_not_fence_the_newer_owner,
    older_version_goes_back_where_it_is_allowed_and_forward_again,
    reset_lets_an_older_version_start,
    older_owner_that_is_replaced_is_refused_with_both_versions,
);

on_sql_backends!(
    older_version_leaves_the_next_generation_of_a_newer_one_alone,
    older_version_does_not_build_next_to_a_newer_one,
    newer_owner_does_not_replace_an_older_version_that_went_back_on_purpose,
);

const VERSIONS: [&str; 3] = ["version 2 of the projection", "this program has version 1", "allow_older_version"];

fn quick() -> SubscriptionConfig {
    small().lease(Duration::from_millis(200))
}

async fn state<P>(handle: &SubscriptionHandle<P>) -> &'static str {
    handle.inspect().await.state.name()
}

/// Returns when the subscription stands aside, and checks the reason.
async fn outdated<P>(handle: &SubscriptionHandle<P>) {
    eventually("it is outdated", || async { state(handle).await == "outdated" }).await;
    let reason = handle.inspect().await.state.reason().unwrap();
    for part in VERSIONS {
        assert!(reason.contains(part), "{part} in {reason}");
    }
}

/// Runs version 2 to the end of the log.
async fn run_newer<W: World>(world: &W, position: Position)
where
    Twice: On<W>,
{
    let manager = world.manager();
    let handle = manager.subscribe(Twice::default(), quick().on_change(OnChange::Rebuild)).await.unwrap();
    manager.start().await.unwrap();
    handle.wait_for(position).within(DEADLINE).await.unwrap();
    manager.stop().await.unwrap();
}

async fn older_version_is_refused_when_it_subscribes_with_both_versions<W: World>(world: W)
where
    Sums: On<W>,
    Twice: On<W>,
{
    let position = bump(&world.store(), [1, 2, 3]).await;
    run_newer(&world, position).await;
    let before = world.checkpoint().await.unwrap();
    let error = world.manager().subscribe(Sums::default(), quick()).await.unwrap_err();
    assert!(matches!(error, SubscribeError::OlderVersion { stored: 2, version: 1, .. }), "{error}");
    for part in VERSIONS {
        assert!(error.to_string().contains(part), "{part} in {error}");
    }
    assert_eq!((world.checkpoint().await.unwrap(), total(&world).await), (before, 12));
}

async fn older_version_stands_aside_and_does_not_fence_the_newer_owner<W: World>(world: W)
where
    Sums: On<W>,
    Twice: On<W>,
{
    bump(&world.store(), [1, 2, 3]).await;
    let newer = world.manager();
    let new = newer.subscribe(Twice::default(), quick()).await.unwrap();
    newer.start().await.unwrap();
    new.caught_up().within(DEADLINE).await.unwrap();
    for on_change in [OnChange::Rebuild, OnChange::RebuildSideBySide] {
        let epoch = world.checkpoint().await.unwrap().epoch;
        let older = world.manager();
        let old = older.subscribe(Sums::default(), quick().on_change(on_change)).await.unwrap();
        older.start().await.unwrap();
        outdated(&old).await;
        let health = older.health(HealthLimits::default());
        assert!(health.live && !health.ready, "{health:?}");
        new.wait_for(bump(&world.store(), [4]).await).within(DEADLINE).await.unwrap();
        assert_eq!(world.checkpoint().await.unwrap().epoch, epoch, "{on_change:?}: the newer one is not fenced");
        // Also when the newer program is gone: it looks again several times meanwhile.
        newer.stop().await.unwrap();
        let position = bump(&world.store(), [5]).await;
        let error = old.wait_for(position).within(Duration::from_secs(1)).await.unwrap_err();
        assert!(matches!(error, WaitError::Deadline { .. }), "{error}");
        outdated(&old).await;
        assert_eq!(world.checkpoint().await.unwrap().epoch, epoch, "{on_change:?}: no process has claimed it");
        newer.start().await.unwrap();
        new.wait_for(position).within(DEADLINE).await.unwrap();
        older.stop().await.unwrap();
    }
    assert_eq!(total(&world).await, 2 * (6 + 9 + 9));
    let status = new.inspect().await;
    assert!(status.state.is_running() && status.last_error.is_none(), "{status:?}");
}

async fn older_version_goes_back_where_it_is_allowed_and_forward_again<W: World>(world: W)
where
    Sums: On<W>,
    Twice: On<W>,
{
    bump(&world.store(), [1, 2, 3]).await;
    let (newer, older) = (world.manager(), world.manager());
    let rebuild = || quick().on_change(OnChange::Rebuild);
    let new = newer.subscribe(Twice::default(), rebuild()).await.unwrap();
    newer.start().await.unwrap();
    new.caught_up().within(DEADLINE).await.unwrap();
    let old = older.subscribe(Sums::default(), rebuild().allow_older_version()).await.unwrap();
    older.start().await.unwrap();
    eventually("it waits for the lease", || async { state(&old).await == "standing by" }).await;
    newer.stop().await.unwrap();
    old.wait_for(bump(&world.store(), [4]).await).within(DEADLINE).await.unwrap();
    eventually("it is rebuilt", || async { total(&world).await == 10 }).await;
    newer.start().await.unwrap();
    eventually("the newer one waits", || async { state(&new).await == "standing by" }).await;
    older.stop().await.unwrap();
    new.wait_for(bump(&world.store(), [5]).await).within(DEADLINE).await.unwrap();
    eventually("it is rebuilt", || async { total(&world).await == 30 }).await;
}

async fn reset_lets_an_older_version_start<W: World>(world: W)
where
    Sums: On<W>,
    Twice: On<W>,
{
    let position = bump(&world.store(), [1, 2, 3]).await;
    run_newer(&world, position).await;
    let manager = world.manager();
    let old = manager.subscribe(Sums::default(), quick().on_change(OnChange::Rebuild)).await.unwrap();
    manager.start().await.unwrap();
    outdated(&old).await;
    manager.stop().await.unwrap();
    old.reset().await.unwrap();
    manager.start().await.unwrap();
    old.wait_for(position).within(DEADLINE).await.unwrap();
    assert_eq!(total(&world).await, 6);
}

async fn older_owner_that_is_replaced_is_refused_with_both_versions<W: World>(world: W)
where
    Sums: On<W>,
    Twice: On<W>,
{
    bump(&world.store(), [1, 2, 3]).await;
    let (older, newer) = (world.manager(), world.manager());
    let old = older.subscribe(Sums::default(), quick()).await.unwrap();
    older.start().await.unwrap();
    old.caught_up().within(DEADLINE).await.unwrap();
    let new = newer.subscribe(Twice::default(), quick().on_change(OnChange::Rebuild)).await.unwrap();
    newer.start().await.unwrap();
    eventually("the newer one waits for the lease", || async { state(&new).await == "standing by" }).await;
    older.stop().await.unwrap();
    new.wait_for(bump(&world.store(), [4]).await).within(DEADLINE).await.unwrap();
    older.start().await.unwrap();
    eventually("it is refused", || async { state(&old).await == "refused" }).await;
    let reason = old.inspect().await.state.reason().unwrap();
    for part in VERSIONS {
        assert!(reason.contains(part), "{part} in {reason}");
    }
    new.wait_for(bump(&world.store(), [5]).await).within(DEADLINE).await.unwrap();
    assert_eq!(total(&world).await, 30);
}

async fn next<W: World>(world: &W) -> Option<eventsource::projection::Checkpoint> {
    world.checkpoints().load("bump-sums~next").await.unwrap()
}

async fn older_version_leaves_the_next_generation_of_a_newer_one_alone<W: Sql>(world: W)
where
    Sums: On<W>,
    Twice: On<W>,
{
    bump(&world.store(), 0..200).await;
    run_before(&world).await;
    let twice = Twice::default();
    twice.be_slow(true);
    let newer = world.manager();
    let new = newer.subscribe(twice.clone(), quick().on_change(OnChange::RebuildSideBySide)).await.unwrap();
    newer.start().await.unwrap();
    eventually("it has begun", || async { next(&world).await.is_some_and(|next| next.position.value() > 10) }).await;
    // A pause would pause the older one too.
    newer.stop().await.unwrap();
    let epoch = next(&world).await.unwrap().epoch;
    // The older one is started again meanwhile, and rebuilt in place.
    let older = world.manager();
    let old = older.subscribe(Sums::default(), quick()).await.unwrap();
    older.start().await.unwrap();
    old.caught_up().within(DEADLINE).await.unwrap();
    let error = old.rebuild_side_by_side().await.unwrap_err();
    assert!(matches!(&error, RebuildError::Failed { reason, .. } if reason.contains("version 2")), "{error}");
    old.rebuild().await.unwrap().await.unwrap();
    assert_eq!(next(&world).await.unwrap().epoch, epoch, "what the newer one builds is its own");
    twice.be_slow(false);
    newer.start().await.unwrap();
    new.wait_for(bump(&world.store(), [7]).await).within(DEADLINE).await.unwrap();
    eventually("the newer one serves", || async { state(&new).await == "live" }).await;
    assert_eq!(total(&world).await, 2 * ((0..200).sum::<u64>() + 7));
    // Its default is to be refused, once it has found itself fenced.
    eventually("the older one ends", || async { state(&old).await == "refused" }).await;
    assert_eq!(total(&world).await, 2 * ((0..200).sum::<u64>() + 7));
}

async fn older_version_does_not_build_next_to_a_newer_one<W: Sql>(world: W)
where
    Sums: On<W>,
    Twice: On<W>,
{
    let position = bump(&world.store(), 0..30).await;
    run_newer(&world, position).await;
    let manager = world.manager();
    let old = manager.subscribe(Sums::default(), quick().on_change(OnChange::RebuildSideBySide)).await.unwrap();
    manager.start().await.unwrap();
    outdated(&old).await;
    assert!(next(&world).await.is_none());
    assert!(matches!(old.inspect().await.state, SubscriptionState::Outdated { .. }));
    assert_eq!(total(&world).await, 2 * (0..30).sum::<u64>());
    manager.stop().await.unwrap();
}

async fn newer_owner_does_not_replace_an_older_version_that_went_back_on_purpose<W: Sql>(world: W)
where
    Sums: On<W>,
    Twice: On<W>,
{
    bump(&world.store(), [1, 2, 3]).await;
    let (newer, older) = (world.manager(), world.manager());
    let rebuild = || quick().on_change(OnChange::RebuildSideBySide);
    let new = newer.subscribe(Twice::default(), rebuild()).await.unwrap();
    newer.start().await.unwrap();
    new.caught_up().within(DEADLINE).await.unwrap();
    let old = older.subscribe(Sums::default(), rebuild().allow_older_version()).await.unwrap();
    older.start().await.unwrap();
    // It would build its next generation otherwise, and the two would replace each other by turns.
    eventually("the newer one is refused", || async { state(&new).await == "refused" }).await;
    let reason = new.inspect().await.state.reason().unwrap();
    assert!(reason.contains("has replaced the read model") && reason.contains("bump-sums v1"), "{reason}");
    old.wait_for(bump(&world.store(), [4]).await).within(DEADLINE).await.unwrap();
    assert_eq!(total(&world).await, 10);
}

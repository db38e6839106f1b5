//! Each claim of a checkpoint recognises the log, whatever the kind of projection.

use eventsource::subscription::{HealthLimits, SubscriptionState};

use crate::world::*;

on_every_backend!(
    checkpoint_beyond_the_head_is_refused_by_every_kind,
    checkpoint_is_refused_where_the_log_has_grown_again,
    checkpoint_over_passed_events_is_refused_where_the_log_has_grown_again,
    wait_before_the_claim_does_not_trust_the_checkpoint,
);

on_sql_backends!(
    standby_that_takes_over_recognises_the_log,
    checkpoint_of_another_log_is_refused_with_both_identities,
    events_deleted_at_the_end_are_noticed_although_positions_grow,
);

/// Runs `projection` to the head and stops, loses the end of the log, and starts again in the same manager and another.
async fn starts_again_on_a_lost_log<B: Lossy, P: On<B> + Clone + std::fmt::Debug>(projection: P) {
    let world = B::new().await;
    bump(&world.store(), 0..100).await;
    let manager = world.manager();
    let handle = manager.subscribe(projection.clone(), small()).await.unwrap();
    manager.start().await.unwrap();
    handle.caught_up().within(DEADLINE).await.unwrap();
    manager.stop().await.unwrap();
    world.restore_copy().await;

    let sentence = "the log has gone back from position 100 to 50: restore the read model too, or rebuild";
    for _ in 0..2 {
        manager.start().await.unwrap();
        assert_eq!(assert_lost(&manager, &handle).await, sentence);
    }
    if P::KIND == eventsource::projection::ProjectionKind::Memory {
        return;
    }
    let other = world.manager();
    let handle = other.subscribe(projection, small()).await.unwrap();
    let health = other.health(HealthLimits::default());
    assert!(!health.ready, "{health:?}");
    other.start().await.unwrap();
    assert_eq!(assert_lost(&other, &handle).await, sentence);
    // What is appended meanwhile changes nothing.
    bump(&world.store(), 0..55).await;
    other.stop().await.unwrap();
    other.start().await.unwrap();
    let reason = assert_lost(&other, &handle).await;
    assert!(reason.starts_with("the log has gone back from position 100 to before 100, "), "{reason}");
    assert!(reason.ends_with("restore the read model too, or rebuild"), "{reason}");
}

async fn checkpoint_beyond_the_head_is_refused_by_every_kind<B: Lossy>(_: B)
where
    BumpSums: On<B>,
    Seen: On<B>,
    Kept: On<B>,
    Told: On<B>,
{
    starts_again_on_a_lost_log::<B, _>(BumpSums).await;
    starts_again_on_a_lost_log::<B, _>(Seen::default()).await;
    starts_again_on_a_lost_log::<B, _>(Kept::default()).await;
    starts_again_on_a_lost_log::<B, _>(Told::default()).await;
}

/// Brings `projection` to the head, and the log back and then beyond where it was.
async fn refused_after_growth<B: Lossy>(world: B)
where
    BumpSums: On<B>,
{
    let manager = world.manager();
    let handle = manager.subscribe(BumpSums, small()).await.unwrap();
    manager.start().await.unwrap();
    handle.caught_up().within(DEADLINE).await.unwrap();
    manager.stop().await.unwrap();
    let left = world.checkpoints().load("bump-sums").await.unwrap().unwrap();
    assert_eq!(left.position, Position::new(100));
    assert_eq!(left.log, Some(world.store().log_id().await.unwrap()));
    assert_eq!(left.mark, world.store().last_event(Position::new(100)).await.unwrap(), "the last event before it");
    world.restore_copy().await;
    assert_eq!(bump(&world.store(), 0..60).await, Position::new(110));
    manager.start().await.unwrap();
    let reason = assert_lost(&manager, &handle).await;
    assert!(reason.contains("gone back from position 100 to before 100, and has grown again to 110"), "{reason}");
    assert_eq!(world.checkpoints().load("bump-sums").await.unwrap().unwrap().position, left.position);
}

async fn checkpoint_is_refused_where_the_log_has_grown_again<B: Lossy>(world: B)
where
    BumpSums: On<B>,
{
    bump(&world.store(), 0..100).await;
    refused_after_growth(world).await;
}

async fn checkpoint_over_passed_events_is_refused_where_the_log_has_grown_again<B: Lossy>(world: B)
where
    BumpSums: On<B>,
{
    // All events that the projection handles are left in the log; the others are lost.
    bump(&world.store(), 0..40).await;
    note(&world.store(), 60).await;
    refused_after_growth(world).await;
}

async fn wait_before_the_claim_does_not_trust_the_checkpoint<B: Lossy>(world: B)
where
    BumpSums: On<B>,
{
    bump(&world.store(), 0..100).await;
    let manager = world.manager();
    let handle = manager.subscribe(BumpSums, small()).await.unwrap();
    manager.start().await.unwrap();
    handle.caught_up().within(DEADLINE).await.unwrap();
    manager.stop().await.unwrap();
    world.restore_copy().await;
    let wanted = bump(&world.store(), 0..10).await;
    // At once: the runner has not asked for anything yet.
    manager.start().await.unwrap();
    let wait = handle.wait_for(wanted).within(DEADLINE).await;
    assert!(wait.is_err(), "{wait:?}");
    let other = world.manager();
    let handle = other.subscribe(BumpSums, small()).await.unwrap();
    let wait = handle.wait_for(wanted).within(DEADLINE).await;
    assert!(wait.is_err(), "{wait:?}");
}

async fn standby_that_takes_over_recognises_the_log<B: Lossy>(world: B)
where
    BumpSums: On<B>,
{
    bump(&world.store(), 0..100).await;
    let (owner, standby) = (world.manager(), world.manager());
    let first = owner.subscribe(BumpSums, small()).await.unwrap();
    owner.start().await.unwrap();
    first.caught_up().within(DEADLINE).await.unwrap();
    let second = standby.subscribe(BumpSums, small()).await.unwrap();
    standby.start().await.unwrap();
    let is_standby = async || matches!(second.inspect().await.state, SubscriptionState::Standby { .. });
    eventually("it stands by", is_standby).await;
    world.restore_copy().await;
    // The owner notices and gives its lease up; the next owner notices as well.
    let is_refused = async || matches!(first.inspect().await.state, SubscriptionState::Refused { .. });
    eventually("the owner notices", is_refused).await;
    assert_lost(&owner, &first).await;
    let is_refused = async || matches!(second.inspect().await.state, SubscriptionState::Refused { .. });
    eventually("the standby takes over and notices", is_refused).await;
    assert_lost(&standby, &second).await;
}

async fn checkpoint_of_another_log_is_refused_with_both_identities<B: Lossy>(world: B)
where
    BumpSums: On<B>,
{
    let stores = [MemoryEventStore::new(), MemoryEventStore::new()];
    let [first, second] = stores.clone();
    bump(&first, 0..60).await;
    // As long as the first one, or longer: what tells them apart is the identity.
    bump(&second, 0..70).await;
    let manager = SubscriptionManager::new(first, MemoryEventBus::new(), world.checkpoints());
    let handle = manager.subscribe(BumpSums, small()).await.unwrap();
    manager.start().await.unwrap();
    handle.caught_up().within(DEADLINE).await.unwrap();
    manager.stop().await.unwrap();
    let manager = SubscriptionManager::new(second, MemoryEventBus::new(), world.checkpoints());
    let handle = manager.subscribe(BumpSums, small()).await.unwrap();
    manager.start().await.unwrap();
    let reason = assert_lost(&manager, &handle).await;
    for store in stores {
        let id = store.log_id().await.unwrap().to_string();
        assert!(reason.contains(&id), "{reason}");
    }
}

async fn events_deleted_at_the_end_are_noticed_although_positions_grow<B: Lossy + Sql>(world: B)
where
    BumpSums: On<B>,
{
    bump(&world.store(), 0..100).await;
    let manager = world.manager();
    let handle = manager.subscribe(BumpSums, small()).await.unwrap();
    manager.start().await.unwrap();
    handle.caught_up().within(DEADLINE).await.unwrap();
    manager.stop().await.unwrap();
    world.execute("DELETE FROM eventsource_events WHERE position > 50").await;
    assert_eq!(bump(&world.store(), 0..3).await, Position::new(103));
    manager.start().await.unwrap();
    let reason = assert_lost(&manager, &handle).await;
    assert!(reason.contains("gone back from position 100 to before 100"), "{reason}");
}

//! One subscription owns the table of a read model, in whichever process.

use eventsource::prelude::*;
use eventsource::projection::TableTaken;
use eventsource::read_model::ReadModel;
use eventsource::subscription::{HandOverError, SubscribeError, SubscriptionState, WaitError};
use eventsource_tests::domain::{Bumped, bump};
use eventsource_tests::sums::SumRow;
use eventsource_tests::wait::DEADLINE;

use crate::changed::total;
use crate::world::{On, Sums, World, on_every_backend, small};

on_every_backend!(
    second_owner_of_a_table_is_refused_in_the_same_manager,
    second_owner_of_a_table_is_refused_in_another_manager,
    tables_that_differ_by_case_only_are_refused,
    table_is_free_after_a_reset,
    table_is_free_when_its_owner_declares_it_no_more,
    first_to_start_owns_a_table_that_two_declare,
    renamed_subscription_is_handed_over,
);

/// Another projection into the same table.
struct Rival;

#[projection(name = "rival", read_models(SumRow))]
impl Rival {
    #[handles(Bumped)]
    async fn bumped(&self, event: &Bumped, sums: &mut Repository<SumRow>) -> Result<(), HandlerError> {
        Ok(sums.save(SumRow { digit: event.by, total: 1_000, bumps: 1, last: 1 }).await?)
    }
}

/// The same table, but for the case of its name.
#[derive(Debug, Clone, PartialEq, ReadModel)]
#[read_model(table = "Bump_Sums")]
struct Shouted {
    #[read_model(id)]
    digit: u64,
}

struct Shouts;

#[projection(name = "shouts", read_models(Shouted))]
impl Shouts {
    #[handles(Bumped)]
    async fn bumped(&self, event: &Bumped, sums: &mut Repository<Shouted>) -> Result<(), HandlerError> {
        Ok(sums.save(Shouted { digit: event.by }).await?)
    }
}

fn check(error: SubscribeError, owner: &str) {
    let SubscribeError::TableTaken { subscription, taken, .. } = &error else { panic!("{error}") };
    assert_eq!(subscription, "rival");
    let TableTaken::Owned { table, owner: found, .. } = taken else { panic!("{error}") };
    assert_eq!((&**table, &**found), ("bump_sums", owner));
    for part in ["`rival`", "`bump_sums`", owner, "#[read_model(table", "hand_over", "reset"] {
        assert!(error.to_string().contains(part), "{part} in {error}");
    }
}

/// Runs the projection up to the end of the log.
async fn run<W: World>(world: &W)
where
    Sums: On<W>,
{
    let manager = world.manager();
    let handle = manager.subscribe(Sums::default(), small()).await.unwrap();
    manager.start().await.unwrap();
    handle.caught_up().within(DEADLINE).await.unwrap();
    manager.stop().await.unwrap();
}

async fn second_owner_of_a_table_is_refused_in_the_same_manager<W: World>(world: W)
where
    Sums: On<W>,
    Rival: On<W>,
{
    bump(&world.store(), [1, 2, 3]).await;
    let manager = world.manager();
    let handle = manager.subscribe(Sums::default(), small()).await.unwrap();
    check(manager.subscribe(Rival, small()).await.unwrap_err(), "bump-sums");
    manager.start().await.unwrap();
    handle.caught_up().within(DEADLINE).await.unwrap();
    check(manager.subscribe(Rival, small()).await.unwrap_err(), "bump-sums");
    manager.unsubscribe("bump-sums").await.unwrap();
    check(manager.subscribe(Rival, small()).await.unwrap_err(), "bump-sums");
    assert_eq!(total(&world).await, 6);
}

async fn second_owner_of_a_table_is_refused_in_another_manager<W: World>(world: W)
where
    Sums: On<W>,
    Rival: On<W>,
{
    bump(&world.store(), [1, 2, 3]).await;
    run(&world).await;
    let (manager, same) = (world.manager(), world.manager());
    check(manager.subscribe(Rival, small()).await.unwrap_err(), "bump-sums");
    // The same subscription in two processes is one owner.
    for manager in [&manager, &same] {
        manager.subscribe(Sums::default(), small()).await.unwrap();
    }
    assert_eq!(total(&world).await, 6);
}

async fn tables_that_differ_by_case_only_are_refused<W: World>(world: W)
where
    Sums: On<W>,
    Shouts: On<W>,
{
    let check = |error: SubscribeError| {
        let SubscribeError::TableTaken { taken, .. } = &error else { panic!("{error}") };
        assert!(matches!(taken, TableTaken::DiffersByCase { .. }), "{error}");
        for part in ["`Bump_Sums`", "`bump_sums`", "case", "`bump-sums`"] {
            assert!(error.to_string().contains(part), "{part} in {error}");
        }
    };
    let manager = world.manager();
    manager.subscribe(Sums::default(), small()).await.unwrap();
    check(manager.subscribe(Shouts, small()).await.unwrap_err());
    run(&world).await;
    check(world.manager().subscribe(Shouts, small()).await.unwrap_err());
    // Also where the subscription is the same.
    let same = small().name("bump-sums").on_change(eventsource::subscription::OnChange::Rebuild);
    check(world.manager().subscribe(Shouts, same).await.unwrap_err());
}

async fn table_is_free_after_a_reset<W: World>(world: W)
where
    Sums: On<W>,
    Rival: On<W>,
{
    bump(&world.store(), [1, 2, 3]).await;
    run(&world).await;
    let before = world.manager();
    let handle = before.subscribe(Sums::default(), small()).await.unwrap();
    let manager = world.manager();
    check(manager.subscribe(Rival, small()).await.unwrap_err(), "bump-sums");
    handle.reset().await.unwrap();
    let rival = manager.subscribe(Rival, small()).await.unwrap();
    manager.start().await.unwrap();
    rival.caught_up().within(DEADLINE).await.unwrap();
    assert_eq!(total(&world).await, 3_000);
    // The one before finds that out when it starts.
    before.start().await.unwrap();
    let error = handle.caught_up().within(DEADLINE).await.unwrap_err();
    assert!(error.to_string().contains("`rival`") && error.to_string().contains("`bump_sums`"), "{error}");
    assert!(matches!(handle.inspect().await.state, SubscriptionState::Refused { .. }));
    assert_eq!(total(&world).await, 3_000);
}

/// The projection, which does not declare the table any more.
struct Without;

#[projection(name = "bump-sums")]
impl Without {
    #[handles(Bumped)]
    async fn bumped(&self, _: &Bumped, _: &mut Repository<SumRow>) -> Result<(), HandlerError> {
        Ok(())
    }

    #[truncate]
    async fn truncate(&self, sums: &mut Repository<SumRow>) -> Result<(), HandlerError> {
        Ok(sums.truncate().await?)
    }
}

async fn table_is_free_when_its_owner_declares_it_no_more<W: World>(world: W)
where
    Sums: On<W>,
    Without: On<W>,
    Rival: On<W>,
{
    bump(&world.store(), [1, 2, 3]).await;
    run(&world).await;
    let manager = world.manager();
    let config = small().on_change(eventsource::subscription::OnChange::Rebuild);
    let without = manager.subscribe(Without, config).await.unwrap();
    check(manager.subscribe(Rival, small()).await.unwrap_err(), "bump-sums");
    manager.start().await.unwrap();
    without.caught_up().within(DEADLINE).await.unwrap();
    let rival = manager.subscribe(Rival, small()).await.unwrap();
    rival.caught_up().within(DEADLINE).await.unwrap();
}

async fn first_to_start_owns_a_table_that_two_declare<W: World>(world: W)
where
    Sums: On<W>,
    Rival: On<W>,
{
    bump(&world.store(), [1, 2, 3]).await;
    let (one, other) = (world.manager(), world.manager());
    let sums = one.subscribe(Sums::default(), small()).await.unwrap();
    let rival = other.subscribe(Rival, small()).await.unwrap();
    one.start().await.unwrap();
    sums.caught_up().within(DEADLINE).await.unwrap();
    other.start().await.unwrap();
    let error = rival.caught_up().within(DEADLINE).await.unwrap_err();
    assert!(error.to_string().contains("`bump-sums`"), "{error}");
    assert!(matches!(rival.inspect().await.state, SubscriptionState::Refused { .. }));
    assert_eq!(total(&world).await, 6);
}

/// The projection under another name.
#[derive(Default)]
struct Renamed(Sums);

#[projection(name = "sums-of-bumps", read_models(SumRow))]
impl Renamed {
    #[handles(Bumped)]
    async fn bumped(&self, event: &Event<Bumped>, sums: &mut Repository<SumRow>) -> Result<(), HandlerError> {
        assert!(!self.0.slow.load(std::sync::atomic::Ordering::SeqCst));
        let digit = event.by % 10;
        let row = sums.get(digit).await?.unwrap_or(SumRow { digit, total: 0, bumps: 0, last: 0 });
        let (total, bumps, last) = (row.total + event.by, row.bumps + 1, event.position().value());
        Ok(sums.save(SumRow { digit, total, bumps, last }).await?)
    }
}

/// The projection under its old name.
struct Named;

#[projection(name = "bumps", read_models(SumRow))]
impl Named {
    #[handles(Bumped)]
    async fn bumped(&self, event: &Event<Bumped>, sums: &mut Repository<SumRow>) -> Result<(), HandlerError> {
        if event.by == 666 {
            return Err(HandlerError::permanent("the number of the beast"));
        }
        let digit = event.by % 10;
        let row = sums.get(digit).await?.unwrap_or(SumRow { digit, total: 0, bumps: 0, last: 0 });
        let (total, bumps, last) = (row.total + event.by, row.bumps + 1, event.position().value());
        Ok(sums.save(SumRow { digit, total, bumps, last }).await?)
    }
}

async fn renamed_subscription_is_handed_over<W: World>(world: W)
where
    Named: On<W>,
    Renamed: On<W>,
{
    bump(&world.store(), [1, 2, 3, 666]).await;
    let before = world.manager();
    let handle = before.subscribe(Named, small()).await.unwrap();
    before.start().await.unwrap();
    handle.caught_up().within(DEADLINE).await.unwrap();

    let manager = world.manager();
    let error = manager.subscribe(Renamed::default(), small()).await.unwrap_err();
    assert!(matches!(error, SubscribeError::TableTaken { .. }), "{error}");
    let error = manager.hand_over("bumps", "sums-of-bumps").await.unwrap_err();
    assert!(matches!(error, HandOverError::Held { .. }), "{error}");
    let error = before.hand_over("bumps", "sums-of-bumps").await.unwrap_err();
    assert!(matches!(error, HandOverError::Subscribed { .. }), "{error}");
    before.stop().await.unwrap();
    let error = manager.hand_over("bump", "sums-of-bumps").await.unwrap_err();
    assert!(matches!(error, HandOverError::Missing { .. }), "{error}");
    let epoch = world.checkpoints().load("bumps").await.unwrap().unwrap().epoch;
    manager.hand_over("bumps", "sums-of-bumps").await.unwrap();
    let moved = world.checkpoints().load("sums-of-bumps").await.unwrap().unwrap();
    assert!(moved.epoch > epoch && moved.fingerprint.starts_with("sums-of-bumps v1: Bumped; bump_sums ("), "{moved:?}");
    assert!(world.checkpoints().load("bumps").await.unwrap().is_none());
    let error = manager.hand_over("bumps", "sums-of-bumps").await.unwrap_err();
    assert!(matches!(error, HandOverError::Missing { .. }), "{error}");

    let renamed = manager.subscribe(Renamed::default(), small()).await.unwrap();
    manager.start().await.unwrap();
    let error = renamed.wait_for(bump(&world.store(), [4, 5]).await).within(DEADLINE).await.unwrap_err();
    assert!(matches!(error, WaitError::Held { .. }), "{error}");
    assert_eq!(total(&world).await, 6, "nothing is applied twice, and the stream waits behind its dead letter");
    assert_eq!(renamed.dead_letters().retry_all().await.unwrap().applied, 3);
    assert_eq!(total(&world).await, 681);
    // The one before does not come back.
    before.start().await.unwrap();
    let error = handle.caught_up().within(DEADLINE).await.unwrap_err();
    assert!(error.to_string().contains("`sums-of-bumps`"), "{error}");
}

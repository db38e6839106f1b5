//! Old code meets events of a newer schema version: it stops before them, gives its lease up and makes no dead letter.

use std::borrow::Cow;
use std::time::Duration;

use eventsource::Inject;
use eventsource::projection::{
    CheckpointUpdate, Claim, DeadLetter, EventSubscriber, LetterChange, LetterState, ProjectionKind, Subscriber, Table,
    UnitOfWork,
};
use eventsource::read_model::ReadModel;
use eventsource::subscription::{FailureLimit, HealthLimits, RebuildError, WaitError};
use eventsource_tests::domain::{Bumped, Seen};

use crate::world::*;

crate::on_every_backend! {
    old_owner_stops_before_a_newer_event_and_commits_what_stands_before_it
    old_owner_gives_way_to_newer_code_and_does_not_take_the_lease_back
    released_letter_of_a_newer_event_is_left_to_newer_code
    waiting_letter_of_a_newer_event_stays_as_it_is
    rebuild_in_place_is_finished_by_newer_code
    old_durable_memory_gives_way_and_reads_the_state_of_newer_code_when_it_comes_back
    old_effects_give_way_to_newer_code
    memory_is_outdated_and_waits_say_so
}

/// A lease that is short enough for a test, and long enough for a busy machine.
fn config() -> SubscriptionConfig {
    quick(2).lease(Duration::from_millis(400)).batch_size(10)
}

/// Appends a bump of schema version 2, which the types of these tests do not know.
async fn bump_newer<W: World>(world: &W, by: u64) -> Position
where
    Repository<AppliedRow>: Inject<Unit<W>>,
{
    let newer = NewEvent::raw("Bumped", 2, format!(r#"{{"by":{by},"reason":"newer"}}"#));
    world.store().append(&stream(by), ExpectedVersion::Any, vec![newer]).await.unwrap().position()
}

/// The number of a bump of any version, as newer code reads it.
fn number(event: &RecordedEvent) -> u64 {
    serde_json::from_str::<serde_json::Value>(event.payload()).unwrap()["by"].as_u64().unwrap()
}

/// [`Applies`] as newer code has it: the same projection, which reads every version.
struct NewApplies;

impl Subscriber for NewApplies {
    const KIND: ProjectionKind = ProjectionKind::Transactional;

    fn name(&self) -> Cow<'static, str> {
        "applies".into()
    }

    fn subscribed_to(&self) -> EventFilter {
        EventFilter::types(["Bumped"])
    }

    fn read_models(&self) -> Vec<&'static Table> {
        vec![AppliedRow::TABLE]
    }
}

impl<U: UnitOfWork> EventSubscriber<U> for NewApplies
where
    Repository<AppliedRow>: Inject<U>,
{
    async fn handle(&mut self, event: &std::sync::Arc<RecordedEvent>, unit: &mut U) -> Result<(), HandlerError> {
        let mut rows = Repository::<AppliedRow>::inject(unit).await?;
        let position = event.position().value() as i64;
        rows.save(AppliedRow { position, by: number(event) as i64, at: position }).await?;
        Ok(())
    }

    async fn truncate(&mut self, unit: &mut U) -> Result<(), HandlerError> {
        Repository::<AppliedRow>::inject(unit).await?.truncate().await?;
        Ok(())
    }
}

async fn outdated<P>(handle: &SubscriptionHandle<P>) -> String {
    eventually("it is outdated", || async { state(handle).await == "outdated" }).await;
    handle.inspect().await.state.reason().unwrap()
}

async fn letters<W: World>(world: &W, name: &str) -> Vec<DeadLetter>
where
    Repository<AppliedRow>: Inject<Unit<W>>,
{
    world.checkpoints().dead_letters(name, LetterQuery::all()).await.unwrap()
}

/// The numbers that were applied, in the order of the log.
async fn in_order<W: World>(world: &W) -> Vec<i64>
where
    Repository<AppliedRow>: Inject<Unit<W>>,
{
    let rows = world.rows().find(Query::all().order_by(AppliedRow::POSITION.asc())).await.unwrap();
    rows.into_iter().map(|row| row.by).collect()
}

async fn old_owner_stops_before_a_newer_event_and_commits_what_stands_before_it<W: World>()
where
    Repository<AppliedRow>: Inject<Unit<W>>,
{
    // In history and as it comes; whatever the policy says.
    let policies = [FailurePolicy::DeadLetter, FailurePolicy::Skip, FailurePolicy::Stop];
    for (live, policy) in [false, true].into_iter().flat_map(|live| policies.map(|policy| (live, policy))) {
        let world = W::new().await;
        let manager = world.manager();
        let config = config().on_failure(policy).failure_limit(FailureLimit::new(2, Duration::from_secs(60)));
        let handle = manager.subscribe(Applies(Plan::default()), config).await.unwrap();
        if live {
            manager.start().await.unwrap();
            eventually("it is live", || async { state(&handle).await == "live" }).await;
        }
        let before = world.bump(&[1, 101]).await;
        let newer = bump_newer(&world, 2).await;
        let after = world.bump(&[3]).await;
        manager.start().await.unwrap();
        let reason = outdated(&handle).await;
        for part in ["`Bumped`", "schema version 2", "versions up to 1", "deploy the newer code", &newer.to_string()] {
            assert!(reason.contains(part), "{part} in {reason}");
        }
        assert_eq!(world.applied().await, [1, 101]);
        assert!(letters(&world, "applies").await.is_empty(), "it is no failure of the handler");
        assert_eq!(world.checkpoints().load("applies").await.unwrap().unwrap().position, before);
        let health = manager.health(HealthLimits::default());
        assert!(health.live && !health.ready && health.reasons[0].contains("deploy the newer code"), "{health:?}");
        let error = handle.wait_for(after).within(Duration::from_millis(50)).await.unwrap_err();
        assert!(matches!(error, WaitError::Deadline { .. }), "{error}");
        // It can be paused, resumed and stopped.
        manager.pause("applies").await.unwrap();
        manager.resume("applies").await.unwrap();
        outdated(&handle).await;
        manager.stop().await.unwrap();
        assert_eq!(state(&handle).await, "stopped");
    }
}

async fn old_owner_gives_way_to_newer_code_and_does_not_take_the_lease_back<W: World>()
where
    Repository<AppliedRow>: Inject<Unit<W>>,
{
    let world = W::new().await;
    // So long that only a lease that is given up explains a takeover within the deadline.
    let long = config().lease(Duration::from_secs(100));
    let (old, new) = (world.manager(), world.manager());
    let old_handle = old.subscribe(Applies(Plan::default()), long).await.unwrap();
    old.start().await.unwrap();
    old_handle.wait_for(world.bump(&[1]).await).within(DEADLINE).await.unwrap();
    let new_handle = new.subscribe(NewApplies, config()).await.unwrap();
    new.start().await.unwrap();
    eventually("the new one stands by", || async { state(&new_handle).await == "standing by" }).await;
    bump_newer(&world, 2).await;
    let after = world.bump(&[3]).await;
    new_handle.wait_for(after).within(DEADLINE).await.unwrap();
    assert_eq!(in_order(&world).await, [1, 2, 3]);
    old.stop().await.unwrap();

    // The same with an old process that looks again soon: it stands by, and takes over only when the newer one is gone.
    let old = world.manager();
    let old_handle = old.subscribe(Applies(Plan::default()), config()).await.unwrap();
    new.stop().await.unwrap();
    old.start().await.unwrap();
    old_handle.wait_for(world.bump(&[4]).await).within(DEADLINE).await.unwrap();
    bump_newer(&world, 5).await;
    outdated(&old_handle).await;
    new.start().await.unwrap();
    new_handle.wait_for(world.bump(&[6]).await).within(DEADLINE).await.unwrap();
    let epoch = world.checkpoints().load("applies").await.unwrap().unwrap().epoch;
    eventually("the old one stands by", || async { state(&old_handle).await == "standing by" }).await;
    new_handle.wait_for(world.bump(&[7]).await).within(DEADLINE).await.unwrap();
    assert_eq!(world.checkpoints().load("applies").await.unwrap().unwrap().epoch, epoch, "it was not taken back");
    new.stop().await.unwrap();
    old_handle.wait_for(world.bump(&[8]).await).within(DEADLINE).await.unwrap();
    assert_eq!(in_order(&world).await, [1, 2, 3, 4, 5, 6, 7, 8]);
    assert!(letters(&world, "applies").await.is_empty());
}

async fn released_letter_of_a_newer_event_is_left_to_newer_code<W: World>()
where
    Repository<AppliedRow>: Inject<Unit<W>>,
{
    let (world, plan) = (W::new().await, Plan::new([(1, Fault::Permanent)]));
    let old = world.manager();
    let handle = old.subscribe(Applies(plan.clone()), config()).await.unwrap();
    old.start().await.unwrap();
    world.bump(&[1]).await;
    let newer = bump_newer(&world, 2).await;
    let last = world.bump(&[3]).await;
    handle.wait_for_passed(last).within(DEADLINE).await.unwrap();
    assert_eq!(handle.inspect().await.events_held.unwrap(), 2);
    plan.heal();
    let retried = handle.dead_letters().retry_all().await.unwrap();
    assert_eq!((retried.applied, retried.left.len()), (1, 1), "{retried:?}");
    let reason = outdated(&handle).await;
    assert!(reason.contains("schema version 2") && reason.contains("dead letter"), "{reason}");
    let left = letters(&world, "applies").await;
    assert!(
        matches!(&left[..], [letter] if letter.position == newer && letter.state == LetterState::Released),
        "{left:?}"
    );
    let new = world.manager();
    let new_handle = new.subscribe(NewApplies, config()).await.unwrap();
    new.start().await.unwrap();
    eventually("the letter follows", || async { letters(&world, "applies").await.is_empty() }).await;
    assert_eq!(in_order(&world).await, [1, 2, 3]);
    eventually("the old one stands by", || async { state(&handle).await == "standing by" }).await;
    new_handle.wait_for(world.bump(&[4]).await).within(DEADLINE).await.unwrap();
}

/// A release before this rule made such letters.
async fn waiting_letter_of_a_newer_event_stays_as_it_is<W: World>()
where
    Repository<AppliedRow>: Inject<Unit<W>>,
{
    let world = W::new().await;
    let newer = bump_newer(&world, 2).await;
    let page = world.store().read_log(Position::START, &EventFilter::all(), PageLimit::events(1)).await.unwrap();
    let event = &page.events[0];
    let checkpoints = world.checkpoints();
    let manager = world.manager();
    let handle = manager.subscribe(Applies(Plan::default()), config()).await.unwrap();
    let fingerprint = eventsource::projection::fingerprint(&Applies(Plan::default()));
    let owner = checkpoints.claim(&Claim::new("applies", &fingerprint, Position::START)).await.unwrap();
    let letter = DeadLetter::new("applies", event, &HandlerError::permanent("too new"), 1);
    let step =
        CheckpointUpdate::new("applies", owner.epoch, Position::START, newer).letters(vec![LetterChange::Keep(letter)]);
    checkpoints.detached().commit(&step).await.unwrap();
    manager.start().await.unwrap();
    handle.wait_for(world.bump(&[101]).await).within(DEADLINE).await.unwrap();
    let before = letters(&world, "applies").await;
    let retried = handle.dead_letters().retry(newer).await.unwrap();
    assert_eq!((retried.applied, retried.left.len()), (0, 1), "{retried:?}");
    assert_eq!(letters(&world, "applies").await, before, "nothing was changed");
    assert!(handle.inspect().await.last_error.unwrap().contains("deploy the newer code"));
    handle.wait_for(world.bump(&[102]).await).within(DEADLINE).await.unwrap();
}

/// An old process rebuilds a read model that newer code has filled.
async fn rebuild_in_place_is_finished_by_newer_code<W: World>()
where
    Repository<AppliedRow>: Inject<Unit<W>>,
{
    let world = W::new().await;
    world.bump(&[1]).await;
    bump_newer(&world, 2).await;
    let last = world.bump(&[3]).await;
    let new = world.manager();
    let new_handle = new.subscribe(NewApplies, config()).await.unwrap();
    new.start().await.unwrap();
    new_handle.wait_for(last).within(DEADLINE).await.unwrap();
    new.stop().await.unwrap();
    let old = world.manager();
    let handle = old.subscribe(Applies(Plan::default()), config()).await.unwrap();
    old.start().await.unwrap();
    let rebuild = handle.rebuild().await.unwrap();
    let error = rebuild.await.unwrap_err();
    assert!(matches!(&error, RebuildError::Ended { .. }) && error.to_string().contains("deploy"), "{error}");
    outdated(&handle).await;
    assert_eq!(in_order(&world).await, [1]);
    new.start().await.unwrap();
    new_handle.wait_for(world.bump(&[4]).await).within(DEADLINE).await.unwrap();
    eventually("it is rebuilt", || async { in_order(&world).await == [1, 2, 3, 4] }).await;
    assert!(letters(&world, "applies").await.is_empty());
    old.stop().await.unwrap();
}

/// The same as newer code has it.
#[derive(Clone, Default)]
struct NewKept(Vec<u64>);

impl Subscriber for NewKept {
    const KIND: ProjectionKind = ProjectionKind::DurableMemory;

    fn name(&self) -> Cow<'static, str> {
        "kept".into()
    }

    fn subscribed_to(&self) -> EventFilter {
        EventFilter::types(["Bumped"])
    }

    fn snapshot(&self) -> Result<Vec<u8>, HandlerError> {
        Ok(serde_json::to_vec(&self.0)?)
    }

    fn restore(&mut self, state: &[u8]) -> Result<(), HandlerError> {
        self.0 = serde_json::from_slice(state)?;
        Ok(())
    }
}

impl<U: UnitOfWork> EventSubscriber<U> for NewKept {
    async fn handle(&mut self, event: &std::sync::Arc<RecordedEvent>, _: &mut U) -> Result<(), HandlerError> {
        self.0.push(number(event));
        Ok(())
    }
}

async fn old_durable_memory_gives_way_and_reads_the_state_of_newer_code_when_it_comes_back<W: World>()
where
    Repository<AppliedRow>: Inject<Unit<W>>,
{
    let world = W::new().await;
    let (old, new) = (world.manager(), world.manager());
    let handle = old.subscribe(Kept::default(), config()).await.unwrap();
    old.start().await.unwrap();
    world.bump(&[1]).await;
    bump_newer(&world, 2).await;
    outdated(&handle).await;
    assert_eq!(handle.read().await.0, [1]);
    let new_handle = new.subscribe(NewKept::default(), config()).await.unwrap();
    new.start().await.unwrap();
    new_handle.wait_for(world.bump(&[3]).await).within(DEADLINE).await.unwrap();
    assert_eq!(new_handle.read().await.0, [1, 2, 3], "the state of the old process was stored before it stopped");
    new.stop().await.unwrap();
    handle.wait_for(world.bump(&[4]).await).within(DEADLINE).await.unwrap();
    eventually("it works", || async { state(&handle).await == "live" }).await;
    assert_eq!(handle.read().await.0, [1, 2, 3, 4], "the state is that of the newer process");
    assert!(letters(&world, "kept").await.is_empty());
}

/// Effects of old code.
struct Acts(Plan);

#[projection(effects, name = "acts")]
impl Acts {
    #[handles(Bumped)]
    async fn bumped(&self, event: &Bumped) -> Result<(), HandlerError> {
        self.0.strike(event.by).await
    }
}

/// The same as newer code has it.
struct NewActs(Plan);

impl Subscriber for NewActs {
    const KIND: ProjectionKind = ProjectionKind::Effects;

    fn name(&self) -> Cow<'static, str> {
        "acts".into()
    }

    fn subscribed_to(&self) -> EventFilter {
        EventFilter::types(["Bumped"])
    }
}

impl<U: UnitOfWork> EventSubscriber<U> for NewActs {
    async fn handle(&mut self, event: &std::sync::Arc<RecordedEvent>, _: &mut U) -> Result<(), HandlerError> {
        self.0.strike(number(event)).await
    }
}

async fn old_effects_give_way_to_newer_code<W: World>()
where
    Repository<AppliedRow>: Inject<Unit<W>>,
{
    let (world, plan) = (W::new().await, Plan::default());
    let (old, new) = (world.manager(), world.manager());
    let handle = old.subscribe(Acts(plan.clone()), config()).await.unwrap();
    old.start().await.unwrap();
    world.bump(&[1]).await;
    bump_newer(&world, 2).await;
    outdated(&handle).await;
    let new_handle = new.subscribe(NewActs(plan.clone()), config()).await.unwrap();
    new.start().await.unwrap();
    new_handle.wait_for(world.bump(&[3]).await).within(DEADLINE).await.unwrap();
    assert_eq!([1, 2, 3].map(|by| plan.calls(by)), [1, 1, 1], "each effect happened once");
    assert!(letters(&world, "acts").await.is_empty());
}

async fn memory_is_outdated_and_waits_say_so<W: World>()
where
    Repository<AppliedRow>: Inject<Unit<W>>,
{
    let world = W::new().await;
    let manager = world.manager();
    let seen = manager.subscribe(Seen::default(), config()).await.unwrap();
    manager.start().await.unwrap();
    world.bump(&[1]).await;
    let newer = bump_newer(&world, 2).await;
    world.bump(&[3]).await;
    let error = seen.wait_for(newer).within(DEADLINE).await.unwrap_err();
    assert!(matches!(&error, WaitError::Outdated { .. }) && error.to_string().contains("deploy"), "{error}");
    assert_eq!(seen.read().await.numbers(), [1]);
    assert_eq!(seen.inspect().await.dead_letters.unwrap(), 0);
    let health = manager.health(HealthLimits::default());
    assert!(health.live && !health.ready, "{health:?}");
    manager.stop().await.unwrap();
}

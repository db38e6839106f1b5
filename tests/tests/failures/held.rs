//! A wait for an event that was not applied, since it is a dead letter or parked behind one.

use eventsource::Inject;
use eventsource::subscription::WaitError;
use eventsource_tests::domain::{Bumped, note};

use crate::world::*;

crate::on_every_backend! {
    wait_for_a_letter_or_a_parked_event_ends_with_the_letter
    wait_for_a_dismissed_or_skipped_event_is_ok
    wait_on_a_standby_ends_with_the_letter_of_its_owner
}

type Unit<W> = <<W as World>::Checkpoints as CheckpointStore>::Unit;

/// The letter with which a wait for the event at `position` ends.
async fn letter_at<P>(handle: &SubscriptionHandle<P>, position: Position) -> Position {
    match handle.wait_for(position).within(DEADLINE).await {
        Err(WaitError::Held { position: waited_for, letter, .. }) => {
            assert_eq!(waited_for, position);
            letter.position
        }
        other => panic!("the wait for {position} ended with {other:?}"),
    }
}

async fn wait_for_a_letter_or_a_parked_event_ends_with_the_letter<W: World>()
where
    Repository<AppliedRow>: Inject<Unit<W>>,
{
    let (world, plan) = (W::new().await, Plan::new([(102, Fault::Permanent)]));
    let manager = world.manager();
    let handle = manager.subscribe(Applies(plan.clone()), quick(1)).await.unwrap();
    manager.start().await.unwrap();
    let applied = world.bump(&[101]).await;
    let failed = world.bump(&[102]).await;
    let parked = world.bump(&[103, 104]).await;
    let elsewhere = world.bump(&[201]).await;
    let foreign = note(&world.store(), 1).await;
    assert_eq!(letter_at(&handle, failed).await, failed);
    assert_eq!(letter_at(&handle, parked).await, failed);
    let error = handle.wait_for(parked).await.unwrap_err().to_string();
    assert!(error.contains("parked behind a dead letter") && error.contains("never"), "{error}");
    for passed in [applied, elsewhere, foreign] {
        assert!(handle.wait_for(passed).within(DEADLINE).await.unwrap() >= passed);
    }
    // A wait that only asks that it is passed.
    assert!(handle.wait_for_passed(parked).within(DEADLINE).await.unwrap() >= parked);
    handle.caught_up().within(DEADLINE).await.unwrap();
    // After a restart as well.
    manager.stop().await.unwrap();
    manager.start().await.unwrap();
    assert_eq!(letter_at(&handle, parked).await, failed);
    plan.heal();
    handle.dead_letters().retry_all().await.unwrap();
    handle.wait_for(failed).within(DEADLINE).await.unwrap();
    handle.wait_for(parked).within(DEADLINE).await.unwrap();
    manager.stop().await.unwrap();
}

async fn wait_for_a_dismissed_or_skipped_event_is_ok<W: World>()
where
    Repository<AppliedRow>: Inject<Unit<W>>,
{
    let (world, plan) = (W::new().await, Plan::new([(102, Fault::Permanent)]));
    let manager = world.manager();
    let handle = manager.subscribe(Applies(plan.clone()), quick(1)).await.unwrap();
    manager.start().await.unwrap();
    let failed = world.bump(&[101, 102]).await;
    assert_eq!(letter_at(&handle, failed).await, failed);
    handle.dead_letters().dismiss(failed, "known to be wrong").await.unwrap();
    handle.wait_for(failed).within(DEADLINE).await.unwrap();
    manager.unsubscribe("applies").await.unwrap();

    plan.fail(202, Fault::Permanent);
    let skips = quick(1).on_failure(FailurePolicy::Skip);
    let handle = manager.subscribe(Applies(plan), skips).await.unwrap();
    let skipped = world.bump(&[201, 202]).await;
    handle.wait_for(skipped).within(DEADLINE).await.unwrap();
    manager.stop().await.unwrap();
}

async fn wait_on_a_standby_ends_with_the_letter_of_its_owner<W: World>()
where
    Repository<AppliedRow>: Inject<Unit<W>>,
{
    let (world, plan) = (W::new().await, Plan::new([(102, Fault::Permanent)]));
    let (one, two) = (world.manager(), world.manager());
    let first = one.subscribe(Applies(plan.clone()), quick(1)).await.unwrap();
    one.start().await.unwrap();
    let failed = world.bump(&[101, 102]).await;
    assert_eq!(letter_at(&first, failed).await, failed);
    let second = two.subscribe(Applies(plan), quick(1)).await.unwrap();
    two.start().await.unwrap();
    eventually("it stands by", || async { second.inspect().await.state.name() == "standing by" }).await;
    let (parked, fine) = (world.bump(&[103]).await, world.bump(&[201]).await);
    assert_eq!(letter_at(&second, parked).await, failed);
    second.wait_for(fine).within(DEADLINE).await.unwrap();
    let status = second.inspect().await;
    assert_eq!((status.dead_letters.unwrap(), status.events_held.unwrap()), (1, 1));
    one.stop().await.unwrap();
    two.stop().await.unwrap();
}

/// State in memory, whose letters are stored with it at the stop or not at all.
macro_rules! in_memory {
    ($name:ident, $($options:tt)*) => {
        #[derive(Clone, Default, serde::Serialize, serde::Deserialize)]
        struct $name {
            numbers: Vec<u64>,
            #[serde(skip)]
            plan: Plan,
        }

        #[projection($($options)*)]
        impl $name {
            #[handles(Bumped)]
            async fn bumped(&mut self, event: &Bumped) -> Result<(), HandlerError> {
                self.plan.strike(event.by).await?;
                self.numbers.push(event.by);
                Ok(())
            }
        }
    };
}

in_memory!(InMemory, name = "in-memory");
in_memory!(Durable, name = "durable", snapshot);

#[tokio::test]
async fn wait_of_a_projection_in_memory_ends_with_the_letter() {
    let world = <Memory as World>::new().await;
    let manager = world.manager();
    let plan = Plan::new([(102, Fault::Permanent)]);
    let failing = InMemory { numbers: Vec::new(), plan: plan.clone() };
    let memory = manager.subscribe(failing, quick(1)).await.unwrap();
    let durable = manager.subscribe(Durable { numbers: Vec::new(), plan: plan.clone() }, quick(1)).await.unwrap();
    manager.start().await.unwrap();
    let failed = world.bump(&[101, 102]).await;
    let parked = world.bump(&[103]).await;
    let fine = world.bump(&[201]).await;
    for position in [failed, parked] {
        assert_eq!(letter_at(&memory, position).await, failed);
        assert_eq!(letter_at(&durable, position).await, failed);
    }
    memory.wait_for(fine).within(DEADLINE).await.unwrap();
    durable.wait_for(fine).within(DEADLINE).await.unwrap();
    // The letter of durable memory is stored with its state, at the stop.
    manager.stop().await.unwrap();
    manager.start().await.unwrap();
    assert_eq!(letter_at(&durable, parked).await, failed);
    plan.heal();
    memory.dead_letters().retry_all().await.unwrap();
    durable.dead_letters().retry_all().await.unwrap();
    memory.wait_for(parked).within(DEADLINE).await.unwrap();
    durable.wait_for(parked).within(DEADLINE).await.unwrap();
    manager.stop().await.unwrap();
}

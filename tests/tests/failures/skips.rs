//! An operator moves a checkpoint past events, and removes the checkpoint of a subscription that no process has.

use std::sync::Arc;

use eventsource::Inject;
use eventsource::admin::{Admin, AdminError, ManagerAdmin};
use eventsource::subscription::Action;

use crate::scene::{At, Scene, ada};
use crate::world::*;

crate::on_every_backend! {
    skip_goes_past_the_event_that_faults_a_subscription
    skip_is_served_between_two_attempts_of_an_event
    skip_is_refused_unless_it_goes_forward_from_the_checkpoint
    subscription_is_forgotten_after_all_its_processes_have_ended
}

fn skip(from: u64, to: u64) -> Action {
    Action::Skip { from: Position::new(from), to: Position::new(to), reason: "a test order".into() }
}

async fn skip_goes_past_the_event_that_faults_a_subscription<W: World>()
where
    Repository<AppliedRow>: Inject<Unit<W>>,
{
    for at in At::ALL {
        let scene = Scene::<W>::new(at, quick(1).on_failure(FailurePolicy::Stop)).await;
        scene.plan.fail(2, Fault::Permanent);
        scene.world.bump(&[2, 3]).await;
        let faulted = |handle: &SubscriptionHandle<Applies>| handle.snapshot().state.name() == "faulted";
        eventually("both are faulted", || async { faulted(&scene.owner) && faulted(&scene.standby) }).await;
        let served = scene.admin.carry_out("applies", skip(1, 2), ada()).await.unwrap();
        assert_eq!(served.state.to_string(), "done: the events after 1 up to 2 are skipped", "{at:?}");
        scene.admin.caught_up("applies", DEADLINE).await.unwrap();
        assert_eq!(scene.world.applied().await, [1, 3], "{at:?}");
        let skipped = scene.admin.subscription("applies").await.unwrap().skipped;
        let [range] = &skipped[..] else { panic!("{at:?}: {skipped:?}") };
        let (from, to) = (range.from.value(), range.to.value());
        assert_eq!((from, to, &*range.by, &*range.reason), (1, 2, "ada", "a test order"), "{at:?}");
        scene.stop().await;
    }
}

async fn skip_is_served_between_two_attempts_of_an_event<W: World>()
where
    Repository<AppliedRow>: Inject<Unit<W>>,
{
    let scene = Scene::<W>::new(At::Elsewhere, quick(u32::MAX)).await;
    scene.plan.fail(3, Fault::Times(u32::MAX));
    scene.world.bump(&[2, 3, 4, 5]).await;
    eventually("it is tried again", || async { scene.plan.calls(3) > 3 }).await;
    scene.admin.carry_out("applies", skip(2, 4), ada()).await.unwrap();
    scene.admin.caught_up("applies", DEADLINE).await.unwrap();
    assert_eq!(scene.world.applied().await, [1, 2, 5]);
    scene.stop().await;
}

async fn refusal(admin: &dyn Admin, action: Action) -> String {
    match admin.carry_out("applies", action, ada()).await {
        Err(AdminError::Refused { reason, .. }) => reason,
        other => panic!("{other:?}"),
    }
}

async fn skip_is_refused_unless_it_goes_forward_from_the_checkpoint<W: World>()
where
    Repository<AppliedRow>: Inject<Unit<W>>,
{
    for at in At::ALL {
        let scene = Scene::<W>::new(at, quick(1)).await;
        scene.world.bump(&[2]).await;
        scene.admin.caught_up("applies", DEADLINE).await.unwrap();
        let refused = |action| refusal(&*scene.admin, action);
        let backward = refused(skip(2, 1)).await;
        assert!(backward.contains("a skip goes forward only, and a rebuild goes back"), "{at:?}: {backward}");
        let moved = refused(skip(1, 5)).await;
        assert!(moved.contains("is at position 2 now, and not at 1"), "{at:?}: {moved}");
        let end = refused(skip(2, 3)).await;
        assert!(end.contains("cannot skip to position 3: the log ends at 2"), "{at:?}: {end}");
        assert_eq!(scene.admin.subscription("applies").await.unwrap().skipped, [], "{at:?}");
        scene.owner.wait_for(scene.world.bump(&[3]).await).within(DEADLINE).await.unwrap();
        scene.stop().await;
    }
}

async fn subscription_is_forgotten_after_all_its_processes_have_ended<W: World>()
where
    Repository<AppliedRow>: Inject<Unit<W>>,
{
    let scene = Scene::<W>::new(At::Elsewhere, quick(1).on_failure(FailurePolicy::DeadLetter)).await;
    scene.plan.fail(100, Fault::Permanent);
    scene.world.bump(&[100]).await;
    scene.admin.caught_up("applies", DEADLINE).await.unwrap();
    let refused = refusal(&*scene.admin, Action::Forget {}).await;
    assert!(refused.contains("owns it: end that process first") || refused.contains("this process has"), "{refused}");
    let here = ManagerAdmin::new(Arc::clone(&scene.first));
    let refused = refusal(&here, Action::Forget {}).await;
    assert!(refused.starts_with("this process has the subscription"), "{refused}");
    assert_eq!(scene.admin.letters("applies", LetterQuery::parking()).await.unwrap().len(), 1);
    scene.second.stop().await.unwrap();
    scene.first.stop().await.unwrap();
    scene.admin.carry_out("applies", Action::Forget {}, ada()).await.unwrap();
    let gone = scene.admin.subscription("applies").await.unwrap_err();
    assert!(matches!(gone, AdminError::UnknownSubscription { .. }), "{gone}");
    assert_eq!(scene.admin.letters("applies", LetterQuery::all()).await.unwrap(), []);
    assert_eq!(scene.world.checkpoints().load("applies").await.unwrap(), None);
    let again = scene.admin.carry_out("applies", Action::Forget {}, ada()).await.unwrap_err();
    assert!(matches!(again, AdminError::UnknownSubscription { .. }), "{again}");
}

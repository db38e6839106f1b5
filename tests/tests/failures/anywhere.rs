//! A process waits for a subscription that another process runs, and learns at the deadline why it is not there.

use std::sync::Arc;
use std::time::Duration;

use eventsource::Inject;
use eventsource::admin::{Admin as _, AdminError, DatabaseAdmin, ManagerAdmin};
use eventsource::store::{AppendToken, LogId};
use eventsource::subscription::Action;

use eventsource_tests::domain::Bumped;

use crate::scene::{At, Scene, ada};
use crate::world::*;

crate::on_every_backend! {
    wait_ends_when_the_owner_has_applied_the_event
    wait_at_its_deadline_names_the_owner_and_what_it_lacks
    wait_for_an_event_behind_a_dead_letter_is_an_error
    wait_outlives_the_owner
    wait_for_a_position_of_another_log_is_refused
    memory_projection_is_waited_for_and_steered_in_its_own_process
}

async fn wait_ends_when_the_owner_has_applied_the_event<W: World>()
where
    Repository<AppliedRow>: Inject<Unit<W>>,
{
    for at in At::ALL {
        let scene = Scene::<W>::new(at, quick(1)).await;
        for by in 2..20 {
            let position = scene.world.bump(&[by]).await;
            let reached = scene.admin.wait_for("applies", position.into(), DEADLINE).await.unwrap();
            assert!(reached >= position, "{at:?}");
            assert_eq!(scene.world.applied().await.last(), Some(&(by as i64)), "{at:?}");
        }
        scene.stop().await;
    }
}

async fn wait_at_its_deadline_names_the_owner_and_what_it_lacks<W: World>()
where
    Repository<AppliedRow>: Inject<Unit<W>>,
{
    for at in At::ALL {
        let scene = Scene::<W>::new(at, quick(1)).await;
        let before = scene.admin.caught_up("applies", DEADLINE).await.unwrap();
        scene.admin.carry_out("applies", Action::Pause { reason: String::new() }, ada()).await.unwrap();
        eventually("the pause is seen", || async {
            scene.admin.subscription("applies").await.unwrap().state == "paused"
        })
        .await;
        let target = scene.world.bump(&[2, 3]).await;
        let within = Duration::from_millis(300);
        let error = scene.admin.wait_for("applies", target.into(), within).await.unwrap_err();
        let AdminError::Behind { position, behind, state, owner, .. } = &error else { panic!("{at:?}: {error}") };
        assert_eq!((*position, *behind, &**state), (before, 2, "paused"), "{at:?}");
        let SubscriptionState::Standby { owner: named, .. } = scene.standby.snapshot().state else { panic!("{at:?}") };
        assert_eq!(owner.as_deref(), Some(&*named), "{at:?}");
        scene.stop().await;
    }
}

async fn wait_for_an_event_behind_a_dead_letter_is_an_error<W: World>()
where
    Repository<AppliedRow>: Inject<Unit<W>>,
{
    for at in At::ALL {
        let scene = Scene::<W>::new(at, quick(1).on_failure(FailurePolicy::DeadLetter)).await;
        scene.plan.fail(100, Fault::Permanent);
        scene.world.bump(&[100]).await;
        let held = scene.world.bump(&[101]).await;
        let error = scene.admin.wait_for("applies", held.into(), DEADLINE).await.unwrap_err();
        assert!(matches!(error, AdminError::Held { position, .. } if position == held), "{at:?}: {error}");
        let other = scene.world.bump(&[2]).await;
        scene.admin.wait_for("applies", other.into(), DEADLINE).await.unwrap();
        scene.stop().await;
    }
}

async fn wait_outlives_the_owner<W: World>()
where
    Repository<AppliedRow>: Inject<Unit<W>>,
{
    let scene = Scene::<W>::new(At::Elsewhere, quick(1)).await;
    scene.plan.fail(2, Fault::Hang);
    let position = scene.world.bump(&[2]).await;
    let wait = scene.admin.wait_for("applies", position.into(), DEADLINE);
    let takeover = async {
        eventually("the owner hangs", || async { scene.plan.calls(2) > 0 }).await;
        scene.plan.heal();
        let _ = scene.first.stop_within(Duration::from_millis(10)).await;
    };
    let (reached, ()) = tokio::join!(wait, takeover);
    assert!(reached.unwrap() >= position);
    assert_eq!(scene.world.applied().await, [1, 2]);
    scene.second.stop().await.unwrap();
}

async fn wait_for_a_position_of_another_log_is_refused<W: World>()
where
    Repository<AppliedRow>: Inject<Unit<W>>,
{
    for at in At::ALL {
        let scene = Scene::<W>::new(at, quick(1)).await;
        let token = AppendToken::new(LogId::generate(), Position::new(1));
        let error = scene.admin.wait_for("applies", token.into(), DEADLINE).await.unwrap_err();
        assert!(matches!(error, AdminError::OtherLog { .. }), "{at:?}: {error}");
        scene.stop().await;
    }
}

/// In memory: the sum of the bumps.
#[derive(Clone, Default)]
struct Sum(u64);

#[projection(name = "sum")]
impl Sum {
    #[handles(Bumped)]
    fn bumped(&mut self, event: &Bumped) {
        self.0 += event.by;
    }
}

async fn memory_projection_is_waited_for_and_steered_in_its_own_process<W: World>()
where
    Repository<AppliedRow>: Inject<Unit<W>>,
{
    let world = W::new().await;
    let manager = Arc::new(world.manager());
    let sum = manager.subscribe(Sum::default(), SubscriptionConfig::from_beginning()).await.unwrap();
    manager.start().await.unwrap();
    let position = world.bump(&[5]).await;
    let here = ManagerAdmin::new(Arc::clone(&manager));
    here.wait_for("sum", position.into(), DEADLINE).await.unwrap();
    assert_eq!(sum.read().await.0, 5);
    assert_eq!(here.subscription("sum").await.unwrap().position, position);
    here.carry_out("sum", Action::Pause { reason: "tea".into() }, ada()).await.unwrap();
    assert_eq!(sum.snapshot().state.name(), "paused");
    here.carry_out("sum", Action::Resume {}, ada()).await.unwrap();

    let elsewhere = DatabaseAdmin::new(world.checkpoints(), world.store());
    eventually("it is reported", || async { elsewhere.subscription("sum").await.is_ok() }).await;
    let error = elsewhere.carry_out("sum", Action::Restart {}, ada()).await.unwrap_err();
    assert!(matches!(error, AdminError::InMemory { .. }), "{error}");
    let error = elsewhere.wait_for("sum", position.into(), Duration::from_millis(50)).await.unwrap_err();
    assert!(matches!(error, AdminError::InMemory { .. }), "{error}");
    manager.stop().await.unwrap();
}

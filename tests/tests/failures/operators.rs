//! An operator steers a subscription from the process that runs it, from a standby, and from a process that runs no
//! projections. All three see and do the same.

use std::time::Duration;

use eventsource::Inject;
use eventsource::admin::{Admin as _, AdminError, Asked, DatabaseAdmin};
use eventsource::projection::operations::{RequestQuery, RequestState};
use eventsource::subscription::{Action, LetterSelection, RebuildKind};

use crate::scene::{At, Scene, ada};
use crate::world::*;

crate::on_every_backend! {
    overview_shows_the_subscription_as_its_owner_has_it
    pause_and_resume_reach_the_owner
    restart_starts_a_faulted_subscription
    rebuild_in_place_applies_the_log_again
    held_rebuild_serves_after_the_switch
    rebuild_side_by_side_is_begun_and_cancelled
    dead_letters_are_listed_shown_retried_and_dismissed
    request_that_no_process_serves_is_withdrawn
    request_that_was_asked_is_waited_for_later
    requests_are_the_record_of_what_operators_did
    unknown_names_are_errors
    pause_without_a_process_is_obeyed_at_the_next_start
}

async fn overview_shows_the_subscription_as_its_owner_has_it<W: World>()
where
    Repository<AppliedRow>: Inject<Unit<W>>,
{
    for at in At::ALL {
        let scene = Scene::<W>::new(at, quick(1)).await;
        let head = scene.world.bump(&[2]).await;
        let admin = &scene.admin;
        eventually("the owner is seen live at the head", || async {
            let view = admin.subscription("applies").await.unwrap();
            let mut states: Vec<_> = view.managers.iter().map(|manager| manager.state.as_str()).collect();
            states.sort_unstable();
            let is_current = view.state == "live" && view.position == head && view.behind == 0;
            is_current && states == ["live", "standing by"]
        })
        .await;
        let overview = admin.overview().await.unwrap();
        assert_eq!((overview.head, overview.subscriptions.len()), (head, 1), "{at:?}");
        let view = &overview.subscriptions[0];
        assert_eq!(
            (&*view.name, &*view.kind, &*view.guarantee),
            ("applies", "transactional", "exactly once"),
            "{at:?}"
        );
        assert_eq!(view.handles.as_deref(), Some(&["Bumped".to_owned()][..]), "{at:?}");
        let owner = view.owner.as_ref().unwrap();
        let SubscriptionState::Standby { owner: named, .. } = scene.standby.snapshot().state else { panic!("{at:?}") };
        assert_eq!((&*owner.manager, owner.is_expired), (&*named, false), "{at:?}");
        let json = serde_json::to_value(&overview).unwrap();
        assert_eq!((&json["format"], &json["subscriptions"][0]["state"]), (&1.into(), &"live".into()), "{at:?}");
        scene.stop().await;
    }
}

async fn pause_and_resume_reach_the_owner<W: World>()
where
    Repository<AppliedRow>: Inject<Unit<W>>,
{
    for at in At::ALL {
        let scene = Scene::<W>::new(at, quick(1)).await;
        let pause = Action::Pause { reason: "an upgrade".into() };
        scene.admin.carry_out("applies", pause, ada()).await.unwrap();
        eventually("it is paused", || async { scene.owner.snapshot().state.name() == "paused" }).await;
        let view = scene.admin.subscription("applies").await.unwrap();
        let pause = view.pause.unwrap();
        assert_eq!((&*pause.by, &*pause.reason), ("ada", "an upgrade"), "{at:?}");
        scene.admin.carry_out("applies", Action::Resume {}, ada()).await.unwrap();
        scene.owner.wait_for(scene.world.bump(&[2]).await).within(DEADLINE).await.unwrap();
        assert_eq!(scene.admin.subscription("applies").await.unwrap().pause, None, "{at:?}");
        scene.stop().await;
    }
}

async fn restart_starts_a_faulted_subscription<W: World>()
where
    Repository<AppliedRow>: Inject<Unit<W>>,
{
    for at in At::ALL {
        let scene = Scene::<W>::new(at, quick(1).on_failure(FailurePolicy::Stop)).await;
        scene.plan.fail(2, Fault::Permanent);
        scene.world.bump(&[2]).await;
        let faulted = |handle: &SubscriptionHandle<Applies>| handle.snapshot().state.name() == "faulted";
        eventually("both are faulted", || async { faulted(&scene.owner) && faulted(&scene.standby) }).await;
        scene.plan.heal();
        scene.admin.carry_out("applies", Action::Restart {}, ada()).await.unwrap();
        scene.admin.caught_up("applies", DEADLINE).await.unwrap();
        assert_eq!(scene.world.applied().await, [1, 2], "{at:?}");
        scene.stop().await;
    }
}

async fn rebuild_in_place_applies_the_log_again<W: World>()
where
    Repository<AppliedRow>: Inject<Unit<W>>,
{
    for at in At::ALL {
        let scene = Scene::<W>::new(at, quick(1)).await;
        let rebuild = Action::Rebuild { kind: RebuildKind::InPlace };
        let served = scene.admin.carry_out("applies", rebuild, ada()).await.unwrap();
        assert_eq!(served.state.to_string(), "done: the rebuild in place has begun", "{at:?}");
        scene.admin.caught_up("applies", DEADLINE).await.unwrap();
        eventually("the event is applied again", || async { scene.plan.calls(1) == 2 }).await;
        assert_eq!(scene.world.applied().await, [1], "{at:?}");
        scene.stop().await;
    }
}

async fn rebuild_side_by_side_is_begun_and_cancelled<W: World>()
where
    Repository<AppliedRow>: Inject<Unit<W>>,
{
    for at in At::ALL {
        let scene = Scene::<W>::new(at, quick(u32::MAX)).await;
        scene.plan.fail(1, Fault::Times(u32::MAX));
        let rebuild = Action::Rebuild { kind: RebuildKind::SideBySide };
        if scene.world.checkpoints().generations().is_none() {
            let error = scene.admin.carry_out("applies", rebuild, ada()).await.unwrap_err();
            assert!(error.to_string().contains("no generations"), "{at:?}: {error}");
            scene.stop().await;
            continue;
        }
        let served = scene.admin.carry_out("applies", rebuild.clone(), ada()).await.unwrap();
        assert_eq!(served.state.to_string(), "done: the rebuild side by side has begun", "{at:?}");
        let next = || async { scene.admin.subscription("applies").await.unwrap().next_generation };
        eventually("the next generation is seen", || async { next().await.is_some() }).await;
        let again = scene.admin.carry_out("applies", rebuild, ada()).await.unwrap().state.to_string();
        assert_eq!(again, "done: the rebuild side by side has begun already, and goes on", "{at:?}");
        let cancelled = scene.admin.carry_out("applies", Action::CancelRebuild {}, ada()).await.unwrap();
        assert_eq!(cancelled.state.to_string(), "done: the rebuild is cancelled", "{at:?}");
        assert_eq!(next().await, None, "{at:?}");
        let again = scene.admin.carry_out("applies", Action::CancelRebuild {}, ada()).await.unwrap().state.to_string();
        assert_eq!(again, "done: there is no unfinished rebuild", "{at:?}");
        scene.stop().await;
    }
}

async fn held_rebuild_serves_after_the_switch<W: World>()
where
    Repository<AppliedRow>: Inject<Unit<W>>,
{
    for at in At::ALL {
        let scene = Scene::<W>::new(at, quick(1)).await;
        if scene.world.checkpoints().generations().is_none() {
            scene.stop().await;
            continue;
        }
        let hold = Action::RebuildAndHold { reason: "compare first".into() };
        for _ in 0..2 {
            let served = scene.admin.carry_out("applies", hold.clone(), ada()).await.unwrap();
            assert_eq!(served.state.to_string(), "done: the rebuild side by side has begun, and is held", "{at:?}");
        }
        let view = || async { scene.admin.subscription("applies").await.unwrap() };
        // It follows the log, and does not serve.
        for by in 2..4 {
            let position = scene.world.bump(&[by]).await;
            scene.admin.wait_for("applies", position.into(), DEADLINE).await.unwrap();
            eventually("it follows the log", || async { view().await.next_generation == Some(position) }).await;
        }
        let held = view().await.hold.unwrap();
        assert_eq!((&*held.by, &*held.reason), ("ada", "compare first"), "{at:?}");
        assert_eq!(scene.plan.calls(3), 2, "{at:?}: each generation has applied it once");

        let served = scene.admin.carry_out("applies", Action::SwitchRebuild {}, ada()).await.unwrap().state.to_string();
        assert!(served.starts_with("done: the hold is removed"), "{at:?}: {served}");
        eventually("it serves", || async { view().await.next_generation.is_none() }).await;
        assert_eq!(view().await.hold, None, "{at:?}");
        let again = scene.admin.carry_out("applies", Action::SwitchRebuild {}, ada()).await.unwrap().state.to_string();
        assert_eq!(again, "done: no next generation is held", "{at:?}");
        scene.admin.caught_up("applies", DEADLINE).await.unwrap();
        assert_eq!(scene.world.applied().await, [1, 2, 3], "{at:?}");
        scene.stop().await;
    }
}

async fn dead_letters_are_listed_shown_retried_and_dismissed<W: World>()
where
    Repository<AppliedRow>: Inject<Unit<W>>,
{
    for at in At::ALL {
        let scene = Scene::<W>::new(at, quick(1).on_failure(FailurePolicy::DeadLetter)).await;
        scene.plan.fail(100, Fault::Permanent);
        scene.plan.fail(200, Fault::Permanent);
        let first = scene.world.bump(&[100]).await;
        let head = scene.world.bump(&[101, 200]).await;
        scene.admin.caught_up("applies", DEADLINE).await.unwrap();
        let page = scene.admin.letters("applies", LetterQuery::parking().limit(1)).await.unwrap();
        assert_eq!(page.iter().map(|letter| letter.position).collect::<Vec<_>>(), [first], "{at:?}");
        let next = LetterQuery::parking().limit(1).next(&page).unwrap();
        let page = scene.admin.letters("applies", next).await.unwrap();
        assert_eq!(page.iter().map(|letter| letter.position).collect::<Vec<_>>(), [head], "{at:?}");
        let view = scene.admin.letter("applies", first).await.unwrap();
        assert_eq!((&*view.letter.errors, view.letter.held), (&["never".to_owned()][..], 1), "{at:?}");
        assert_eq!(&*view.event.unwrap().payload, r#"{"by":100}"#, "{at:?}");
        eventually("they are counted", || async {
            let view = scene.admin.subscription("applies").await.unwrap();
            (view.letters, view.held) == (2, 1)
        })
        .await;

        let of_stream = |by| Action::RetryLetters { letters: LetterSelection::Stream(stream(by)) };
        let served = scene.admin.carry_out("applies", of_stream(100), ada()).await.unwrap();
        let said = format!("done: 0 events applied, 1 of these letters left; the one at position {first} says: never");
        assert_eq!(served.state.to_string(), said, "{at:?}");
        scene.plan.heal();
        let served = scene.admin.carry_out("applies", of_stream(100), ada()).await.unwrap();
        assert_eq!(served.state.to_string(), "done: 2 events applied, none of these letters left", "{at:?}");
        let at_first = Action::RetryLetters { letters: LetterSelection::At(first) };
        let served = scene.admin.carry_out("applies", at_first, ada()).await.unwrap();
        assert!(
            matches!(served.state, RequestState::Done { .. }),
            "a letter that is gone is no failure: {:?}",
            served.state
        );
        let dismiss = Action::DismissLetters { positions: vec![first, head], reason: "free of charge".into() };
        let served = scene.admin.carry_out("applies", dismiss, ada()).await.unwrap();
        let said = "done: 1 dead letter dismissed; 1 did not wait any more";
        assert_eq!(served.state.to_string(), said, "{at:?}");
        assert_eq!(scene.admin.letters("applies", LetterQuery::parking()).await.unwrap(), [], "{at:?}");
        let dismissed = scene.admin.letter("applies", head).await.unwrap().letter.state;
        assert!(matches!(dismissed, LetterState::Dismissed { .. }), "{at:?}");
        let mut applied = scene.world.applied().await;
        applied.sort_unstable();
        assert_eq!(applied, [1, 100, 101], "{at:?}");
        scene.stop().await;
    }
}

async fn request_that_no_process_serves_is_withdrawn<W: World>()
where
    Repository<AppliedRow>: Inject<Unit<W>>,
{
    let scene = Scene::<W>::new(At::Elsewhere, quick(1)).await;
    scene.first.stop().await.unwrap();
    scene.second.stop().await.unwrap();
    let asked = Asked::by("ada").within(Duration::from_millis(300));
    let error = scene.admin.carry_out("applies", Action::Restart {}, asked).await.unwrap_err();
    assert!(matches!(error, AdminError::NotServed { .. }), "{error}");
    let [request] = &scene.admin.requests(&RequestQuery::latest(10)).await.unwrap()[..] else { panic!("one request") };
    assert!(matches!(request.state, RequestState::Withdrawn { .. }), "{:?}", request.state);
    assert!(!scene.admin.withdraw(request.request.id).await.unwrap(), "it is withdrawn already");
    scene.first.start().await.unwrap();
    scene.admin.caught_up("applies", DEADLINE).await.unwrap();
    let state = scene.admin.request(request.request.id).await.unwrap().state;
    assert!(matches!(state, RequestState::Withdrawn { .. }), "it is not served later: {state:?}");
    scene.stop().await;
}

async fn request_that_was_asked_is_waited_for_later<W: World>()
where
    Repository<AppliedRow>: Inject<Unit<W>>,
{
    for at in At::ALL {
        let scene = Scene::<W>::new(at, quick(1)).await;
        let id = scene.admin.ask("applies", Action::Restart {}, ada()).await.unwrap();
        let served = scene.admin.ended(id, DEADLINE).await.unwrap();
        assert!(matches!(served.state, RequestState::Done { .. }), "{at:?}: {:?}", served.state);
        let error = scene.admin.ended(uuid::Uuid::nil(), DEADLINE).await.unwrap_err();
        assert!(matches!(error, AdminError::UnknownRequest { .. }), "{at:?}: {error}");
        scene.stop().await;
    }
}

async fn requests_are_the_record_of_what_operators_did<W: World>()
where
    Repository<AppliedRow>: Inject<Unit<W>>,
{
    for at in At::ALL {
        let scene = Scene::<W>::new(at, quick(1)).await;
        for action in [Action::Pause { reason: String::new() }, Action::Resume {}, Action::Restart {}] {
            scene.admin.carry_out("applies", action, ada()).await.unwrap();
        }
        let query = RequestQuery::latest(2).of("applies");
        let page = scene.admin.requests(&query).await.unwrap();
        let actions: Vec<_> = page.iter().map(|stored| stored.request.action.as_str()).collect();
        assert_eq!(actions, ["restart", "resume"], "{at:?}");
        let page = scene.admin.requests(&query.before(page[1].request.id)).await.unwrap();
        let [pause] = &page[..] else { panic!("one request is left: {page:?}") };
        assert_eq!((&*pause.request.action, &*pause.request.by), ("pause", "ada"), "{at:?}");
        assert!(matches!(pause.state, RequestState::Done { .. }), "{:?}", pause.state);
        scene.stop().await;
    }
}

async fn unknown_names_are_errors<W: World>()
where
    Repository<AppliedRow>: Inject<Unit<W>>,
{
    for at in At::ALL {
        let scene = Scene::<W>::new(at, quick(1)).await;
        let error = scene.admin.subscription("aplies").await.unwrap_err();
        assert_eq!(error.to_string(), "there is no subscription `aplies`; there are: applies", "{at:?}");
        let error = scene.admin.carry_out("aplies", Action::Restart {}, ada()).await.unwrap_err();
        assert!(matches!(error, AdminError::UnknownSubscription { .. }), "{at:?}: {error}");
        let error = scene.admin.letter("applies", Position::new(7)).await.unwrap_err();
        assert!(matches!(error, AdminError::UnknownLetter { .. }), "{at:?}: {error}");
        let error = scene.admin.event(uuid::Uuid::nil()).await.unwrap_err();
        assert!(matches!(error, AdminError::UnknownEvent { .. }), "{at:?}: {error}");
        let error = scene.admin.request(uuid::Uuid::nil()).await.unwrap_err();
        assert!(matches!(error, AdminError::UnknownRequest { .. }), "{at:?}: {error}");
        scene.stop().await;
    }
}

async fn pause_without_a_process_is_obeyed_at_the_next_start<W: World>()
where
    Repository<AppliedRow>: Inject<Unit<W>>,
{
    let scene = Scene::<W>::new(At::Elsewhere, quick(1)).await;
    scene.first.stop().await.unwrap();
    scene.second.stop().await.unwrap();
    let admin = DatabaseAdmin::new(scene.world.checkpoints(), scene.world.store());
    admin.carry_out("applies", Action::Pause { reason: "at night".into() }, ada()).await.unwrap();
    scene.first.start().await.unwrap();
    eventually("it is paused", || async { scene.owner.snapshot().state.name() == "paused" }).await;
    admin.carry_out("applies", Action::Resume {}, ada()).await.unwrap();
    scene.owner.wait_for(scene.world.bump(&[2]).await).within(DEADLINE).await.unwrap();
    scene.stop().await;
}

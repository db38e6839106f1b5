//! A rebuild in place: the read model is emptied with its checkpoint, and the log replayed (rebuilds lose nothing).

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use eventsource::prelude::*;
use eventsource::projection::{DeadLetter, ErrorClass, LetterState};
use eventsource::subscription::{FailurePolicy, RebuildError, RebuildKind, StopReason, SubscriptionState};
use eventsource_tests::domain::{Bumped, bump, note};
use eventsource_tests::sums::SumRow;
use eventsource_tests::wait::{DEADLINE, eventually};

use crate::world::{On, Sums, World, on_every_backend, passed, small};

on_every_backend!(
    a_running_one_is_rebuilt,
    a_stopped_one_is_started,
    an_interrupted_one_goes_on,
    a_cancelled_one_stops_and_goes_on_later,
    dead_letters_are_tried_again,
    what_cannot_be_rebuilt_is_refused,
);

async fn a_running_one_is_rebuilt<W: World>(world: W)
where
    Sums: On<W>,
{
    let (manager, sums) = (world.manager(), Sums::default());
    let handle = manager.subscribe(sums.clone(), small()).await.unwrap();
    bump(&world.store(), 0..200).await;
    let head = note(&world.store(), 1).await;
    manager.start().await.unwrap();
    handle.caught_up().within(DEADLINE).await.unwrap();
    world.assert_rows_equal_the_log().await;
    let before = world.checkpoint().await.unwrap();

    sums.be_slow(true);
    let rebuild = handle.rebuild().await.unwrap();
    eventually("it has begun", || async { rebuild.progress().await.events_done.is_some_and(|done| done > 20) }).await;
    let (status, progress) = (handle.inspect().await, rebuild.progress().await);
    let rebuilding = SubscriptionState::Rebuilding { kind: RebuildKind::InPlace, target: head };
    assert_eq!(format!("{:?}", status.state), format!("{rebuilding:?}"));
    assert!(status.state.reason().unwrap().contains("rebuilt in place, up to position"), "{:?}", status.state.reason());
    assert_eq!(status.rebuild.map(|rebuild| (rebuild.kind, rebuild.target)), Some((RebuildKind::InPlace, head)));
    assert_eq!((progress.kind, progress.target, progress.events_total), (RebuildKind::InPlace, head, Some(201)));
    assert!(progress.position < head && progress.events_done < Some(201), "{progress:?}");
    assert!(progress.rate.unwrap() > 0.0 && progress.time_left.unwrap() > Duration::ZERO, "{progress:?}");
    assert!(progress.to_string().starts_with("in place: "), "{progress}");
    assert!(handle.unfinished_rebuild().is_some());
    assert_eq!(world.checkpoint().await.unwrap().rebuild_to, Some(head));

    sums.be_slow(false);
    assert!(rebuild.await.unwrap() >= head);
    assert!(handle.unfinished_rebuild().is_none() && handle.inspect().await.rebuild.is_none());
    world.assert_rows_equal_the_log().await;
    let position = bump(&world.store(), 5..9).await;
    handle.wait_for(position).within(DEADLINE).await.unwrap();
    world.assert_rows_equal_the_log().await;
    let after = world.checkpoint().await.unwrap();
    assert!(after.epoch > before.epoch && after.rebuild_to.is_none(), "{after:?}");
    eventually("it is live", || async { matches!(handle.inspect().await.state, SubscriptionState::Live) }).await;

    // By its name as well, on an empty read model and on a log that is at its end.
    manager.rebuild("bump-sums").await.unwrap().await.unwrap();
    world.assert_rows_equal_the_log().await;
    let error = manager.rebuild("bump").await.unwrap_err();
    assert!(error.to_string().contains("there is no subscription `bump`"), "{error}");
}

async fn a_stopped_one_is_started<W: World>(world: W)
where
    Sums: On<W>,
{
    let (manager, sums) = (world.manager(), Sums::default());
    let handle = manager.subscribe(sums, small()).await.unwrap();
    bump(&world.store(), 0..20).await;
    handle.rebuild().await.unwrap().await.unwrap();
    world.assert_rows_equal_the_log().await;
    manager.stop().await.unwrap();
    handle.rebuild().await.unwrap().await.unwrap();
    world.assert_rows_equal_the_log().await;
    assert!(handle.inspect().await.state.is_running());
    manager.unsubscribe("bump-sums").await.unwrap();
    let error = handle.rebuild().await.unwrap_err();
    assert!(matches!(error, RebuildError::NotRunning { .. }), "{error}");
}

async fn an_interrupted_one_goes_on<W: World>(world: W)
where
    Sums: On<W>,
{
    let sums = Sums::default();
    let target = bump(&world.store(), 0..200).await;
    {
        let manager = world.manager();
        let handle = manager.subscribe(sums.clone(), small()).await.unwrap();
        sums.be_slow(true);
        let rebuild = handle.rebuild().await.unwrap();
        passed(&handle, 20).await;
        manager.stop().await.unwrap();
        let error = rebuild.await.unwrap_err();
        assert!(matches!(&error, RebuildError::Ended { .. }), "{error}");
        assert!(error.to_string().contains("the manager was stopped"), "{error}");
    }
    let position = world.checkpoint().await.unwrap().position;
    assert!(position.value() >= 20 && position < target, "{position}");
    let manager = world.manager();
    let handle = manager.subscribe(sums.clone(), small()).await.unwrap();
    let status = handle.inspect().await;
    assert_eq!(status.rebuild.map(|rebuild| (rebuild.position, rebuild.target)), Some((position, target)));
    manager.start().await.unwrap();
    passed(&handle, position.value() + 3).await;
    let status = handle.inspect().await;
    assert!(matches!(status.state, SubscriptionState::Rebuilding { .. }), "{:?}", status.state);
    assert!(status.events_handled < 150, "it goes on where it was: {}", status.events_handled);
    sums.be_slow(false);
    handle.unfinished_rebuild().unwrap().await.unwrap();
    world.assert_rows_equal_the_log().await;
}

async fn a_cancelled_one_stops_and_goes_on_later<W: World>(world: W)
where
    Sums: On<W>,
{
    let (manager, sums) = (world.manager(), Sums::default());
    bump(&world.store(), 0..200).await;
    let handle = manager.subscribe(sums.clone(), small()).await.unwrap();
    sums.be_slow(true);
    let rebuild = handle.rebuild().await.unwrap();
    passed(&handle, 10).await;
    rebuild.cancel().await.unwrap();
    let state = handle.inspect().await.state;
    assert!(
        matches!(state, SubscriptionState::Stopped { reason: StopReason::RebuildCancelled }),
        "the state says so: {state:?}"
    );
    let error = rebuild.await.unwrap_err();
    assert!(matches!(error, RebuildError::Cancelled { .. }), "{error}");
    let stopped_at = handle.inspect().await.position.unwrap();
    sums.be_slow(false);
    manager.start().await.unwrap();
    let rebuild = handle.unfinished_rebuild();
    handle.caught_up().within(DEADLINE).await.unwrap();
    assert!(stopped_at.value() < 200 && rebuild.is_some(), "{stopped_at}");
    world.assert_rows_equal_the_log().await;
    rebuild.unwrap().cancel().await.unwrap();
    assert!(handle.inspect().await.state.is_running(), "one that is done is not cancelled");
}

/// That the letter tells which event `refused` failed, where it stands, why, and how often.
fn assert_is_of(letter: &DeadLetter, refused: &RecordedEvent) {
    assert_eq!(letter.subscription, "bump-sums");
    assert_eq!((letter.position, letter.version), (refused.position(), refused.version()));
    assert_eq!(&letter.stream, refused.stream());
    assert_eq!((&*letter.event_type, letter.event_id), ("Bumped", refused.id()));
    assert_eq!(letter.errors, ["the number of the beast"]);
    assert_eq!((letter.class, letter.attempts), (ErrorClass::Permanent, 1));
}

async fn dead_letters_are_tried_again<W: World>(world: W)
where
    Sums: On<W>,
{
    let (manager, sums) = (world.manager(), Sums::default());
    sums.refuses.store(true, Ordering::SeqCst);
    let config = small().on_failure_in_rebuild(FailurePolicy::Skip);
    let handle = manager.subscribe(sums.clone(), config).await.unwrap();
    bump(&world.store(), [1, 2, 666, 3, 4]).await;
    manager.start().await.unwrap();
    handle.caught_up().within(DEADLINE).await.unwrap();
    let status = handle.inspect().await;
    assert_eq!((status.dead_letters.unwrap(), status.events_held.unwrap()), (1, 2), "in normal running it is kept");
    let filter = EventFilter::types([Bumped::NAME]);
    let log = world.store().read_log(Position::START, &filter, PageLimit::events(10)).await.unwrap();
    let refused = Arc::clone(&log.events[2]);
    let waiting = handle.dead_letters().list().await.unwrap();
    let [letter] = &waiting[..] else { panic!("{waiting:?}") };
    assert_is_of(letter, &refused);
    assert_eq!((letter.held, &letter.state), (2, &LetterState::Waiting));

    let started = eventsource::event::now();
    handle.rebuild().await.unwrap().await.unwrap();
    let status = handle.inspect().await;
    assert_eq!((status.dead_letters.unwrap(), status.events_held.unwrap()), (0, 0), "in a rebuild it is skipped");
    let letters = handle.dead_letters().dismissed().await.unwrap();
    let [letter] = &letters[..] else { panic!("{letters:?}") };
    assert_is_of(letter, &refused);
    assert!(letter.first_failed_at <= letter.last_failed_at && letter.last_failed_at >= started, "{letter:?}");
    let LetterState::Dismissed { reason, at } = &letter.state else { panic!("{letter:?}") };
    assert_eq!(reason, "skipped by the policy of the subscription");
    assert!(*at >= letter.last_failed_at, "{letter:?}");
    let bumps = |row: &SumRow| row.bumps;
    let rows = world.rows::<SumRow>().find(Query::all()).await.unwrap();
    assert_eq!(rows.iter().map(bumps).sum::<u64>(), 4);

    sums.refuses.store(false, Ordering::SeqCst);
    handle.rebuild().await.unwrap().await.unwrap();
    assert!(handle.dead_letters().dismissed().await.unwrap().is_empty(), "a rebuild forgets them");
    world.assert_rows_equal_the_log().await;
}

/// Acts on the outside world, and cannot undo it.
struct NoHook;

#[projection(effects)]
impl NoHook {
    #[handles(Bumped)]
    fn bumped(&self, _: &Bumped) {}
}

/// Can be emptied, and has no table that another subscription owns.
struct Late;

#[projection]
impl Late {
    #[handles(Bumped)]
    async fn bumped(&self, _: &Bumped, _: &mut Repository<SumRow>) {}

    #[truncate]
    fn truncate(&self) {}
}

async fn what_cannot_be_rebuilt_is_refused<W: World>(world: W)
where
    Sums: On<W>,
    Late: On<W>,
{
    let manager = world.manager();
    bump(&world.store(), 0..20).await;
    let handle = manager.subscribe(Sums::default(), small()).await.unwrap();
    let no_hook = manager.subscribe(NoHook, small()).await.unwrap();
    let late = manager.subscribe(Late, SubscriptionConfig::from_end().name("late")).await.unwrap();
    manager.start().await.unwrap();
    handle.caught_up().within(DEADLINE).await.unwrap();
    no_hook.caught_up().within(DEADLINE).await.unwrap();
    late.caught_up().within(DEADLINE).await.unwrap();
    let before = world.checkpoint().await;

    let error = no_hook.rebuild().await.unwrap_err();
    assert!(matches!(error, RebuildError::NoTruncateHook { .. }), "{error}");
    assert!(error.to_string().contains("#[truncate]"), "{error}");
    let error = late.rebuild().await.unwrap_err();
    assert!(matches!(error, RebuildError::StartsAtEnd { .. }), "{error}");
    manager.pause("bump-sums").await.unwrap();
    let error = handle.rebuild().await.unwrap_err();
    assert!(matches!(error, RebuildError::NotRunning { state: SubscriptionState::Paused, .. }), "{error}");
    manager.resume("bump-sums").await.unwrap();
    assert!(
        [handle.inspect().await, no_hook.inspect().await, late.inspect().await].iter().all(|s| s.state.is_running())
    );
    assert_eq!(world.checkpoint().await, before, "nothing was changed");
    world.assert_rows_equal_the_log().await;
}

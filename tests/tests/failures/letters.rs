//! Dead letters: kept, held back behind, retried, dismissed, skipped.

use std::sync::Arc;

use eventsource::Inject;
use eventsource::projection::ErrorClass;
use eventsource::subscription::DeadLetterError;
use eventsource_tests::domain::Bumped;

use crate::world::*;

crate::on_every_backend! {
    a_letter_parks_its_stream_and_no_other
    a_retry_applies_the_letter_and_what_waits_behind_it_in_order
    what_fails_behind_a_letter_becomes_the_letter
    a_dismissed_letter_lets_the_others_follow
    skipping_keeps_a_record_and_parks_nothing
    letters_and_parked_streams_outlive_the_manager
    a_release_that_was_cut_off_goes_on
    retrying_needs_a_subscription_that_runs
    a_retry_that_a_pause_interrupts_is_answered_after_the_resume
    a_reset_forgets_the_letters
    one_stream_all_streams
    letters_are_found_by_event_and_class_and_forgotten_by_age
}

/// Bumps in three streams, of which 102 fails.
const NUMBERS: &[u64] = &[1, 101, 201, 102, 2, 103, 202, 104, 3];

async fn a_letter_parks_its_stream_and_no_other<W: World>()
where
    Repository<AppliedRow>: Inject<Unit<W>>,
{
    let (world, plan) = (W::new().await, Plan::new([(102, Fault::Times(u32::MAX))]));
    let manager = world.manager();
    let handle = manager.subscribe(Applies(plan.clone()), quick(3)).await.unwrap();
    let position = world.bump(NUMBERS).await;
    manager.start().await.unwrap();
    handle.wait_for(position).within(DEADLINE).await.unwrap();
    assert_eq!(world.applied().await, [1, 101, 201, 2, 202, 3]);
    assert_eq!((plan.calls(102), plan.calls(103)), (3, 0));
    let letters = handle.dead_letters().list().await.unwrap();
    let [letter] = &letters[..] else { panic!("{letters:?}") };
    assert_eq!((letter.position, letter.stream.clone(), letter.version), (Position::new(4), stream(102), 2));
    assert_eq!((&*letter.event_type, letter.attempts, letter.class), ("Bumped", 3, ErrorClass::Transient));
    assert_eq!(
        (&letter.errors[..], letter.held, &letter.state),
        (&["not yet".to_owned()][..], 2, &LetterState::Waiting)
    );
    assert!(letter.first_failed_at <= letter.last_failed_at);
    assert_eq!(handle.dead_letters().get(letter.position).await.unwrap(), *letter);
    assert!(letter.to_string().contains("`Bumped` at position 4 of Counter/"), "{letter}");
    let status = handle.inspect().await;
    assert_eq!((status.state.name(), status.dead_letters.unwrap(), status.events_held.unwrap()), ("live", 1, 2));
    assert!(status.last_error.unwrap().contains("not yet"));
    // And what comes later.
    let position = world.bump(&[105, 4]).await;
    handle.wait_for(position).within(DEADLINE).await.unwrap();
    assert_eq!(world.applied().await, [1, 101, 201, 2, 202, 3, 4]);
    assert_eq!(handle.dead_letters().list().await.unwrap()[0].held, 3);
    assert_eq!(handle.inspect().await.events_held.unwrap(), 3);
}

async fn a_retry_applies_the_letter_and_what_waits_behind_it_in_order<W: World>()
where
    Repository<AppliedRow>: Inject<Unit<W>>,
{
    let (world, plan) = (W::new().await, Plan::new([(102, Fault::Permanent)]));
    let manager = world.manager();
    let handle = manager.subscribe(Applies(plan.clone()), quick(3)).await.unwrap();
    let position = world.bump(NUMBERS).await;
    manager.start().await.unwrap();
    handle.wait_for(position).within(DEADLINE).await.unwrap();
    let letters = handle.dead_letters();
    let letter = letters.list().await.unwrap().remove(0);
    let failed = letters.retry(letter.position).await.unwrap();
    assert_eq!((failed.applied, failed.left.len(), failed.left[0].attempts), (0, 1, 2), "it fails again");
    assert_eq!((failed.left[0].held, failed.left[0].first_failed_at), (2, letter.first_failed_at));
    assert_eq!(letters.list().await.unwrap(), failed.left);
    plan.heal();
    let retried = letters.retry(letter.position).await.unwrap();
    assert_eq!((retried.applied, retried.left), (3, vec![]));
    assert_eq!(world.applied().await, [1, 101, 201, 2, 202, 3, 102, 103, 104]);
    assert_eq!(letters.list().await.unwrap(), []);
    assert_eq!(handle.inspect().await.position, Some(position));
    let position = world.bump(&[105]).await;
    handle.wait_for(position).within(DEADLINE).await.unwrap();
    assert_eq!(world.applied().await.last(), Some(&105), "the stream is as any other again");
    assert!(matches!(letters.retry(letter.position).await, Err(DeadLetterError::Unknown { .. })));
}

async fn what_fails_behind_a_letter_becomes_the_letter<W: World>()
where
    Repository<AppliedRow>: Inject<Unit<W>>,
{
    let (world, plan) = (W::new().await, Plan::new([(102, Fault::Times(3)), (104, Fault::Permanent)]));
    let manager = world.manager();
    let handle = manager.subscribe(Applies(plan.clone()), quick(3)).await.unwrap();
    let position = world.bump(NUMBERS).await;
    manager.start().await.unwrap();
    handle.wait_for(position).within(DEADLINE).await.unwrap();
    world.bump(&[105]).await;
    let retried = handle.dead_letters().retry_all().await.unwrap();
    assert_eq!((retried.applied, retried.left.len(), retried.left[0].position), (2, 1, Position::new(8)));
    assert_eq!(world.applied().await, [1, 101, 201, 2, 202, 3, 102, 103]);
    eventually("105 waits behind 104", || async { handle.dead_letters().list().await.unwrap()[0].held == 1 }).await;
}

async fn a_dismissed_letter_lets_the_others_follow<W: World>()
where
    Repository<AppliedRow>: Inject<Unit<W>>,
{
    let (world, plan) = (W::new().await, Plan::new([(102, Fault::Permanent)]));
    let manager = world.manager();
    let handle = manager.subscribe(Applies(plan.clone()), quick(3)).await.unwrap();
    let position = world.bump(NUMBERS).await;
    manager.start().await.unwrap();
    handle.wait_for(position).within(DEADLINE).await.unwrap();
    let letters = manager.dead_letters("applies").unwrap();
    let retried = letters.dismiss(Position::new(4), "a duplicate of 101").await.unwrap();
    assert_eq!((retried.applied, retried.left), (2, vec![]));
    assert_eq!(world.applied().await, [1, 101, 201, 2, 202, 3, 103, 104]);
    assert_eq!(letters.list().await.unwrap(), []);
    let dismissed = letters.dismissed().await.unwrap();
    let LetterState::Dismissed { reason, .. } = &dismissed[0].state else { panic!("{dismissed:?}") };
    assert_eq!((dismissed.len(), dismissed[0].position, &**reason), (1, Position::new(4), "a duplicate of 101"));
    assert!(matches!(letters.retry(Position::new(4)).await, Err(DeadLetterError::Unknown { .. })));
    assert_eq!(plan.calls(102), 1);
}

async fn skipping_keeps_a_record_and_parks_nothing<W: World>()
where
    Repository<AppliedRow>: Inject<Unit<W>>,
{
    let (world, plan) = (W::new().await, Plan::new([(102, Fault::Permanent), (202, Fault::Times(9))]));
    let manager = world.manager();
    let config = quick(2).on_permanent_failure(FailurePolicy::Skip);
    let handle = manager.subscribe(Applies(plan.clone()), config).await.unwrap();
    let position = world.bump(NUMBERS).await;
    manager.start().await.unwrap();
    handle.wait_for(position).within(DEADLINE).await.unwrap();
    assert_eq!(world.applied().await, [1, 101, 201, 2, 103, 104, 3]);
    let dismissed = handle.dead_letters().dismissed().await.unwrap();
    assert_eq!(dismissed.iter().map(|letter| letter.position).collect::<Vec<_>>(), [Position::new(4)]);
    assert!(dismissed[0].to_string().contains("skipped by the policy"), "{}", dismissed[0]);
    let waiting = handle.dead_letters().list().await.unwrap();
    assert_eq!(waiting.iter().map(|letter| letter.position).collect::<Vec<_>>(), [Position::new(7)], "by its class");
}

async fn letters_and_parked_streams_outlive_the_manager<W: World>()
where
    Repository<AppliedRow>: Inject<Unit<W>>,
{
    let (world, plan) = (W::new().await, Plan::new([(102, Fault::Permanent)]));
    for numbers in [NUMBERS, &[105, 4]] {
        let manager = world.manager();
        let handle = manager.subscribe(Applies(plan.clone()), quick(3)).await.unwrap();
        let position = world.bump(numbers).await;
        manager.start().await.unwrap();
        handle.wait_for(position).within(DEADLINE).await.unwrap();
        manager.stop().await.unwrap();
    }
    assert_eq!((world.applied().await, plan.calls(102)), (vec![1, 101, 201, 2, 202, 3, 4], 1));
    plan.heal();
    let manager = world.manager();
    let handle = manager.subscribe(Applies(plan.clone()), quick(3)).await.unwrap();
    manager.start().await.unwrap();
    handle.caught_up().within(DEADLINE).await.unwrap();
    assert_eq!(handle.inspect().await.events_held.unwrap(), 3);
    assert_eq!(handle.dead_letters().retry_stream(&stream(102)).await.unwrap().applied, 4);
    assert_eq!(world.applied().await, [1, 101, 201, 2, 202, 3, 4, 102, 103, 104, 105]);
}

/// The process ends while it applies what waited behind a letter: the next one goes on with it.
async fn a_release_that_was_cut_off_goes_on<W: World>()
where
    Repository<AppliedRow>: Inject<Unit<W>>,
{
    let world = Arc::new(W::new().await);
    let plan = Plan::new([(102, Fault::Times(1)), (104, Fault::Hang)]);
    let first = (Arc::clone(&world), plan.clone());
    let first = tokio::task::spawn_blocking(|| {
        let (world, plan) = first;
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let world = world.reopened().await;
            let manager = world.manager();
            let handle = manager.subscribe(Applies(plan.clone()), quick(1)).await.unwrap();
            let position = world.bump(NUMBERS).await;
            manager.start().await.unwrap();
            handle.wait_for(position).within(DEADLINE).await.unwrap();
            let letters = handle.dead_letters();
            tokio::spawn(async move { letters.retry_all().await });
            eventually("104 hangs", || async { plan.calls(104) == 1 }).await;
            manager
        })
    });
    first.await.unwrap();
    assert_eq!(world.applied().await, [1, 101, 201, 2, 202, 3, 102, 103], "each is committed by itself");
    let letter = world.checkpoints().dead_letters("applies", LetterQuery::all()).await.unwrap().remove(0);
    assert_eq!((letter.position, &letter.state), (Position::new(8), &LetterState::Released));
    plan.heal();
    let manager = world.manager();
    let handle = manager.subscribe(Applies(plan.clone()), quick(1)).await.unwrap();
    manager.start().await.unwrap();
    eventually("it went on", || async { world.applied().await.last() == Some(&104) }).await;
    assert_eq!(world.applied().await, [1, 101, 201, 2, 202, 3, 102, 103, 104]);
    eventually("nothing is left", || async { handle.dead_letters().list().await.unwrap().is_empty() }).await;
}

async fn retrying_needs_a_subscription_that_runs<W: World>()
where
    Repository<AppliedRow>: Inject<Unit<W>>,
{
    let (world, plan) = (W::new().await, Plan::new([(102, Fault::Permanent)]));
    let manager = world.manager();
    let handle = manager.subscribe(Applies(plan.clone()), quick(3)).await.unwrap();
    let position = world.bump(NUMBERS).await;
    let letters = handle.dead_letters();
    assert!(matches!(letters.retry_all().await, Err(DeadLetterError::NotRunning { .. })));
    manager.start().await.unwrap();
    handle.wait_for(position).within(DEADLINE).await.unwrap();
    manager.pause("applies").await.unwrap();
    let error = letters.retry_all().await.unwrap_err().to_string();
    assert!(error.contains("paused"), "{error}");
    manager.resume("applies").await.unwrap();
    plan.heal();
    assert_eq!(letters.retry(Position::new(4)).await.unwrap().applied, 3, "nothing of what was refused was done");
    manager.stop().await.unwrap();
    assert!(matches!(letters.retry_all().await, Err(DeadLetterError::NotRunning { .. })));
    assert!(matches!(letters.get(Position::new(4)).await, Err(DeadLetterError::Unknown { .. })));
}

async fn a_reset_forgets_the_letters<W: World>()
where
    Repository<AppliedRow>: Inject<Unit<W>>,
{
    let (world, plan) = (W::new().await, Plan::new([(102, Fault::Permanent)]));
    let manager = world.manager();
    let handle = manager.subscribe(Applies(plan.clone()), quick(3)).await.unwrap();
    let position = world.bump(NUMBERS).await;
    manager.start().await.unwrap();
    handle.wait_for(position).within(DEADLINE).await.unwrap();
    manager.stop().await.unwrap();
    handle.reset().await.unwrap();
    assert_eq!((handle.dead_letters().list().await.unwrap(), world.applied().await), (vec![], vec![]));
    plan.heal();
    manager.start().await.unwrap();
    handle.caught_up().within(DEADLINE).await.unwrap();
    assert_eq!(world.applied().await, NUMBERS.iter().map(|by| *by as i64).collect::<Vec<_>>());
}

async fn one_stream_all_streams<W: World>()
where
    Repository<AppliedRow>: Inject<Unit<W>>,
{
    let faults = [(1, Fault::Permanent), (102, Fault::Permanent), (201, Fault::Permanent)];
    let (world, plan) = (W::new().await, Plan::new(faults));
    let manager = world.manager();
    let handle = manager.subscribe(Applies(plan.clone()), quick(3).batch_size(2)).await.unwrap();
    let position = world.bump(NUMBERS).await;
    manager.start().await.unwrap();
    handle.wait_for_passed(position).within(DEADLINE).await.unwrap();
    assert_eq!(world.applied().await, [101]);
    plan.heal();
    let letters = handle.dead_letters();
    assert_eq!(letters.retry_stream(&stream(201)).await.unwrap().applied, 2);
    assert!(matches!(letters.retry_stream(&stream(201)).await, Err(DeadLetterError::Unknown { .. })));
    assert_eq!(letters.retry_all().await.unwrap().applied, 6);
    assert_eq!(world.applied().await, [101, 201, 202, 1, 2, 3, 102, 103, 104]);
    assert_eq!(letters.retry_all().await.unwrap().applied, 0);
}

async fn a_retry_that_a_pause_interrupts_is_answered_after_the_resume<W: World>()
where
    Repository<AppliedRow>: Inject<Unit<W>>,
{
    let (world, plan) = (W::new().await, Plan::new([(102, Fault::Permanent)]));
    let manager = Arc::new(world.manager());
    let retry = RetryPolicy::new(5, std::time::Duration::from_secs(20), std::time::Duration::from_secs(20));
    let handle = manager.subscribe(Applies(plan.clone()), quick(1).retry(retry).seed(7)).await.unwrap();
    let position = world.bump(NUMBERS).await;
    manager.start().await.unwrap();
    handle.wait_for(position).within(DEADLINE).await.unwrap();
    // The retry fails once, and waits for a long time.
    plan.heal();
    plan.fail(102, Fault::Times(1));
    let dead_letters = handle.dead_letters();
    let retried = tokio::spawn(async move { dead_letters.retry_all().await });
    eventually("it retries", || async { handle.inspect().await.state.name() == "retrying" }).await;
    let paused = tokio::time::timeout(DEADLINE, manager.pause("applies")).await;
    paused.expect("a pause comes at once").unwrap();
    // Who asks for something new is told that it does not run.
    let error = handle.dead_letters().retry_all().await.unwrap_err();
    assert!(matches!(error, DeadLetterError::NotRunning { .. }), "{error}");
    assert!(!retried.is_finished(), "it goes on after the resume, and is not answered before");
    manager.resume("applies").await.unwrap();
    let retried = tokio::time::timeout(DEADLINE, retried).await.expect("it is answered").unwrap().unwrap();
    assert_eq!((retried.applied, retried.left.len()), (3, 0));
    assert_eq!(world.applied().await, [1, 101, 201, 2, 202, 3, 102, 103, 104]);
}

async fn letters_are_found_by_event_and_class_and_forgotten_by_age<W: World>()
where
    Repository<AppliedRow>: Inject<Unit<W>>,
{
    let (world, plan) = (W::new().await, Plan::new([(102, Fault::Permanent), (202, Fault::Times(u32::MAX))]));
    let manager = world.manager();
    let handle = manager.subscribe(Applies(plan.clone()), quick(2)).await.unwrap();
    let position = world.bump(&[1, 102, 202, 2]).await;
    manager.start().await.unwrap();
    handle.wait_for(position).within(DEADLINE).await.unwrap();
    let letters = handle.dead_letters();
    let listed = letters.list().await.unwrap();
    let [permanent, transient] = &listed[..] else { panic!("{listed:?}") };
    for (class, letter) in [(ErrorClass::Permanent, permanent), (ErrorClass::Transient, transient)] {
        assert_eq!(letters.page(LetterQuery::failed(class)).await.unwrap(), std::slice::from_ref(letter));
        assert_eq!(letters.page(LetterQuery::event(letter.event_id)).await.unwrap(), std::slice::from_ref(letter));
        assert_eq!(letters.of_event(letter.event_id).await.unwrap(), *letter);
    }
    let log = world.store().read_log(Position::START, &EventFilter::all(), PageLimit::events(1)).await.unwrap();
    for id in [log.events[0].id(), uuid::Uuid::nil()] {
        let error = letters.of_event(id).await.unwrap_err();
        assert!(
            matches!(error, DeadLetterError::Unknown { .. }) && error.to_string().contains(&id.to_string()),
            "{error}"
        );
    }

    letters.dismiss(permanent.position, "known").await.unwrap();
    manager.stop().await.unwrap();
    let dismissed = letters.of_event(permanent.event_id).await.unwrap();
    let LetterState::Dismissed { at, .. } = dismissed.state else { panic!("{dismissed:?}") };
    assert_eq!(letters.forget_dismissed(at).await.unwrap(), 0, "it was dismissed at that instant, and not before");
    assert_eq!(letters.forget_dismissed(at + chrono::TimeDelta::microseconds(1)).await.unwrap(), 1);
    assert_eq!(letters.dismissed().await.unwrap(), []);
    assert_eq!(letters.list().await.unwrap(), std::slice::from_ref(transient), "a letter that waits stays");
}

/// Its letters live as long as its state, and are read where they live.
#[tokio::test]
async fn letters_of_a_memory_projection_are_found_and_forgotten() {
    let store = MemoryEventStore::new();
    let manager = SubscriptionManager::new(store.clone(), MemoryEventBus::new(), MemoryCheckpoints::new());
    let handle = manager.subscribe(RefusesThree::default(), quick(1)).await.unwrap();
    manager.start().await.unwrap();
    handle.wait_for_passed(bump(&store, &[1, 103, 2]).await).within(DEADLINE).await.unwrap();
    let letters = handle.dead_letters();
    let letter = letters.list().await.unwrap().remove(0);
    assert_eq!(letters.of_event(letter.event_id).await.unwrap(), letter);
    let found = letters.page(LetterQuery::failed(ErrorClass::Permanent)).await.unwrap();
    assert_eq!(found, std::slice::from_ref(&letter));
    letters.dismiss(letter.position, "known").await.unwrap();
    let later = eventsource::event::now() + chrono::TimeDelta::seconds(1);
    assert_eq!(letters.forget_dismissed(later).await.unwrap(), 1);
    assert_eq!(letters.forget_dismissed(later).await.unwrap(), 0);
    assert_eq!(letters.dismissed().await.unwrap(), []);
}

#[derive(Debug, Clone, Default)]
struct RefusesThree(Vec<u64>);

#[projection(name = "refuses-three")]
impl RefusesThree {
    #[handles(Bumped)]
    fn bumped(&mut self, event: &Bumped) -> Result<(), HandlerError> {
        if event.by == 103 {
            return Err(HandlerError::permanent("it is 103"));
        }
        self.0.push(event.by);
        Ok(())
    }
}

//! What observers are told, on each backend.

use eventsource::subscription::RetryPolicy;
use eventsource_tests::backend::{Backend, Memory, Postgres, Sqlite};
use eventsource_tests::wait::{DEADLINE, eventually};

use crate::world::*;
use crate::world::{Notes, Sums, bump_in};

/// Runs a projection that fails for one event, dismisses its letter, rebuilds and stops.
async fn observer_is_told_what_happened<B: Backend>()
where
    Sums: EventSubscriber<<B::Checkpoints as CheckpointStore>::Unit>,
{
    let (backend, notes, sums) = (B::open().await, Notes::default(), Sums::default());
    backend.ensure_tables(&sums).await;
    let manager = backend.manager().with_observer(notes.clone());
    let config = SubscriptionConfig::from_beginning().retry(RetryPolicy::never()).on_failure(dead_letter());
    let handle = manager.subscribe(sums, config).await.unwrap();
    bump_in(&backend.store(), 1, &[1, 2]).await;
    let refused = bump_in(&backend.store(), 2, &[13]).await;
    bump_in(&backend.store(), 2, &[5]).await;
    bump_in(&backend.store(), 1, &[7]).await;
    manager.start().await.unwrap();
    handle.caught_up().within(DEADLINE).await.unwrap();
    eventually("the first batches were told", || async { notes.told(|told| told.handled) == 3 }).await;
    notes.told(|told| {
        assert_eq!((told.parked, told.committed), (1, 3), "{told:?}");
        assert!(told.page_events >= 5, "{told:?}");
        assert!(!told.attempts.is_empty(), "{told:?}");
        let attempt = format!("permanent Some({refused:?}) Some(\"Bumped\") not 13");
        assert!(told.attempts.iter().all(|failed| *failed == attempt), "{told:?}");
        assert_eq!(told.letters, [format!("Kept {refused} Bumped Some(\"not 13\")")]);
        assert_eq!(told.states, ["idle -> catching up", "catching up -> live"]);
        assert_eq!(told.leases, ["Present Won"]);
        assert!(told.delays.is_empty() && told.commit_failures.is_empty(), "{told:?}");
    });

    // The live subscription measures the delay of a new event.
    bump_in(&backend.store(), 1, &[9]).await;
    eventually("the delay was told", || async { notes.told(|told| told.delays.len()) == 1 }).await;
    assert!(notes.told(|told| told.delays[0]) < DEADLINE);

    // The event behind the dismissed letter is applied.
    handle.dead_letters().dismiss(refused, "never").await.unwrap();
    eventually("the event behind was told", || async { notes.told(|told| told.handled) == 5 }).await;
    notes.told(|told| {
        assert_eq!(told.letters[1..], [format!("Dismissed {refused} Bumped None")]);
        assert_eq!(told.committed, 5, "{told:?}");
    });

    // A rebuild measures no delay.
    let target = backend.store().head().await.unwrap();
    handle.rebuild().await.unwrap().await.unwrap();
    handle.caught_up().within(DEADLINE).await.unwrap();
    manager.stop().await.unwrap();
    notes.told(|told| {
        assert_eq!(told.rebuild.first(), Some(&format!("InPlace Began 0 of {target}")), "{told:?}");
        assert!(told.rebuild.contains(&format!("InPlace Done {target} of {target}")), "{told:?}");
        assert_eq!(told.rebuild.iter().filter(|step| step.contains("Done") || step.contains("Began")).count(), 2);
        assert_eq!(told.delays.len(), 1, "{told:?}");
        assert_eq!(told.leases, ["Present Won", "Present Released", "Present Won", "Present Released"]);
        assert!(told.states.last().is_some_and(|change| change.ends_with("-> stopped")), "{told:?}");
        assert_eq!(told.handled, 5 + 4, "{told:?}");
    });
}

fn dead_letter() -> eventsource::subscription::FailurePolicy {
    eventsource::subscription::FailurePolicy::DeadLetter
}

#[tokio::test]
async fn observer_is_told_what_happened_in_memory() {
    observer_is_told_what_happened::<Memory>().await;
}

#[tokio::test]
async fn observer_is_told_what_happened_on_sqlite() {
    observer_is_told_what_happened::<Sqlite>().await;
}

#[tokio::test]
async fn observer_is_told_what_happened_on_postgres() {
    observer_is_told_what_happened::<Postgres>().await;
}

#[tokio::test]
async fn observer_is_called_once_for_each_batch() {
    let (backend, notes, sums) = (Memory::open().await, Notes::default(), Sums::default());
    backend.ensure_tables(&sums).await;
    let manager = backend.manager().with_observer(notes.clone());
    let handle = manager.subscribe(sums, SubscriptionConfig::from_beginning().batch_size(100)).await.unwrap();
    bump_in(&backend.store(), 1, &[1; 500]).await;
    manager.start().await.unwrap();
    handle.caught_up().within(DEADLINE).await.unwrap();
    manager.stop().await.unwrap();
    notes.told(|told| {
        assert_eq!((told.batches, told.handled, told.committed), (5, 500, 500), "{told:?}");
        assert!(told.pages >= 5, "{told:?}");
    });
}

#[tokio::test]
async fn builder_of_the_next_generation_is_told_apart() {
    let (backend, notes, sums) = (Sqlite::open().await, Notes::default(), Sums::default());
    backend.ensure_tables(&sums).await;
    let manager = backend.manager().with_observer(notes.clone());
    let handle = manager.subscribe(sums, SubscriptionConfig::from_beginning()).await.unwrap();
    let target = bump_in(&backend.store(), 1, &[1, 2, 3]).await;
    manager.start().await.unwrap();
    handle.caught_up().within(DEADLINE).await.unwrap();
    handle.rebuild_side_by_side().await.unwrap().await.unwrap();
    handle.caught_up().within(DEADLINE).await.unwrap();
    manager.stop().await.unwrap();
    notes.told(|told| {
        assert_eq!(told.rebuild.first(), Some(&format!("SideBySide Began 0 of {target}")), "{told:?}");
        assert!(told.rebuild.contains(&format!("SideBySide Done {target} of {target}")), "{told:?}");
        assert!(told.leases.contains(&"Next Won".to_owned()), "{told:?}");
        assert_eq!(told.handled, 6, "{told:?}");
    });
}

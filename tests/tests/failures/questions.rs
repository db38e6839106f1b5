//! An operator searches letters and the log, and watches, from the process that runs the subscription, from a standby, and
//! from a process that runs no projections. All three see and do the same.

use std::sync::Arc;
use std::time::Duration;

use eventsource::Inject;
use eventsource::admin::{Admin as _, DatabaseAdmin, LetterPageView, ManagerAdmin, OverviewSample};
use eventsource::event::now;
use eventsource::projection::LetterSearch;
use eventsource::store::StreamQuery;
use eventsource::subscription::{Action, LetterSelection};
use eventsource::testing::faults::{Fault as StoreFault, Faults, FaultyEventStore, Point};
use eventsource_tests::domain::Bumped;
use uuid::Uuid;

use crate::scene::{At, Scene, ada};
use crate::world::*;

crate::on_every_backend! {
    letters_are_found_by_pages_counted_and_grouped
    letters_that_a_search_finds_are_retried_and_dismissed_on_request
    letter_that_failed_after_the_request_is_not_dismissed_by_it
    letters_in_memory_are_found_among_the_stored_ones
    log_is_asked_for_streams_types_correlations_and_times
    watch_sends_overviews_until_the_admin_is_dropped
    manager_that_stopped_is_shown_as_stopped
}

fn positions(page: &LetterPageView) -> Vec<u64> {
    page.letters.iter().map(|letter| letter.position.value()).collect()
}

async fn letters_are_found_by_pages_counted_and_grouped<W: World>()
where
    Repository<AppliedRow>: Inject<Unit<W>>,
{
    for at in At::ALL {
        let scene = Scene::<W>::new(at, quick(1).on_failure(FailurePolicy::DeadLetter)).await;
        for by in [100, 200, 300] {
            scene.plan.fail(by, if by == 200 { Fault::Panic } else { Fault::Permanent });
        }
        scene.world.bump(&[100, 200, 300]).await;
        scene.admin.caught_up("applies", DEADLINE).await.unwrap();
        let (admin, never) = (&scene.admin, LetterSearch::of("applies").waiting().error("never"));
        let first = admin.find_letters(&never, None, 1).await.unwrap();
        assert_eq!((positions(&first), first.format), (vec![2], 1), "{at:?}");
        let second = admin.find_letters(&never, first.next.as_ref(), 1).await.unwrap();
        assert_eq!((positions(&second), second.next), (vec![4], None), "{at:?}");
        let groups = admin.letter_groups(&LetterSearch::default()).await.unwrap();
        let found: Vec<_> = groups.groups.iter().map(|group| (&*group.event_type, group.letters)).collect();
        assert_eq!((found, groups.letters, groups.is_exact), (vec![("Bumped", 2), ("Bumped", 1)], 3, true), "{at:?}");
        let count = admin.count_letters(&never).await.unwrap();
        assert_eq!((count.letters, count.is_exact), (2, true), "{at:?}");
        let none = admin.count_letters(&LetterSearch::of("another")).await.unwrap();
        assert_eq!((none.letters, none.is_exact), (0, true), "{at:?}");
        scene.stop().await;
    }
}

async fn letters_that_a_search_finds_are_retried_and_dismissed_on_request<W: World>()
where
    Repository<AppliedRow>: Inject<Unit<W>>,
{
    for at in At::ALL {
        let scene = Scene::<W>::new(at, quick(1).on_failure(FailurePolicy::DeadLetter)).await;
        for by in [100, 200, 300] {
            scene.plan.fail(by, if by == 200 { Fault::Panic } else { Fault::Permanent });
        }
        scene.world.bump(&[100, 200, 300, 101, 201]).await;
        scene.admin.caught_up("applies", DEADLINE).await.unwrap();
        scene.plan.heal();
        // The subscription of the search is that of the request.
        let panicked = Box::new(LetterSearch::of("another").error("panicked"));
        let retry = Action::RetryLetters { letters: LetterSelection::Matching(panicked) };
        let served = scene.admin.carry_out("applies", retry, ada()).await.unwrap();
        let said = "done: 1 dead letter retried, 2 events applied, none of these letters left";
        assert_eq!(served.state.to_string(), said, "{at:?}");
        let never = Box::new(LetterSearch::default().error("never"));
        let dismiss = Action::DismissMatching { search: never.clone(), reason: "free of charge".into() };
        let served = scene.admin.carry_out("applies", dismiss.clone(), ada()).await.unwrap();
        let said = "done: 2 dead letters dismissed, 1 event applied, none of these letters left";
        assert_eq!(served.state.to_string(), said, "{at:?}");
        let served = scene.admin.carry_out("applies", dismiss, ada()).await.unwrap();
        let said = "done: 0 dead letters dismissed, 0 events applied, none of these letters left";
        assert_eq!(served.state.to_string(), said, "{at:?}");
        let dismissed = scene.admin.find_letters(&LetterSearch::default().dismissed(), None, 10).await.unwrap();
        assert_eq!(positions(&dismissed), [2, 4], "{at:?}");
        let mut applied = scene.world.applied().await;
        applied.sort_unstable();
        assert_eq!(applied, [1, 101, 200, 201], "{at:?}");
        scene.stop().await;
    }
}

async fn letter_that_failed_after_the_request_is_not_dismissed_by_it<W: World>()
where
    Repository<AppliedRow>: Inject<Unit<W>>,
{
    let scene = Scene::<W>::new(At::Elsewhere, quick(1).on_failure(FailurePolicy::DeadLetter)).await;
    scene.plan.fail(100, Fault::Permanent);
    let action = Action::DismissMatching { search: Box::default(), reason: "all of them".into() };
    let mut request = action.request("applies", "ada", now() + DEADLINE);
    let position = scene.world.bump(&[100]).await;
    scene.admin.caught_up("applies", DEADLINE).await.unwrap();
    // As an owner before left it, which was killed after it had dismissed the letter of an earlier event.
    request.at = scene.admin.letter("applies", position).await.unwrap().letter.last_failed_at;
    let checkpoints = scene.world.checkpoints();
    checkpoints.operations().unwrap().ask(&request).await.unwrap();
    let served = scene.admin.ended(request.id, DEADLINE).await.unwrap();
    let said = "done: 0 dead letters dismissed, 0 events applied, none of these letters left";
    assert_eq!(served.state.to_string(), said);
    assert_eq!(scene.admin.letters("applies", LetterQuery::parking()).await.unwrap().len(), 1);
    scene.stop().await;
}

/// In memory: fails as its plan says.
#[derive(Clone)]
struct Remembers(Plan, u64);

#[projection(name = "remembers")]
impl Remembers {
    #[handles(Bumped)]
    async fn bumped(&mut self, event: &Bumped) -> Result<(), HandlerError> {
        self.0.strike(event.by).await?;
        self.1 += event.by;
        Ok(())
    }
}

async fn letters_in_memory_are_found_among_the_stored_ones<W: World>()
where
    Repository<AppliedRow>: Inject<Unit<W>>,
{
    let (world, plan) = (W::new().await, Plan::new([(100, Fault::Permanent), (200, Fault::Permanent)]));
    let manager = Arc::new(world.manager());
    let config = quick(1).on_failure(FailurePolicy::DeadLetter);
    let applies = manager.subscribe(Applies(plan.clone()), config.clone()).await.unwrap();
    let remembers = manager.subscribe(Remembers(plan.clone(), 0), config).await.unwrap();
    manager.start().await.unwrap();
    world.bump(&[100, 200]).await;
    applies.caught_up().await.unwrap();
    remembers.caught_up().await.unwrap();
    let admin = ManagerAdmin::new(Arc::clone(&manager));
    let (mut found, mut next) = (Vec::new(), None);
    loop {
        let page = admin.find_letters(&LetterSearch::default(), next.as_ref(), 1).await.unwrap();
        found.extend(page.letters.iter().map(|letter| (letter.subscription.clone(), letter.position.value())));
        next = page.next;
        if next.is_none() {
            break;
        }
    }
    let key = |name: &str, position| (name.to_owned(), position);
    let all = [key("applies", 1), key("applies", 2), key("remembers", 1), key("remembers", 2)];
    assert_eq!(found, all);
    let groups = admin.letter_groups(&LetterSearch::default()).await.unwrap();
    assert_eq!((groups.letters, groups.groups.len()), (4, 1), "{groups:?}");
    assert_eq!(admin.count_letters(&LetterSearch::of("remembers")).await.unwrap().letters, 2);
    let elsewhere = DatabaseAdmin::new(world.checkpoints(), world.store());
    assert_eq!(elsewhere.count_letters(&LetterSearch::default()).await.unwrap().letters, 2);
    let search = Box::new(LetterSearch::default().stream(stream(200)));
    let dismiss = Action::DismissMatching { search, reason: "known".into() };
    let served = admin.carry_out("remembers", dismiss, ada()).await.unwrap();
    assert_eq!(served.state.to_string(), "done: 1 dead letter dismissed, 0 events applied, none of these letters left");
    manager.stop().await.unwrap();
}

async fn log_is_asked_for_streams_types_correlations_and_times<W: World>()
where
    Repository<AppliedRow>: Inject<Unit<W>>,
{
    for at in At::ALL {
        let scene = Scene::<W>::new(at, quick(1)).await;
        let (admin, request) = (&scene.admin, Uuid::now_v7());
        tokio::time::sleep(Duration::from_millis(20)).await;
        let before = now();
        let bumped = NewEvent::of(&Bumped { by: 300 }).unwrap().with_metadata(Metadata::new().correlation_id(request));
        scene.world.store().append(&stream(300), ExpectedVersion::NoStream, vec![bumped]).await.unwrap();
        let page = admin.streams(&StreamQuery::all().limit(1)).await.unwrap();
        let [first] = &page.streams[..] else { panic!("{at:?}: {page:?}") };
        assert_eq!((first.stream.clone(), first.version, page.more), (stream(1), 1, true), "{at:?}");
        let page = admin.streams(&StreamQuery::of_type("Counter").after(&first.stream)).await.unwrap();
        let streams: Vec<_> = page.streams.iter().map(|found| (&found.stream, found.first.position.value())).collect();
        assert_eq!((streams, page.more), (vec![(&stream(300), 2)], false), "{at:?}");
        let types = admin.event_types(None, 10).await.unwrap();
        let names: Vec<_> = types.types.iter().map(|found| (&*found.name, found.first.value())).collect();
        assert_eq!((names, types.more), (vec![("Bumped", 1)], false), "{at:?}");
        assert_eq!(admin.event_types(Some("Bumped"), 10).await.unwrap().types, [], "{at:?}");
        let page = admin.correlated(request, Position::START, 10).await.unwrap();
        let ids: Vec<_> = page.events.iter().map(|event| event.correlation_id).collect();
        assert_eq!((ids, page.more, page.unsearched_to), (vec![Some(request)], false, None), "{at:?}");
        assert_eq!(admin.position_at(before).await.unwrap(), Some(Position::new(2)), "{at:?}");
        assert_eq!(admin.position_at(now() + DEADLINE).await.unwrap(), None, "{at:?}");
        let json = serde_json::to_value(&page).unwrap();
        assert_eq!(json["format"], 1, "{at:?}");
        scene.stop().await;
    }
}

async fn watch_sends_overviews_until_the_admin_is_dropped<W: World>()
where
    Repository<AppliedRow>: Inject<Unit<W>>,
{
    for at in At::ALL {
        let Scene { admin, world, first, second, .. } = Scene::<W>::new(at, quick(1)).await;
        let (mut one, mut other) = (admin.watch(), admin.watch());
        let head = world.bump(&[2]).await;
        let is_there = |sample: &Arc<OverviewSample>| {
            sample.failure.is_none() && sample.overview.as_ref().is_some_and(|overview| overview.head == head)
        };
        let seen = tokio::time::timeout(DEADLINE, one.wait_for(is_there)).await.unwrap().unwrap().clone();
        assert!(seen.age().unwrap() < DEADLINE, "{at:?}");
        let of_other = tokio::time::timeout(DEADLINE, other.wait_for(is_there)).await.unwrap().unwrap().clone();
        assert_eq!(of_other.overview.as_ref().unwrap().subscriptions.len(), 1, "{at:?}");
        drop(admin);
        let ended = async { while one.changed().await.is_ok() {} };
        tokio::time::timeout(DEADLINE, ended).await.unwrap();
        first.stop().await.unwrap();
        second.stop().await.unwrap();
    }
}

async fn manager_that_stopped_is_shown_as_stopped<W: World>()
where
    Repository<AppliedRow>: Inject<Unit<W>>,
{
    let scene = Scene::<W>::new(At::Elsewhere, quick(1)).await;
    scene.second.stop().await.unwrap();
    scene.first.stop().await.unwrap();
    let view = scene.admin.subscription("applies").await.unwrap();
    let states: Vec<_> = view.managers.iter().map(|manager| manager.state.as_str()).collect();
    assert_eq!((&*view.state, &states[..], view.owner), ("stopped", &["stopped", "stopped"][..], None));
}

/// The times are those of a paused clock: one sample a second.
#[tokio::test(start_paused = true)]
async fn one_task_reads_for_all_receivers_and_keeps_the_last_sample_over_failures() {
    // A delay of no time counts the calls.
    let faults = Faults::seeded(1).often(Point::Head, StoreFault::Delay(Duration::ZERO), 1.0);
    let store = FaultyEventStore::new(MemoryEventStore::new(), &faults);
    let admin = DatabaseAdmin::new(MemoryCheckpoints::new(), store);
    tokio::time::sleep(Duration::from_secs(10)).await;
    let heads = || faults.count(Point::Head);
    assert_eq!(heads(), 0, "no receiver, no query");
    let (mut one, other) = (admin.watch(), admin.watch());
    assert_eq!((&one.borrow().overview, &one.borrow().failure), (&None, &None));
    tokio::time::sleep(Duration::from_millis(9_500)).await;
    assert_eq!(heads(), 10, "one task reads for both receivers");
    let read = one.borrow_and_update().clone();
    assert!(read.overview.is_some() && read.failure.is_none(), "{read:?}");

    faults.next(Point::Head, StoreFault::Fail, 3);
    tokio::time::sleep(Duration::from_secs(1)).await;
    let failed = one.borrow_and_update().clone();
    assert!(failed.failure.as_ref().is_some_and(|failure| failure.starts_with("the log cannot be read")), "{failed:?}");
    assert_eq!(failed.overview, read.overview, "the last sample is kept");
    let restored = one.wait_for(|sample| sample.failure.is_none());
    assert!(tokio::time::timeout(Duration::from_secs(10), restored).await.is_ok());

    faults.next(Point::Head, StoreFault::Delay(Duration::from_secs(5)), 1);
    tokio::time::sleep(Duration::from_millis(4_500)).await;
    let slow = one.borrow().clone();
    assert_eq!(slow.failure.as_deref(), Some("the stores have not answered for 3 s"));
    drop((one, other));
    tokio::time::sleep(Duration::from_secs(10)).await;
    let before = heads();
    tokio::time::sleep(Duration::from_secs(10)).await;
    assert_eq!(heads(), before, "the task has ended with the last receiver");
    let again = admin.watch();
    tokio::time::sleep(Duration::from_millis(500)).await;
    assert!(again.borrow().failure.is_none(), "it starts again with the next receiver");
}

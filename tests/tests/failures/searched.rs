//! Dead letters are searched, and those that are found are retried or dismissed together.

use std::time::Duration;

use eventsource::Inject;
use eventsource::projection::{LetterSearch, WholeLetter};
use eventsource::subscription::{DeadLetters, FailureLimit, RetryReport};

use crate::world::*;

crate::on_every_backend! {
    letters_that_a_search_finds_are_retried_and_no_others
    letters_that_a_search_finds_are_dismissed_and_the_rest_follows_in_order
    request_for_many_letters_takes_a_bounded_number_and_says_so
}

/// A thousand letters are a thousand transactions.
const PATIENCE: Duration = Duration::from_secs(180);

/// Starts `applies` under `plan`, and passes bumps by `numbers`.
async fn started<W: World>(
    world: &W,
    plan: &Plan,
    numbers: &[u64],
) -> (SubscriptionManager<W::Checkpoints>, DeadLetters)
where
    Repository<AppliedRow>: Inject<Unit<W>>,
{
    let manager = world.manager();
    let config = quick(1).failure_limit(FailureLimit::none());
    let handle = manager.subscribe(Applies(plan.clone()), config).await.unwrap();
    let position = world.bump(numbers).await;
    manager.start().await.unwrap();
    handle.wait_for_passed(position).within(PATIENCE).await.unwrap();
    (manager, handle.dead_letters())
}

async fn letters_that_a_search_finds_are_retried_and_no_others<W: World>()
where
    Repository<AppliedRow>: Inject<Unit<W>>,
{
    let plan = Plan::new([101, 201, 301, 401].map(|by| (by, if by < 300 { Fault::Permanent } else { Fault::Panic })));
    let world = W::new().await;
    let (manager, letters) = started(&world, &plan, &[101, 201, 301, 401, 102, 302, 202]).await;
    let never = LetterSearch::default().error("never");
    let groups = letters.groups(&LetterSearch::default()).await.unwrap();
    assert_eq!((groups.letters, groups.groups.len(), groups.is_exact), (4, 2, true), "{groups:?}");
    let page = letters.find(&never, None, 50).await.unwrap();
    assert_eq!(page.letters.iter().map(|letter| letter.held).collect::<Vec<_>>(), [1, 1]);
    // One of them fails again, and one of the others would not.
    plan.heal();
    plan.fail(201, Fault::Permanent);
    let report = letters.retry_matching(&never).await.unwrap();
    assert_eq!((report.letters, report.applied, report.more_found, report.more_left), (2, 2, false, false));
    let left: Vec<_> = report.left.iter().map(|letter| (letter.stream.clone(), letter.attempts)).collect();
    assert_eq!(left, [(stream(201), 2)]);
    assert_eq!(world.applied().await, [101, 102], "the letters of other errors still wait");
    let nothing = letters.retry_matching(&never.clone().event_type("Unbumped")).await.unwrap();
    assert_eq!(nothing, RetryReport::default());
    let nothing = letters.retry_matching(&never.clone().dismissed()).await.unwrap();
    assert_eq!(nothing, RetryReport::default(), "a dismissed letter is not retried");
    plan.heal();
    let report = letters.retry_matching(&LetterSearch::default().stream(stream(301))).await.unwrap();
    assert_eq!((report.letters, report.applied), (1, 2));
    let report = letters.retry_matching(&LetterSearch::of("another subscription")).await.unwrap();
    assert_eq!((report.letters, report.applied), (2, 3), "the subscription is that of the handle");
    assert_eq!(world.applied().await, [101, 102, 301, 302, 201, 202, 401]);
    assert_eq!(letters.list().await.unwrap(), []);
    manager.stop().await.unwrap();
}

async fn letters_that_a_search_finds_are_dismissed_and_the_rest_follows_in_order<W: World>()
where
    Repository<AppliedRow>: Inject<Unit<W>>,
{
    let plan = Plan::new([101, 201, 301].map(|by| (by, Fault::Permanent)));
    let world = W::new().await;
    let (manager, letters) = started(&world, &plan, &[101, 201, 301, 202, 102, 203, 302, 103]).await;
    // One of the events that wait behind the letters fails.
    plan.fail(202, Fault::Permanent);
    let search = LetterSearch::default().failed_before(letters.get(Position::new(3)).await.unwrap().last_failed_at);
    let report = letters.dismiss_matching(&search, "test orders").await.unwrap();
    assert_eq!((report.letters, report.applied, report.left.len(), report.more_found), (2, 2, 1, false), "{report:?}");
    assert_eq!((report.left[0].stream.clone(), report.left[0].held), (stream(202), 1));
    assert_eq!(world.applied().await, [102, 103]);
    let dismissed = letters.find(&LetterSearch::default().dismissed(), None, 50).await.unwrap().letters;
    let reason =
        |state: &LetterState| matches!(state, LetterState::Dismissed { reason, .. } if reason == "test orders");
    assert_eq!(dismissed.iter().map(|letter| letter.position.value()).collect::<Vec<_>>(), [1, 2]);
    assert!(dismissed.iter().all(|letter| reason(&letter.state) && letter.errors == ["never"]), "{dismissed:?}");
    plan.heal();
    let report = letters.retry_matching(&LetterSearch::default()).await.unwrap();
    assert_eq!((report.letters, report.applied, report.left.len()), (2, 4, 0));
    assert_eq!(world.applied().await, [102, 103, 301, 302, 202, 203]);
    let nothing = letters.dismiss_matching(&LetterSearch::default(), "again").await.unwrap();
    assert_eq!(nothing, RetryReport::default());
    manager.stop().await.unwrap();
}

async fn request_for_many_letters_takes_a_bounded_number_and_says_so<W: World>()
where
    Repository<AppliedRow>: Inject<Unit<W>>,
{
    let many = RetryReport::MOST_AT_ONCE as u64 + 3;
    let numbers: Vec<_> = (1..=many).map(|stream| stream * 100).collect();
    let world = W::new().await;
    let plan = Plan::new(numbers.iter().map(|by| (*by, Fault::Permanent)));
    let (manager, letters) = started(&world, &plan, &numbers).await;
    world.bump(&[numbers[0] + 1, numbers[1_000] + 1]).await;
    eventually("the letters hold both", || async { letters.get(Position::new(1_001)).await.unwrap().held == 1 }).await;
    let any = LetterSearch::default().error("never");
    let groups = letters.groups(&any).await.unwrap();
    assert_eq!((groups.letters, groups.groups.len()), (many, 1));
    let report = letters.dismiss_matching(&any, "test orders").await.unwrap();
    assert_eq!((report.letters, report.applied, report.more_found), (1_000, 1, true));
    plan.heal();
    let report = letters.retry_matching(&any).await.unwrap();
    assert_eq!((report.letters, report.applied, report.more_found), (3, 4, false));
    let applied: Vec<_> = [numbers[0] + 1, numbers[1_000], numbers[1_000] + 1, numbers[1_001], numbers[1_002]].into();
    assert_eq!(world.applied().await, applied.iter().map(|by| *by as i64).collect::<Vec<_>>());
    assert_eq!(letters.list().await.unwrap(), []);
    manager.stop().await.unwrap();
}

#[tokio::test]
async fn whole_letter_has_its_event_unless_that_was_erased() {
    let (world, plan) = (Memory::new().await, Plan::new([(101, Fault::Permanent)]));
    let (_manager, letters) = started(&world, &plan, &[101, 102]).await;
    let position = Position::new(1);
    let whole = letters.whole(position).await.unwrap();
    let event = whole.event.unwrap();
    assert_eq!((event.id(), event.payload()), (whole.letter.event_id, r#"{"by":101}"#));
    assert_eq!((&whole.letter.errors[..], whole.letter.attempts, whole.letter.held), (&["never".to_owned()][..], 1, 1));
    let erased = WholeLetter::read(whole.letter.clone(), &MemoryEventStore::new()).await.unwrap();
    assert_eq!((erased.letter, erased.event), (whole.letter, None));
}

/// Time passes at once here, but not for the clock of the letters.
#[tokio::test(start_paused = true)]
async fn dismissed_letters_are_deleted_after_their_time_and_waiting_ones_stay() {
    let (world, plan) = (Memory::new().await, Plan::new([101, 201].map(|by| (by, Fault::Permanent))));
    let manager = world.manager();
    let config = quick(1).keep_dismissed(Some(Duration::from_millis(1)));
    let handle = manager.subscribe(Applies(plan.clone()), config).await.unwrap();
    let kept = manager.subscribe(Keeps(plan.clone()), quick(1)).await.unwrap();
    manager.start().await.unwrap();
    let position = world.bump(&[101, 201]).await;
    for letters in [handle.dead_letters(), kept.dead_letters()] {
        eventually("both are letters", || async { letters.list().await.unwrap().len() == 2 }).await;
        letters.dismiss(Position::new(1), "known").await.unwrap();
        assert_eq!(letters.dismissed().await.unwrap().len(), 1);
    }
    assert_eq!(position, Position::new(2));
    let mut hours = 0;
    while !handle.dead_letters().dismissed().await.unwrap().is_empty() {
        tokio::time::sleep(Duration::from_hours(1)).await;
        hours += 1;
        assert!(hours < 24 * 365, "the dismissed letter is still there");
    }
    assert_eq!(handle.dead_letters().list().await.unwrap().len(), 1, "a waiting letter stays");
    assert_eq!(kept.dead_letters().dismissed().await.unwrap().len(), 1, "90 days have not passed");
    manager.stop().await.unwrap();
}

/// As `applies`, without rows.
#[derive(Clone)]
struct Keeps(Plan);

#[projection(name = "keeps", effects)]
impl Keeps {
    #[handles(eventsource_tests::domain::Bumped)]
    async fn bumped(&self, event: &eventsource_tests::domain::Bumped) -> Result<(), HandlerError> {
        self.0.strike(event.by).await
    }
}

//! A subscription with 1,000,000 dead letters starts at once and answers at once: it reads letters by their keys only. The
//! rows that are read are those that the driver logs. In a normal run there are 50,000 letters, in a soak 1,000,000.

#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stdout)]

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use eventsource::prelude::*;
use eventsource::projection::{LetterCounts, LetterKey, LetterQuery, LetterSearch, ProjectionKind};
use eventsource::subscription::{DeadLetters, FailureLimit, HealthLimits};
use eventsource_tests::backend::{Backend, Postgres, Sqlite};
use eventsource_tests::domain::Bumped;
use eventsource_tests::driver_log::DriverLog;
use eventsource_tests::fill::Fill;
use eventsource_tests::wait::{DEADLINE, eventually};
use tracing::Event as Traced;
use tracing::field::{Field, Visit};
use uuid::Uuid;

/// How many rows of dead letters the driver says that it has read, on whatever thread.
#[derive(Clone, Default)]
struct LettersRead(Arc<AtomicU64>);

#[derive(Default)]
struct Statement {
    is_of_letters: bool,
    rows: u64,
}

impl Visit for Statement {
    fn record_u64(&mut self, field: &Field, value: u64) {
        if field.name() == "rows_returned" {
            self.rows = value;
        }
    }

    fn record_str(&mut self, _: &Field, value: &str) {
        self.is_of_letters |= value.contains("eventsource_dead_letters");
    }

    fn record_debug(&mut self, _: &Field, _: &dyn fmt::Debug) {}
}

impl LettersRead {
    fn note(&self, event: &Traced<'_>) {
        let mut statement = Statement::default();
        event.record(&mut statement);
        if statement.is_of_letters {
            self.0.fetch_add(statement.rows, Ordering::SeqCst);
        }
    }

    fn take(&self) -> u64 {
        self.0.swap(0, Ordering::SeqCst)
    }
}

#[derive(Clone)]
struct Fails;

#[projection(name = "fails", effects)]
impl Fails {
    #[handles(Bumped)]
    fn bumped(&self, event: &Bumped) -> Result<(), HandlerError> {
        if event.by == 0 { Err(HandlerError::permanent("zero")) } else { Ok(()) }
    }
}

/// The same in memory, with a stored state.
#[derive(Clone, Default, serde::Serialize, serde::Deserialize)]
struct Counts(u64);

#[projection(name = "fails", snapshot)]
impl Counts {
    #[handles(Bumped)]
    fn bumped(&mut self, event: &Bumped) -> Result<(), HandlerError> {
        if event.by == 0 {
            return Err(HandlerError::permanent("zero"));
        }
        self.0 += event.by;
        Ok(())
    }
}

fn stream(number: u64) -> StreamId {
    StreamId::new("Counter", Uuid::from_u128(u128::from(number)))
}

async fn bump(store: &dyn EventStore, number: u64, by: u64) -> Position {
    let event = NewEvent::of(&Bumped { by }).unwrap();
    store.append(&stream(number), ExpectedVersion::Any, vec![event]).await.unwrap().position()
}

fn config() -> SubscriptionConfig {
    SubscriptionConfig::default().failure_limit(FailureLimit::none())
}

/// That letters are counted up to the limit, whatever the planner knows of the table.
trait Copies: Fill {
    async fn assert_plan(&self) {}
}

impl Copies for Sqlite {}

impl Copies for Postgres {
    async fn assert_plan(&self) {
        let plan = self.checkpoints().explain_letter_counts("fails").await.unwrap().join("\n");
        assert!(plan.contains("Index Scan using eventsource_dead_letters_parking"), "{plan}");
        assert!(!plan.contains("Sort") && !plan.contains("Bitmap"), "{plan}");
    }
}

async fn starts_at_once<B: Copies, P>(fails: P, read: &LettersRead, what: &str)
where
    P: EventSubscriber<<B::Checkpoints as CheckpointStore>::Unit> + Clone,
{
    let letters = if std::env::var_os("EVENTSOURCE_SOAK_MINUTES").is_some() { 1_000_000 } else { 50_000 };
    let backend = B::open().await;
    let store = backend.store();
    let first = backend.manager();
    let handle = first.subscribe(fails.clone(), config()).await.unwrap();
    let position = bump(&store, 1, 0).await;
    first.start().await.unwrap();
    handle.wait_for_passed(position).within(DEADLINE).await.unwrap();
    first.stop().await.unwrap();
    backend.copy_letter(letters).await;
    backend.assert_plan().await;

    read.take();
    let begun = Instant::now();
    let manager = backend.manager();
    let handle = manager.subscribe(fails.clone(), config()).await.unwrap();
    manager.start().await.unwrap();
    handle.caught_up().within(DEADLINE).await.unwrap();
    let started = begun.elapsed();
    let at_start = read.take();
    assert!(at_start <= 4, "{what}: a start has read {at_start} letters");

    let begun = Instant::now();
    let position = bump(&store, letters + 1, 1).await;
    handle.wait_for(position).within(DEADLINE).await.unwrap();
    // A stream that is parked.
    let position = bump(&store, 777, 1).await;
    handle.wait_for_passed(position).within(DEADLINE).await.unwrap();
    let live = begun.elapsed();
    let by_events = read.take();
    assert!(by_events <= 4, "{what}: two events have read {by_events} letters");
    let letter = handle.dead_letters().get(Position::new(777)).await.unwrap();
    // A stored state is stored with the number of events that wait, after more events than these.
    let held = if P::KIND == ProjectionKind::DurableMemory { 1 } else { 2 };
    assert_eq!((letter.held, letter.stream), (held, stream(777)));
    assert_eq!(read.take(), 1, "{what}: a look-up by position");

    let begun = Instant::now();
    let standby = backend.manager();
    let elsewhere = standby.subscribe(fails.clone(), config()).await.unwrap();
    standby.start().await.unwrap();
    eventually("it stands by", || async { elsewhere.inspect().await.state.name() == "standing by" }).await;
    for manager in [&manager, &standby] {
        assert!(manager.health(HealthLimits::default()).live);
        let status = manager.inspect("fails").await.unwrap();
        assert_eq!(status.dead_letters.unwrap(), LetterCounts::MOST + 1, "{what}");
    }
    let asked = begun.elapsed();
    standby.stop().await.unwrap();
    read.take();
    let query = LetterQuery::parking().after(Position::new(letters / 2)).limit(50);
    let page = handle.dead_letters().page(query).await.unwrap();
    assert_eq!((page.len(), page[0].position), (50, Position::new(letters / 2 + 1)));
    assert_eq!(read.take(), 50, "{what}: a page");
    assert_eq!(handle.dead_letters().page(LetterQuery::dismissed()).await.unwrap(), []);
    let retried = handle.dead_letters().retry(Position::new(1)).await.unwrap();
    assert_eq!((retried.applied, retried.left.len()), (0, 1));
    let by_retry = read.take();
    assert!(by_retry <= 8, "{what}: a retry of one letter has read {by_retry} letters");
    let searched = searches_are_bounded(&handle.dead_letters(), letters, read, what).await;
    manager.stop().await.unwrap();
    println!(
        "{what}: {letters} letters: started in {started:?}, two events in {live:?}, health and statuses in {asked:?}, \
         {searched}, {} MiB of memory at most",
        peak_memory().unwrap_or(0)
    );
    assert!(started < DEADLINE && asked < DEADLINE, "{what}: a start took {started:?}, statuses {asked:?}");
}

/// A page, a search that finds little or nothing, and a count: none of them reads more letters than its answer has.
async fn searches_are_bounded(dead: &DeadLetters, letters: u64, read: &LettersRead, what: &str) -> String {
    let begun = Instant::now();
    let zero = LetterSearch::default().waiting().event_type("Bumped").error("zero");
    let after = LetterKey::new("fails", Position::new(letters / 2));
    let page = dead.find(&zero, Some(&after), 50).await.unwrap();
    assert_eq!((page.letters.len(), page.letters[0].position), (50, Position::new(letters / 2 + 1)), "{what}");
    assert!(page.next.is_some());
    let found = begun.elapsed();
    let by_page = read.take();
    assert!(by_page <= 52, "{what}: a page of 50 letters has read {by_page} rows");

    let begun = Instant::now();
    let page = dead.find(&LetterSearch::default().error("missing"), None, 50).await.unwrap();
    assert_eq!((page.letters.len(), page.next.is_some()), (0, letters > 100_000), "{what}");
    let missed = begun.elapsed();
    let by_search = read.take();
    assert!(by_search <= 10, "{what}: a search without result has read {by_search} rows");

    let begun = Instant::now();
    let last = LetterSearch::default().stream(stream(letters));
    assert_eq!(dead.find(&last, None, 50).await.unwrap().letters.len(), 1, "{what}");
    assert_eq!(dead.groups(&last).await.unwrap().letters, 1, "{what}");
    let of_stream = begun.elapsed();

    let begun = Instant::now();
    read.take();
    for search in [LetterSearch::default(), zero] {
        let groups = dead.groups(&search).await.unwrap();
        assert_eq!((groups.letters, groups.groups.len(), groups.is_exact), (10_001, 1, false), "{what}: {groups:?}");
    }
    let counted = begun.elapsed();
    let by_count = read.take();
    assert!(by_count <= 8, "{what}: two counts have read {by_count} rows");
    format!(
        "a page in {found:?}, nothing found in {missed:?}, letters of a stream in {of_stream:?}, two counts in {counted:?}"
    )
}

/// The largest size of this process so far, in MiB, where the system tells it.
fn peak_memory() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    Some(line.trim().trim_end_matches("kB").trim().parse::<u64>().ok()? / 1_024)
}

// One test: what is collected comes from the whole process.
#[tokio::test]
async fn subscription_with_many_letters_starts_at_once() {
    let read = LettersRead::default();
    let noted = read.clone();
    tracing::subscriber::set_global_default(DriverLog(move |event: &Traced<'_>| noted.note(event))).unwrap();
    starts_at_once::<Sqlite, _>(Fails, &read, "SQLite").await;
    starts_at_once::<Postgres, _>(Fails, &read, "PostgreSQL").await;
    starts_at_once::<Sqlite, _>(Counts::default(), &read, "SQLite, a stored state").await;
    starts_at_once::<Postgres, _>(Counts::default(), &read, "PostgreSQL, a stored state").await;
}

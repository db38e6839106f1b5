//! A dry run names the events that would fail, and keeps nothing.

use std::error::Error;
use std::fmt;
use std::num::ParseIntError;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use eventsource::Inject;
use eventsource::prelude::*;
use eventsource::sqlx::SqliteConnection;
use eventsource::subscription::plan::{DryRun, DryRunReport, Estimates, PlanError, TrialOutcome, TriedSubscription};
use eventsource::subscription::{OnChange, SubscriptionManager};
use eventsource_tests::backend::{Backend, Memory, Postgres, Sql, Sqlite};
use eventsource_tests::content::Content;
use eventsource_tests::deployment::{FirstRow, SecondRow};
use eventsource_tests::domain::{Bumped, Noted};
use eventsource_tests::sums::SumRow;
use uuid::Uuid;

use crate::programs::{bump, counter, planning, run_first, second};

on_each! {
    event_that_fails_is_named_and_its_stream_is_held
    many_failures_are_counted_and_the_first_are_described
    failure_may_need_an_earlier_event_of_its_stream
    rows_of_earlier_batches_are_seen
}

on_both! {
    dry_run_changes_nothing
}

/// Sums by counter. The numbers 13 and those above 900 fail.
struct Picky;

#[projection(name = "picky", read_models(SumRow))]
impl Picky {
    #[handles(Bumped)]
    async fn bumped(&self, event: &Event<Bumped>, sums: &mut Repository<SumRow>) -> Result<(), HandlerError> {
        let digit = event.by % 10;
        let row = sums.get(digit).await?.unwrap_or(SumRow { digit, total: 0, bumps: 0, last: 0 });
        let last = event.position().value();
        sums.save(SumRow { digit, total: row.total + event.by, bumps: row.bumps + 1, last }).await?;
        if event.by == 13 || event.by > 900 {
            let source = "unlucky".parse::<u64>().unwrap_err();
            return Err(HandlerError::permanent(NotAllowed { by: event.by, source }));
        }
        Ok(())
    }
}

#[derive(Debug)]
struct NotAllowed {
    by: u64,
    source: ParseIntError,
}

impl fmt::Display for NotAllowed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} is not allowed", self.by)
    }
}

impl Error for NotAllowed {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(&self.source)
    }
}

async fn picky<B: Backend>(world: &B) -> SubscriptionManager<B::Checkpoints>
where
    Repository<SumRow>: Inject<<B::Checkpoints as CheckpointStore>::Unit>,
{
    let manager = planning(world);
    manager.subscribe(Picky, SubscriptionConfig::from_beginning()).await.unwrap();
    manager
}

fn only(report: DryRunReport) -> TriedSubscription {
    assert_eq!((report.format, report.subscriptions.len()), (1, 1));
    report.subscriptions.into_iter().next().unwrap()
}

async fn event_that_fails_is_named_and_its_stream_is_held<B: Backend>()
where
    Repository<SumRow>: Inject<<B::Checkpoints as CheckpointStore>::Unit>,
{
    let world = B::open().await;
    for by in [3, 4, 13, 23, 5, 33] {
        bump(&world.store(), by).await;
    }
    let tried = only(picky(&world).await.dry_run(&DryRun::default()).await.unwrap());
    assert_eq!((tried.outcome, tried.from, tried.to), (TrialOutcome::Complete {}, Position::START, Position::new(6)));
    assert_eq!((tried.applied, tried.failed, tried.held), (3, 1, 2));
    let failed = &tried.failures[0];
    assert_eq!((failed.position, &*failed.event_type, failed.version), (Position::new(3), "Bumped", 2));
    assert_eq!((&failed.stream, failed.needs_earlier), (&counter(3), false));
    assert_eq!(failed.errors, ["13 is not allowed", "invalid digit found in string"]);
}

async fn many_failures_are_counted_and_the_first_are_described<B: Backend>()
where
    Repository<SumRow>: Inject<<B::Checkpoints as CheckpointStore>::Unit>,
{
    let world = B::open().await;
    for number in 0..150 {
        let event = NewEvent::of(&Bumped { by: if number % 2 == 0 { 901 } else { 1 } }).unwrap();
        let stream = StreamId::new("Counter", Uuid::from_u128(1_000 + number));
        world.store().append(&stream, ExpectedVersion::NoStream, vec![event]).await.unwrap();
    }
    for number in 0..100 {
        let event = NewEvent::of(&Bumped { by: 902 }).unwrap();
        let stream = StreamId::new("Counter", Uuid::from_u128(5_000 + number));
        world.store().append(&stream, ExpectedVersion::NoStream, vec![event]).await.unwrap();
    }
    let tried = only(picky(&world).await.dry_run(&DryRun::all()).await.unwrap());
    assert_eq!((tried.applied, tried.failed, tried.held, tried.failures.len()), (75, 175, 0, 100));
    assert!(tried.failures.windows(2).all(|pair| pair[0].position < pair[1].position));
}

async fn failure_may_need_an_earlier_event_of_its_stream<B: Backend>()
where
    Repository<SumRow>: Inject<<B::Checkpoints as CheckpointStore>::Unit>,
{
    let world = B::open().await;
    for by in [3, 4, 13, 13, 905] {
        bump(&world.store(), by).await;
    }
    let manager = picky(&world).await;
    let tried = only(manager.dry_run(&DryRun::last(3)).await.unwrap());
    assert_eq!((tried.from, tried.applied, tried.failed, tried.held), (Position::new(2), 0, 2, 1));
    let needs: Vec<_> = tried.failures.iter().map(|failed| (failed.version, failed.needs_earlier)).collect();
    assert_eq!(needs, [(2, true), (1, false)]);
    let none = only(manager.dry_run(&DryRun::last(0)).await.unwrap());
    assert_eq!((none.from, none.applied, none.failed), (Position::new(5), 0, 0));
}

/// Fails if it does not see the row of the bump before.
struct Linked;

#[projection(name = "linked", read_models(SumRow))]
impl Linked {
    #[handles(Bumped)]
    async fn bumped(&self, event: &Event<Bumped>, sums: &mut Repository<SumRow>) -> Result<(), HandlerError> {
        if event.by > 0 && sums.get(event.by - 1).await?.is_none() {
            return Err(HandlerError::permanent("the row of the bump before is missing"));
        }
        Ok(sums.save(SumRow { digit: event.by, total: 0, bumps: 0, last: 0 }).await?)
    }
}

async fn rows_of_earlier_batches_are_seen<B: Backend>()
where
    Repository<SumRow>: Inject<<B::Checkpoints as CheckpointStore>::Unit>,
{
    let world = B::open().await;
    let events: Vec<_> = (0..4_500).map(|by| NewEvent::of(&Bumped { by }).unwrap()).collect();
    for part in events.chunks(500) {
        world.store().append(&counter(1), ExpectedVersion::Any, part.to_vec()).await.unwrap();
    }
    let manager = planning(&world);
    manager.subscribe(Linked, SubscriptionConfig::from_beginning()).await.unwrap();
    let seen = Arc::new(Mutex::new(Vec::new()));
    let told = Arc::clone(&seen);
    let options = DryRun::all().on_progress(move |progress| told.lock().unwrap().push(progress.at.value()));
    let tried = only(manager.dry_run(&options).await.unwrap());
    assert_eq!((tried.applied, tried.failed), (4_500, 0), "{:?}", tried.failures.first());
    assert_eq!(*seen.lock().unwrap(), [2_000, 4_000, 4_500]);
    let mut plan = manager.plan(Estimates::Sampled).await.unwrap();
    plan.estimate_by(&manager.dry_run(&DryRun::all()).await.unwrap());
    let estimate = serde_json::to_value(plan.subscriptions[0].estimate).unwrap();
    assert_eq!((&estimate["by"], &estimate["positions"]), (&"handling".into(), &4_500.into()));
}

async fn dry_run_changes_nothing<W: Sql + Content>()
where
    Repository<FirstRow>: Inject<<W::Checkpoints as CheckpointStore>::Unit>,
    Repository<SecondRow>: Inject<<W::Checkpoints as CheckpointStore>::Unit>,
    Repository<SumRow>: Inject<<W::Checkpoints as CheckpointStore>::Unit>,
{
    let world = W::open().await;
    run_first(&world).await;
    let before = world.content().await;
    let manager = second(&world, OnChange::Refuse).await;
    manager.subscribe(Picky, SubscriptionConfig::from_beginning().name("again")).await.unwrap_err();
    let report = manager.dry_run(&DryRun::all()).await.unwrap();
    let applied: Vec<_> = report.subscriptions.iter().map(|tried| (&*tried.name, tried.applied)).collect();
    assert_eq!(applied, [("bump-digits", 20), ("bump-sums", 20), ("seen", 20)]);
    assert_eq!(world.content().await, before);
    // A second one finds nothing of the first.
    assert_eq!(manager.dry_run(&DryRun::all()).await.unwrap().subscriptions[2].applied, 20);
    drop(manager);
    assert_eq!(world.content().await, before);
}

static CALLED: AtomicU64 = AtomicU64::new(0);

struct Mailer;

#[projection(name = "mailer", effects)]
impl Mailer {
    #[handles(Bumped)]
    async fn bumped(&self, _: &Bumped) {
        CALLED.fetch_add(1, Ordering::Relaxed);
    }
}

#[tokio::test]
async fn effects_are_not_called_and_their_events_are_decoded() {
    let world = Memory::open().await;
    bump(&world.store(), 1).await;
    let broken = NewEvent::raw("Bumped", 1, r#"{"by":"much"}"#);
    world.store().append(&counter(7), ExpectedVersion::Any, vec![broken]).await.unwrap();
    let manager = planning(&world);
    manager.subscribe(Mailer, SubscriptionConfig::from_beginning()).await.unwrap();
    let tried = only(manager.dry_run(&DryRun::default()).await.unwrap());
    assert_eq!(tried.outcome, TrialOutcome::OnlyDecoded {});
    assert_eq!((tried.applied, tried.failed, CALLED.load(Ordering::Relaxed)), (1, 1, 0));
    assert_eq!(tried.failures[0].position, Position::new(2));
}

struct ByHand;

#[projection(name = "by-hand")]
impl ByHand {
    #[handles(Bumped)]
    async fn bumped(&self, _: &Bumped, conn: &mut SqliteConnection) -> Result<(), HandlerError> {
        let _ = conn;
        Err(HandlerError::permanent("it was called"))
    }
}

#[tokio::test]
async fn projection_that_writes_through_a_connection_is_not_tried() {
    let world = Sqlite::open().await;
    bump(&world.store(), 1).await;
    let manager = planning(&world);
    manager.subscribe(ByHand, SubscriptionConfig::from_beginning()).await.unwrap();
    let tried = only(manager.dry_run(&DryRun::default()).await.unwrap());
    let TrialOutcome::NotTried { reason } = &tried.outcome else { panic!("{tried:?}") };
    assert!(reason.contains("write through a connection cannot be tried"), "{reason}");
    assert_eq!((tried.applied, tried.failed), (0, 0));
}

#[derive(Clone, Default)]
struct Fragile {
    sum: u64,
}

#[projection(name = "fragile")]
impl Fragile {
    #[handles(Bumped)]
    fn bumped(&mut self, event: &Bumped) -> Result<(), HandlerError> {
        assert!(event.by != 66, "66 is not for it");
        if event.by == 13 {
            return Err(HandlerError::permanent("13 is not allowed"));
        }
        self.sum += event.by;
        Ok(())
    }

    #[handles(Noted)]
    fn noted(&mut self, _: &Noted) {}
}

#[tokio::test]
async fn memory_projection_is_tried_until_a_handler_panics() {
    let world = Memory::open().await;
    for by in [1, 13, 2, 66, 3] {
        bump(&world.store(), by).await;
    }
    let manager = planning(&world);
    manager.subscribe(Fragile::default(), SubscriptionConfig::from_beginning()).await.unwrap();
    let tried = only(manager.dry_run(&DryRun::default()).await.unwrap());
    assert!(
        matches!(&tried.outcome, TrialOutcome::CutShort { reason } if reason.contains("66 is not for it")),
        "{tried:?}"
    );
    assert_eq!((tried.applied, tried.failed), (2, 2));
}

#[tokio::test]
async fn manager_that_runs_its_subscriptions_has_no_dry_run() {
    let world = Memory::open().await;
    assert!(matches!(world.manager().dry_run(&DryRun::default()).await, Err(PlanError::NotPlanning)));
}

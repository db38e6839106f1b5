//! Steps show what each event of a stream changes, and change nothing.

use std::sync::Arc;
use std::time::Duration;

use eventsource::Inject;
use eventsource::admin::{Admin, AdminError, DatabaseAdmin, ManagerAdmin};
use eventsource::engine::{MemoryProjectionStates, ProjectionEngine};
use eventsource::prelude::*;
use eventsource::subscription::plan::{
    RowChangeKind, StepChanges, StepError, StepOutcome, StepState, Steps, ValueChange,
};
use eventsource_tests::backend::{Backend, Memory, Postgres, Sql, Sqlite};
use eventsource_tests::content::Content;
use eventsource_tests::deployment::FirstRow;
use eventsource_tests::domain::Bumped;
use eventsource_tests::sums::{BumpSums, SumRow};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::programs::{bump, counter, run_first};

on_each! {
    each_event_shows_the_rows_that_it_changes
}

on_both! {
    steps_change_nothing
}

/// Sums by digit. 13 fails after it has written, and 23 deletes the row.
struct Picky;

#[projection(name = "picky", read_models(SumRow))]
impl Picky {
    #[handles(Bumped)]
    async fn bumped(&self, event: &Event<Bumped>, sums: &mut Repository<SumRow>) -> Result<(), HandlerError> {
        let digit = event.by % 10;
        if event.by == 23 {
            return Ok(sums.delete(digit).await?);
        }
        let row = sums.get(digit).await?.unwrap_or(SumRow { digit, total: 0, bumps: 0, last: 0 });
        let last = event.position().value();
        sums.save(SumRow { digit, total: row.total + event.by, bumps: row.bumps + 1, last }).await?;
        if event.by == 13 {
            return Err(HandlerError::permanent("13 is not allowed"));
        }
        Ok(())
    }
}

fn column(columns: &[ValueChange], name: &str) -> (Option<Value>, Option<Value>) {
    let found = columns.iter().find(|change| change.column == name).unwrap();
    (found.before.clone(), found.after.clone())
}

async fn each_event_shows_the_rows_that_it_changes<B: Backend>()
where
    Repository<SumRow>: Inject<<B::Checkpoints as CheckpointStore>::Unit>,
{
    let world = B::open().await;
    world.ensure_tables(&Picky).await;
    let store = world.store();
    for by in [3, 33, 13, 4, 43, 23] {
        bump(&store, by).await;
    }
    let stranger = NewEvent::raw("Forgotten", 1, "{}");
    store.append(&counter(3), ExpectedVersion::Any, vec![stranger]).await.unwrap();
    let manager = world.manager();
    manager.subscribe(Picky, SubscriptionConfig::from_beginning()).await.unwrap();
    let all = manager.steps("picky", &counter(3), 0, 50).await.unwrap();
    assert_eq!((all.steps.len(), all.more, all.cut_short.as_deref(), all.failed_before), (6, false, None, 0));
    let StepState::Rows { tables } = &all.before else { panic!("{all:#?}") };
    assert_eq!((&*tables[0].table, tables[0].rows.len()), ("bump_sums", 0));
    let rows = |steps: &Steps, at: usize| match &steps.steps[at].changes {
        StepChanges::Rows { rows } => rows.clone(),
        other => panic!("{other:?}"),
    };
    let inserted = &rows(&all, 0)[0];
    assert_eq!((&*inserted.id, inserted.kind), ("3", RowChangeKind::Inserted));
    assert_eq!(column(&inserted.columns, "total"), (None, Some(json!(3))));
    let changed = &rows(&all, 1)[0];
    assert_eq!(changed.kind, RowChangeKind::Changed);
    assert_eq!(column(&changed.columns, "total"), (Some(json!(3)), Some(json!(36))));
    assert!(changed.columns.iter().all(|change| change.column != "digit"), "{changed:?}");
    let failed = &all.steps[2];
    assert_eq!(failed.outcome, StepOutcome::Failed { errors: vec!["13 is not allowed".to_owned()] });
    assert_eq!((failed.version, failed.position, &failed.changes), (3, Position::new(3), &StepChanges::Nothing {}));
    // The next event is applied, and sees nothing of the failed one.
    assert_eq!(column(&rows(&all, 3)[0].columns, "total"), (Some(json!(36)), Some(json!(79))));
    let deleted = &rows(&all, 4)[0];
    assert_eq!((deleted.kind, column(&deleted.columns, "total")), (RowChangeKind::Deleted, (Some(json!(79)), None)));
    assert_eq!((&all.steps[5].outcome, &*all.steps[5].event_type), (&StepOutcome::PassedOver {}, "Forgotten"));
    let page = manager.steps("picky", &counter(3), 3, 1).await.unwrap();
    assert_eq!((page.steps.len(), page.more, page.failed_before), (1, true, 1));
    let StepState::Rows { tables } = &page.before else { panic!("{page:#?}") };
    assert_eq!(tables[0].rows[0].columns[1].value, json!(36));
    assert_eq!(page.steps[0].changes, all.steps[3].changes);
}

async fn steps_change_nothing<W: Sql + Content>()
where
    Repository<FirstRow>: Inject<<W::Checkpoints as CheckpointStore>::Unit>,
    Repository<SumRow>: Inject<<W::Checkpoints as CheckpointStore>::Unit>,
{
    let world = W::open().await;
    run_first(&world).await;
    let before = world.content().await;
    let manager = world.manager();
    manager.subscribe(BumpSums, SubscriptionConfig::from_beginning()).await.unwrap();
    let subscribed = world.content().await;
    let steps = async || manager.steps("bump-sums", &counter(4), 0, 50).await;
    assert_eq!(steps().await.unwrap().steps.len(), 2);
    // Stopped in the middle.
    for micros in [50, 500, 2_000, 10_000] {
        let _ = tokio::time::timeout(Duration::from_micros(micros), steps()).await;
    }
    assert_eq!(steps().await.unwrap().steps.len(), 2);
    assert_eq!(world.content().await, subscribed);
    // While the subscription runs.
    manager.start().await.unwrap();
    let admin = ManagerAdmin::new(Arc::new(manager));
    admin.caught_up("bump-sums", Duration::from_secs(30)).await.unwrap();
    let steps = admin.steps("bump-sums", &counter(4), 0, 50).await.unwrap();
    assert_eq!((steps.steps.len(), steps.steps.iter().all(|step| step.outcome == StepOutcome::Handled {})), (2, true));
    let sums =
        |content: &[String]| content.iter().filter(|line| line.starts_with("bump_sums:")).cloned().collect::<Vec<_>>();
    assert_eq!(sums(&world.content().await), sums(&before));
    let database = DatabaseAdmin::new(world.checkpoints(), world.store());
    let error = database.steps("bump-sums", &counter(4), 0, 50).await.unwrap_err();
    assert!(matches!(error, AdminError::NeedsCode { .. }), "{error:?}");
    assert!(matches!(admin.steps("first", &counter(4), 0, 50).await, Err(AdminError::UnknownSubscription { .. })));
}

/// Keeps its state where an operator sees it.
#[derive(Clone, Default, Serialize, Deserialize)]
struct Shown {
    sum: u64,
}

#[projection(name = "shown")]
impl Shown {
    #[handles(Bumped)]
    fn bumped(&mut self, event: &Bumped) {
        assert!(event.by != 66, "66 is not for it");
        self.sum += event.by;
    }
}

#[derive(Clone, Default, Debug)]
struct Told(u64);

#[projection(name = "told")]
impl Told {
    #[handles(Bumped)]
    fn bumped(&mut self, event: &Bumped) {
        self.0 += event.by;
    }
}

#[derive(Clone, Default)]
struct Hidden(u64);

#[projection(name = "hidden")]
impl Hidden {
    #[handles(Bumped)]
    fn bumped(&mut self, event: &Bumped) {
        self.0 += event.by;
    }
}

#[derive(Default, Serialize, Deserialize)]
struct Durable {
    sum: u64,
}

#[projection(name = "durable", snapshot)]
impl Durable {
    #[handles(Bumped)]
    fn bumped(&mut self, event: &Bumped) {
        self.sum += event.by;
    }
}

struct Mailer;

#[projection(name = "mailer", effects)]
impl Mailer {
    #[handles(Bumped)]
    async fn bumped(&self, event: &Bumped) {
        assert!(event.by < 2, "it is called");
    }
}

#[tokio::test]
async fn state_in_memory_is_shown_and_readers_see_their_own() {
    let world = Memory::open().await;
    for by in [1, 11, 5] {
        bump(&world.store(), by).await;
    }
    let manager = world.manager();
    let config = SubscriptionConfig::from_beginning;
    let shown = manager.subscribe(Shown::default(), config()).await.unwrap();
    let durable = manager.subscribe(Durable { sum: 100 }, config()).await.unwrap();
    manager.subscribe(Told::default(), config()).await.unwrap();
    manager.subscribe(Hidden::default(), config()).await.unwrap();
    manager.start().await.unwrap();
    for handle in ["shown", "durable", "told", "hidden"] {
        eventsource_tests::wait::eventually("it is live", || async {
            manager.snapshot(handle).unwrap().position == Some(Position::new(3))
        })
        .await;
    }
    let changes = async |name: &str| {
        let steps = manager.steps(name, &counter(1), 0, 50).await.unwrap();
        steps.steps.into_iter().map(|step| step.changes).collect::<Vec<_>>()
    };
    let json = |before: u64, after: u64| StepChanges::Json {
        before: json!({ "sum": before }),
        after: json!({ "sum": after }),
    };
    assert_eq!(changes("shown").await, [json(0, 1), json(1, 12)]);
    assert_eq!(changes("durable").await, [json(100, 101), json(101, 112)]);
    let [StepChanges::Text { before, after }, _] = &*changes("told").await else { panic!() };
    assert!(before.contains('0') && after.contains('1'), "{before} {after}");
    assert_eq!(changes("hidden").await, [StepChanges::Hidden {}, StepChanges::Hidden {}]);
    assert_eq!((shown.with(|shown| shown.sum).await, durable.with(|durable| durable.sum).await), (17, 117));
    manager.stop().await.unwrap();
}

#[tokio::test]
async fn projection_without_steps_says_why() {
    let world = Memory::open().await;
    for by in [1, 66, 11] {
        bump(&world.store(), by).await;
    }
    let manager = world.manager();
    let engine = ProjectionEngine::new("engine", MemoryProjectionStates::new()).with_state(0_u64);
    manager.subscribe(engine, SubscriptionConfig::from_beginning()).await.unwrap();
    manager.subscribe(Mailer, SubscriptionConfig::from_beginning()).await.unwrap();
    manager.subscribe(Shown::default(), SubscriptionConfig::from_beginning()).await.unwrap();
    for (name, why) in [("mailer", "act outside"), ("engine", "stores its progress by itself")] {
        let error = manager.steps(name, &counter(1), 0, 50).await.unwrap_err();
        assert!(matches!(&error, StepError::NotTried { reason, .. } if reason.contains(why)), "{error:?}");
    }
    let error = manager.steps("none", &counter(1), 0, 50).await.unwrap_err();
    assert!(matches!(&error, StepError::Unknown { known, .. } if known.len() == 3), "{error:?}");
    let error = manager.steps("shown", &counter(1), 10_001, 50).await.unwrap_err();
    assert!(matches!(error, StepError::TooFar { after: 10_001, most: 10_000 }), "{error:?}");
    // After a panic the state is unknown.
    let steps = manager.steps("shown", &counter(6), 0, 50).await.unwrap();
    assert!(matches!(&steps.steps[0].outcome, StepOutcome::Failed { errors } if errors[0].contains("66")), "{steps:?}");
    assert!(steps.cut_short.is_some_and(|why| why.contains("cut off")));
    // A stream without events.
    assert_eq!(manager.steps("shown", &counter(9), 7, 50).await.unwrap().steps, []);
}

/// A row for each event.
struct Wide;

#[projection(name = "wide", read_models(SumRow))]
impl Wide {
    #[handles(Bumped)]
    async fn bumped(&self, event: &Bumped, sums: &mut Repository<SumRow>) -> Result<(), ReadModelError> {
        sums.save(SumRow { digit: event.by, total: 0, bumps: 0, last: 0 }).await
    }
}

#[tokio::test]
async fn steps_end_at_a_table_with_too_many_rows() {
    let world = Sqlite::open().await;
    world.ensure_tables(&Wide).await;
    let events: Vec<_> = (0..510).map(|by| NewEvent::of(&Bumped { by }).unwrap()).collect();
    world.store().append(&counter(1), ExpectedVersion::Any, events).await.unwrap();
    let manager = world.manager();
    manager.subscribe(Wide, SubscriptionConfig::from_beginning()).await.unwrap();
    let steps = manager.steps("wide", &counter(1), 498, 50).await.unwrap();
    assert_eq!(steps.steps.len(), 3);
    assert_eq!(steps.cut_short.as_deref(), Some("`bump_sums` has more than 500 rows"));
    // The size of a page is limited, too.
    assert_eq!(manager.steps("wide", &counter(1), 0, 1_000).await.unwrap().steps.len(), 50);
}

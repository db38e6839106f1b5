//! A read model is compared with its log.

use eventsource::Inject;
use eventsource::prelude::*;
use eventsource::projection::{ColumnDifference, RowDifferenceKind};
use eventsource::subscription::plan::{VerifyError, VerifyReport};
use eventsource::subscription::{OnChange, RetryPolicy};
use eventsource_tests::backend::{Backend, Memory, Postgres, Sql, Sqlite};
use eventsource_tests::content::Content;
use eventsource_tests::deployment::{FirstRow, SecondRow};
use eventsource_tests::domain::Bumped;
use eventsource_tests::sums::{BumpSums, SumRow};

use crate::programs::{bump, planning, run_first, second};

macro_rules! on_each {
    ($($test:ident)*) => {
        mod memory { $(#[tokio::test] async fn $test() { super::$test::<super::Memory>().await })* }
        mod sqlite { $(#[tokio::test(flavor = "multi_thread")] async fn $test() { super::$test::<super::Sqlite>().await })* }
        mod postgres { $(#[tokio::test(flavor = "multi_thread")] async fn $test() { super::$test::<super::Postgres>().await })* }
    };
}

on_each! {
    read_model_of_a_running_owner_equals_its_log
    dead_letters_are_left_out
}

on_both! {
    rows_that_differ_are_named
    changed_projection_is_refused
}

async fn sums<B: Backend>(world: &B) -> Result<VerifyReport, VerifyError>
where
    Repository<SumRow>: Inject<<B::Checkpoints as CheckpointStore>::Unit>,
{
    let manager = planning(world);
    manager.subscribe(BumpSums, SubscriptionConfig::from_beginning()).await.unwrap();
    manager.verify("bump-sums", |_| {}).await
}

async fn read_model_of_a_running_owner_equals_its_log<B: Backend>()
where
    Repository<SumRow>: Inject<<B::Checkpoints as CheckpointStore>::Unit>,
{
    let world = B::open().await;
    world.ensure_tables(&BumpSums).await;
    let owner = world.manager();
    owner.subscribe(BumpSums, SubscriptionConfig::from_beginning()).await.unwrap();
    owner.start().await.unwrap();
    let store = world.store();
    let appends = tokio::spawn(async move {
        for by in 0..400 {
            bump(&store, by).await;
            tokio::task::yield_now().await;
        }
    });
    let mut positions = Vec::new();
    while !appends.is_finished() || positions.len() < 3 {
        tokio::task::yield_now().await;
        match sums(&world).await {
            Ok(report) => {
                assert!(report.is_equal(), "{report:#?}");
                positions.push(report.position);
            }
            // The owner has not claimed its checkpoint yet.
            Err(VerifyError::Refused { reason, .. }) if reason.contains("no checkpoint") => {}
            Err(error) => panic!("{error:?}"),
        }
    }
    appends.await.unwrap();
    owner.stop().await.unwrap();
    let report = sums(&world).await.unwrap();
    assert!(report.is_equal(), "{report:#?}");
    assert_eq!((report.position, report.applied, report.tables[0].rows), (Position::new(400), 400, 10));
}

async fn rows_that_differ_are_named<W: Sql + Content>()
where
    Repository<FirstRow>: Inject<<W::Checkpoints as CheckpointStore>::Unit>,
    Repository<SumRow>: Inject<<W::Checkpoints as CheckpointStore>::Unit>,
{
    let world = W::open().await;
    run_first(&world).await;
    world.execute("DELETE FROM bump_sums WHERE digit = 3").await;
    world.execute("UPDATE bump_sums SET total = 7 WHERE digit = 4").await;
    world.execute("UPDATE bump_sums SET digit = 77 WHERE digit = 9").await;
    let before = world.content().await;
    let report = sums(&world).await.unwrap();
    assert!(!report.is_equal());
    let table = &report.tables[0];
    assert_eq!((&*table.table, table.rows, table.missing, table.extra, table.different), ("bump_sums", 9, 2, 1, 1));
    let found: Vec<_> = table.differences.iter().map(|row| (&*row.id, row.kind.clone())).collect();
    let columns = vec![ColumnDifference::new("total", "7", "18")];
    assert_eq!(
        found,
        [
            ("3", RowDifferenceKind::Missing {}),
            ("4", RowDifferenceKind::Different { columns }),
            ("9", RowDifferenceKind::Missing {}),
            ("77", RowDifferenceKind::Extra {})
        ]
    );
    assert_eq!(world.content().await, before);
}

/// Sums, of which 13 fails.
struct Picky;

#[projection(name = "picky", read_models(SumRow))]
impl Picky {
    #[handles(Bumped)]
    async fn bumped(&self, event: &Event<Bumped>, sums: &mut Repository<SumRow>) -> Result<(), HandlerError> {
        if event.by == 13 {
            return Err(HandlerError::permanent("13 is not allowed"));
        }
        let digit = event.by % 10;
        let row = sums.get(digit).await?.unwrap_or(SumRow { digit, total: 0, bumps: 0, last: 0 });
        let last = event.position().value();
        Ok(sums.save(SumRow { digit, total: row.total + event.by, bumps: row.bumps + 1, last }).await?)
    }
}

async fn dead_letters_are_left_out<B: Backend>()
where
    Repository<SumRow>: Inject<<B::Checkpoints as CheckpointStore>::Unit>,
{
    let world = B::open().await;
    world.ensure_tables(&Picky).await;
    for by in [3, 13, 23, 4, 14] {
        bump(&world.store(), by).await;
    }
    let config = SubscriptionConfig::from_beginning().retry(RetryPolicy::never());
    let owner = world.manager();
    let picky = owner.subscribe(Picky, config.clone()).await.unwrap();
    owner.start().await.unwrap();
    picky.caught_up().await.unwrap();
    let verify = async || {
        let manager = planning(&world);
        manager.subscribe(Picky, config.clone()).await.unwrap();
        manager.verify("picky", |_| {}).await.unwrap()
    };
    let report = verify().await;
    assert_eq!((report.is_equal(), report.applied, report.left_out), (true, 3, 2), "{report:#?}");
    picky.dead_letters().dismiss(Position::new(2), "a test").await.unwrap();
    picky.caught_up().await.unwrap();
    eventsource_tests::wait::eventually("the event behind the letter is applied", || async {
        let rows = world.rows::<SumRow>().find(Query::all()).await.unwrap();
        rows.iter().any(|row| row.total == 26)
    })
    .await;
    let report = verify().await;
    assert_eq!((report.applied, report.left_out, report.failed), (4, 1, 0), "{report:#?}");
    let table = &report.tables[0];
    assert_eq!((table.missing, table.extra), (0, 0), "{report:#?}");
    owner.stop().await.unwrap();
}

async fn changed_projection_is_refused<W: Sql>()
where
    Repository<FirstRow>: Inject<<W::Checkpoints as CheckpointStore>::Unit>,
    Repository<SecondRow>: Inject<<W::Checkpoints as CheckpointStore>::Unit>,
    Repository<SumRow>: Inject<<W::Checkpoints as CheckpointStore>::Unit>,
{
    let world = W::open().await;
    run_first(&world).await;
    let manager = second(&world, OnChange::Rebuild).await;
    let error = manager.verify("bump-digits", |_| {}).await.unwrap_err();
    assert!(matches!(&error, VerifyError::Refused { reason, .. } if reason.contains("another version")), "{error:?}");
    let error = manager.verify("seen", |_| {}).await.unwrap_err();
    assert!(matches!(&error, VerifyError::Refused { reason, .. } if reason.contains("no read models")), "{error:?}");
    let error = manager.verify("smus", |_| {}).await.unwrap_err();
    assert!(matches!(error, VerifyError::Unknown { .. }), "{error:?}");
}

//! A projection whose read models have other columns than before: ensure the tables, subscribe, start.

use eventsource::prelude::*;
use eventsource::read_model::ReadModel;
use eventsource::subscription::{OnChange, SubscribeError};
use eventsource_tests::domain::{Bumped, bump};
use eventsource_tests::wait::DEADLINE;

use crate::changed::{run_before, total};
use crate::world::{On, Sql, Sums, World, on_every_backend, on_sql_backends, small};

on_every_backend!(
    changed_model_is_rebuilt_in_place_in_the_usual_order,
    changed_model_is_refused_by_default_in_the_usual_order,
    new_model_starts_in_the_usual_order,
);
on_sql_backends!(
    changed_model_is_rebuilt_side_by_side_in_the_usual_order,
    changed_model_is_rebuilt_in_place_after_an_interrupted_rebuild_side_by_side,
    changed_model_can_be_reset,
    ensure_tables_leaves_a_table_of_another_shape_and_makes_what_is_missing,
);

/// The sums of a later version: two columns are gone, one has another type, one is new.
#[derive(Debug, Clone, PartialEq, ReadModel)]
#[read_model(table = "bump_sums")]
pub(crate) struct LaterRow {
    #[read_model(id)]
    pub(crate) digit: u64,
    pub(crate) total: f64,
    #[read_model(index)]
    pub(crate) note: Option<String>,
}

/// A read model that the version before does not have.
#[derive(Debug, Clone, PartialEq, ReadModel)]
#[read_model(table = "bump_extras")]
pub(crate) struct ExtraRow {
    #[read_model(id)]
    pub(crate) by: u64,
}

/// The projection of a later version.
#[derive(Debug, Clone, Default)]
pub(crate) struct Later;

#[projection(name = "bump-sums", version = 2, read_models(LaterRow, ExtraRow))]
impl Later {
    #[handles(Bumped)]
    async fn bumped(
        &self,
        event: &Bumped,
        sums: &mut Repository<LaterRow>,
        extras: &mut Repository<ExtraRow>,
    ) -> Result<(), HandlerError> {
        extras.save(ExtraRow { by: event.by }).await?;
        let digit = event.by % 10;
        let row = sums.get(digit).await?.unwrap_or(LaterRow { digit, total: 0.0, note: None });
        let total = row.total + event.by as f64;
        Ok(sums.save(LaterRow { total, note: Some(format!("{total}")), ..row }).await?)
    }
}

async fn assert_later<W: World>(world: &W, bumps: u64) {
    let rows = world.rows::<LaterRow>().find(Query::all()).await.unwrap();
    assert_eq!(rows.iter().map(|row| row.total).sum::<f64>(), (0..bumps).sum::<u64>() as f64);
    assert!(rows.iter().all(|row| row.note.as_deref() == Some(&row.total.to_string())), "{rows:?}");
    assert_eq!(world.rows::<ExtraRow>().count(Query::all()).await.unwrap(), bumps);
}

/// Starts the later version in the usual order, after the version before has run.
async fn start_later<W: World>(world: &W, on_change: OnChange)
where
    Later: On<W>,
{
    world.ensure_tables(&Later).await;
    let manager = world.manager();
    let handle = manager.subscribe(Later, small().on_change(on_change)).await.unwrap();
    manager.start().await.unwrap();
    handle.caught_up().within(DEADLINE).await.unwrap();
    assert_later(world, 30).await;
    handle.wait_for(bump(&world.store(), [30]).await).within(DEADLINE).await.unwrap();
    assert_later(world, 31).await;
    manager.stop().await.unwrap();
}

async fn changed_model_is_rebuilt_in_place_in_the_usual_order<W: World>(world: W)
where
    Sums: On<W>,
    Later: On<W>,
{
    bump(&world.store(), 0..30).await;
    run_before(&world).await;
    start_later(&world, OnChange::Rebuild).await;
}

async fn changed_model_is_rebuilt_side_by_side_in_the_usual_order<W: Sql>(world: W)
where
    Sums: On<W>,
    Later: On<W>,
{
    bump(&world.store(), 0..30).await;
    run_before(&world).await;
    start_later(&world, OnChange::RebuildSideBySide).await;
}

async fn changed_model_is_refused_by_default_in_the_usual_order<W: World>(world: W)
where
    Sums: On<W>,
    Later: On<W>,
{
    bump(&world.store(), 0..30).await;
    run_before(&world).await;
    world.ensure_tables(&Later).await;
    let error = world.manager().subscribe(Later, small()).await.unwrap_err();
    assert!(matches!(error, SubscribeError::Changed { .. }), "{error}");
    assert_eq!(total(&world).await, (0..30).sum::<u64>());
    world.ensure_tables(&Sums::default()).await;
    run_before(&world).await;
}

async fn new_model_starts_in_the_usual_order<W: World>(world: W)
where
    Later: On<W>,
{
    bump(&world.store(), 0..30).await;
    world.ensure_tables(&Later).await;
    if world.rows::<LaterRow>().count(Query::all()).await.is_ok() {
        return start_later(&world, OnChange::Refuse).await;
    }
    // There is a table of the version before, which no subscription has used.
    let manager = world.manager();
    let handle = manager.subscribe(Later, small()).await.unwrap();
    manager.start().await.unwrap();
    let error = handle.caught_up().within(DEADLINE).await.unwrap_err();
    assert!(error.to_string().contains("`note`"), "{error}");
    manager.stop().await.unwrap();
    handle.reset().await.unwrap();
    manager.start().await.unwrap();
    handle.caught_up().within(DEADLINE).await.unwrap();
    assert_later(&world, 30).await;
}

async fn changed_model_is_rebuilt_in_place_after_an_interrupted_rebuild_side_by_side<W: Sql>(world: W)
where
    Sums: On<W>,
    Later: On<W>,
{
    bump(&world.store(), 0..30).await;
    run_before(&world).await;
    let checkpoints = world.checkpoints();
    let claim = eventsource::projection::Claim::new("bump-sums~next", "of another version", Position::START);
    let generations = checkpoints.generations().unwrap();
    generations.claim_next(&claim, Position::new(40), &Later.read_models()).await.unwrap();
    start_later(&world, OnChange::Rebuild).await;
    assert!(checkpoints.load("bump-sums~next").await.unwrap().is_none());
}

async fn changed_model_can_be_reset<W: Sql>(world: W)
where
    Sums: On<W>,
    Later: On<W>,
{
    bump(&world.store(), 0..30).await;
    run_before(&world).await;
    let manager = world.manager();
    let handle = manager.subscribe(Later, small().on_change(OnChange::Rebuild)).await.unwrap();
    handle.reset().await.unwrap();
    assert_eq!(world.rows::<LaterRow>().count(Query::all()).await.unwrap(), 0);
    manager.start().await.unwrap();
    handle.caught_up().within(DEADLINE).await.unwrap();
    assert_later(&world, 30).await;
}

async fn ensure_tables_leaves_a_table_of_another_shape_and_makes_what_is_missing<W: Sql>(world: W)
where
    Sums: On<W>,
    Later: On<W>,
{
    bump(&world.store(), 0..30).await;
    run_before(&world).await;
    for _ in 0..2 {
        world.ensure_tables(&Later).await;
        world.assert_rows_equal_the_log().await;
        assert_eq!(world.rows::<ExtraRow>().count(Query::all()).await.unwrap(), 0);
    }
    world.execute("DROP INDEX bump_lasts_last_idx").await;
    world.ensure_tables(&Sums::default()).await;
    assert!(world.names().await.contains(&"bump_lasts_last_idx".to_owned()), "an index that is missing is made");
}

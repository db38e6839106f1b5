//! A rebuild side by side: the next generation is built next to the one that serves, and takes its place at once (rebuilds lose nothing).

use std::sync::atomic::Ordering;

use eventsource::prelude::*;
use eventsource::projection::{Checkpoint, Claim, Switch, Switched};
use eventsource::read_model::ReadModel;
use eventsource::subscription::{OnChange, RebuildError, RebuildKind, StopReason, SubscribeError, SubscriptionState};
use eventsource_tests::domain::{Bumped, bump, note};
use eventsource_tests::rows::BumpRows;
use eventsource_tests::sums::SumRow;
use eventsource_tests::wait::{DEADLINE, eventually};

use crate::changed::{Twice, run_before, total};
use crate::world::{Backend as _, LastRow, Memory, On, Sql, Sqlite, Sums, World, on_sql_backends, small};

on_sql_backends!(
    the_one_that_serves_stays_current_until_it_is_replaced,
    a_changed_projection_takes_over_from_a_process_that_still_runs_it_as_it_was,
    the_dead_letters_are_those_of_the_generation,
    an_interrupted_one_goes_on_by_itself,
    next_generation_of_another_projection_is_dropped,
    a_held_one_outlives_a_restart_and_waits_for_the_switch,
    a_cancelled_one_is_dropped,
    what_is_not_declared_fails_it,
    a_switch_compares_before_it_sets,
);

const NAMES: [&str; 3] = ["bump_lasts", "bump_lasts_last_idx", "bump_sums"];

/// The names of what belongs to read models, without those that the database makes for itself.
async fn names<W: Sql>(world: &W) -> Vec<String> {
    world.names().await.into_iter().filter(|name| !name.ends_with("_pkey")).collect()
}

async fn next<W: World>(world: &W) -> Option<Checkpoint> {
    world.checkpoints().load("bump-sums~next").await.unwrap()
}

async fn the_one_that_serves_stays_current_until_it_is_replaced<W: Sql>(world: W)
where
    Sums: On<W>,
{
    let (manager, sums) = (world.manager(), Sums::default());
    let handle = manager.subscribe(sums.clone(), small()).await.unwrap();
    bump(&world.store(), 0..300).await;
    manager.start().await.unwrap();
    handle.caught_up().within(DEADLINE).await.unwrap();
    for round in 0..2 {
        // What serves is wrong, and a new generation is right.
        world.execute("UPDATE bump_sums SET total = 0").await;
        sums.be_slow(true);
        let rebuild = handle.rebuild_side_by_side().await.unwrap();
        eventually("it has begun", || async { next(&world).await.is_some_and(|next| next.position.value() > 10) })
            .await;
        let status = handle.inspect().await;
        let progress = status.rebuild.unwrap();
        assert_eq!(progress.kind, RebuildKind::SideBySide);
        assert!(progress.events_done.is_some_and(|done| done > 0 && done < 300), "{progress:?}");
        for by in 0..3 {
            let position = bump(&world.store(), [by]).await;
            handle.wait_for(position).within(DEADLINE).await.unwrap();
            assert!(rebuild.progress().await.position < rebuild.progress().await.target, "it is being built still");
            assert_eq!(total(&world).await, (0..=by).sum::<u64>(), "the one before serves, and is current");
        }
        assert!(matches!(handle.inspect().await.state, SubscriptionState::Live), "{:?}", handle.inspect().await.state);
        sums.be_slow(false);
        let head = note(&world.store(), 1).await;
        assert!(rebuild.await.unwrap() > Position::new(300));
        handle.wait_for(head).within(DEADLINE).await.unwrap();
        world.assert_rows_equal_the_log().await;
        assert_eq!(names(&world).await, NAMES, "nothing is left behind in round {round}");
        assert!(next(&world).await.is_none());
        assert!(handle.inspect().await.rebuild.is_none());
    }
    let position = bump(&world.store(), 5..30).await;
    handle.wait_for(position).within(DEADLINE).await.unwrap();
    world.assert_rows_equal_the_log().await;
    let state = handle.inspect().await.state;
    assert!(state.is_running(), "the same subscription goes on: {state:?}");
    manager.stop().await.unwrap();
    // One that does not run is started.
    world.execute("DELETE FROM bump_sums").await;
    manager.rebuild_side_by_side("bump-sums").await.unwrap().await.unwrap();
    world.assert_rows_equal_the_log().await;
}

async fn a_held_one_outlives_a_restart_and_waits_for_the_switch<W: Sql>(world: W)
where
    Sums: On<W>,
{
    let manager = world.manager();
    let handle = manager.subscribe(Sums::default(), small()).await.unwrap();
    bump(&world.store(), 0..20).await;
    manager.start().await.unwrap();
    handle.caught_up().within(DEADLINE).await.unwrap();
    world.execute("UPDATE bump_sums SET total = 0").await;
    drop(handle.rebuild_and_hold("compare the totals").await.unwrap());
    for by in 1..4 {
        let position = bump(&world.store(), [by]).await;
        eventually("it follows the log", || async { next(&world).await.is_some_and(|next| next.position == position) })
            .await;
        assert_eq!(total(&world).await, (1..=by).sum::<u64>(), "the one before serves, and is current");
        let hold = next(&world).await.unwrap().pause.unwrap();
        assert_eq!(hold.reason, "compare the totals");
        manager.stop().await.unwrap();
        manager.start().await.unwrap();
    }
    let rebuild = handle.unfinished_rebuild().unwrap();
    rebuild.switch().await.unwrap();
    rebuild.await.unwrap();
    world.assert_rows_equal_the_log().await;
    assert!(next(&world).await.is_none());

    // A cancel removes the hold with the tables: the next rebuild serves by itself.
    handle.rebuild_and_hold("again").await.unwrap().cancel().await.unwrap();
    assert!(next(&world).await.is_none());
    handle.rebuild_side_by_side().await.unwrap().await.unwrap();
    manager.stop().await.unwrap();
}

async fn a_changed_projection_takes_over_from_a_process_that_still_runs_it_as_it_was<W: Sql>(world: W)
where
    Sums: On<W>,
    Twice: On<W>,
{
    let (before, after) = (world.manager(), world.manager());
    bump(&world.store(), 0..300).await;
    let old = before.subscribe(Sums::default(), small()).await.unwrap();
    before.start().await.unwrap();
    old.caught_up().within(DEADLINE).await.unwrap();

    let twice = Twice::default();
    let new = after.subscribe(twice.clone(), small().on_change(OnChange::RebuildSideBySide)).await.unwrap();
    twice.be_slow(true);
    after.start().await.unwrap();
    eventually("it has begun", || async { next(&world).await.is_some_and(|next| next.position.value() > 10) }).await;
    let status = new.inspect().await;
    assert!(
        matches!(status.state, SubscriptionState::Rebuilding { kind: RebuildKind::SideBySide, .. }),
        "{:?}",
        status.state
    );
    let rebuild = new.unfinished_rebuild().unwrap();
    let once: u64 = (0..300).sum::<u64>() + 7;
    old.wait_for(bump(&world.store(), [7]).await).within(DEADLINE).await.unwrap();
    assert_eq!(total(&world).await, once, "the process before keeps it current");
    twice.be_slow(false);
    let mut seen = Vec::new();
    let mut wait = std::pin::pin!(std::future::IntoFuture::into_future(rebuild));
    loop {
        tokio::select! {
            done = &mut wait => {
                let _ = done.unwrap();
                break;
            }
            total = total(&world) => seen.push(total),
        }
    }
    assert!(seen.iter().all(|total| [once, 2 * once].contains(total)), "all of one or all of the other: {seen:?}");
    new.caught_up().within(DEADLINE).await.unwrap();
    assert_eq!(total(&world).await, 2 * once);
    assert_eq!(names(&world).await, NAMES);
    eventually("the one before is fenced", || async {
        matches!(old.inspect().await.state, SubscriptionState::Fenced { .. })
    })
    .await;
    new.wait_for(bump(&world.store(), [5]).await).within(DEADLINE).await.unwrap();
    assert_eq!(total(&world).await, 2 * once + 10);
}

async fn the_dead_letters_are_those_of_the_generation<W: Sql>(world: W)
where
    Sums: On<W>,
{
    let (manager, sums) = (world.manager(), Sums::default());
    bump(&world.store(), [1, 666, 3]).await;
    let handle = manager.subscribe(sums.clone(), small()).await.unwrap();
    sums.refuses.store(true, Ordering::SeqCst);
    manager.start().await.unwrap();
    handle.caught_up().within(DEADLINE).await.unwrap();
    assert_eq!(handle.inspect().await.dead_letters.unwrap(), 1);

    sums.refuses.store(false, Ordering::SeqCst);
    handle.rebuild_side_by_side().await.unwrap().await.unwrap();
    eventually("it goes on", || async { handle.inspect().await.dead_letters.unwrap() == 0 }).await;
    assert!(handle.dead_letters().list().await.unwrap().is_empty());
    world.assert_rows_equal_the_log().await;

    sums.refuses.store(true, Ordering::SeqCst);
    handle.rebuild_side_by_side().await.unwrap().await.unwrap();
    eventually("it goes on", || async { handle.inspect().await.dead_letters.unwrap() == 1 }).await;
    let letters = handle.dead_letters().list().await.unwrap();
    assert!(matches!(&letters[..], [letter] if letter.subscription == "bump-sums" && letter.held == 1), "{letters:?}");
    sums.refuses.store(false, Ordering::SeqCst);
    let retried = handle.dead_letters().retry_all().await.unwrap();
    assert_eq!((retried.applied, retried.left.len()), (2, 0));
    world.assert_rows_equal_the_log().await;
}

async fn an_interrupted_one_goes_on_by_itself<W: Sql>(world: W)
where
    Sums: On<W>,
{
    bump(&world.store(), 0..300).await;
    run_before(&world).await;
    world.execute("UPDATE bump_sums SET total = 0").await;
    let sums = Sums::default();
    {
        let manager = world.manager();
        let handle = manager.subscribe(sums.clone(), small()).await.unwrap();
        sums.be_slow(true);
        let rebuild = handle.rebuild_side_by_side().await.unwrap();
        eventually("it has begun", || async { next(&world).await.is_some_and(|next| next.position.value() > 30) })
            .await;
        manager.stop().await.unwrap();
        let error = rebuild.await.unwrap_err();
        assert!(matches!(error, RebuildError::Ended { .. }), "{error}");
    }
    let left = next(&world).await.unwrap();
    assert!(left.position.value() < 300, "{left:?}");
    assert_eq!(total(&world).await, 0, "the one before serves");
    let manager = world.manager();
    let handle = manager.subscribe(sums.clone(), small()).await.unwrap();
    manager.start().await.unwrap();
    eventually("it is known again", || async { handle.unfinished_rebuild().is_some() }).await;
    let progress = handle.inspect().await.rebuild.unwrap();
    assert!(progress.events_done.unwrap() >= left.position.value(), "it goes on where it was: {progress:?}");
    sums.be_slow(false);
    handle.unfinished_rebuild().unwrap().await.unwrap();
    world.assert_rows_equal_the_log().await;
}

async fn next_generation_of_another_projection_is_dropped<W: Sql>(world: W)
where
    Sums: On<W>,
    Twice: On<W>,
{
    bump(&world.store(), 0..300).await;
    run_before(&world).await;
    {
        let (manager, sums) = (world.manager(), Sums::default());
        let handle = manager.subscribe(sums.clone(), small()).await.unwrap();
        sums.be_slow(true);
        let _ = handle.rebuild_side_by_side().await.unwrap();
        eventually("it has begun", || async { next(&world).await.is_some_and(|next| next.position.value() > 30) })
            .await;
        manager.stop().await.unwrap();
    }
    let manager = world.manager();
    let handle = manager.subscribe(Twice::default(), small().on_change(OnChange::RebuildSideBySide)).await.unwrap();
    manager.start().await.unwrap();
    handle.caught_up().within(DEADLINE).await.unwrap();
    assert_eq!(total(&world).await, 2 * (0..300).sum::<u64>());
    assert_eq!(names(&world).await, NAMES);
    manager.stop().await.unwrap();

    // And one that is not asked for any more is dropped.
    world
        .checkpoints()
        .generations()
        .unwrap()
        .claim_next(
            &Claim::new("bump-sums~next", "another one", Position::START),
            Position::new(9),
            &[SumRow::TABLE, LastRow::TABLE],
        )
        .await
        .unwrap();
    assert_eq!(names(&world).await.len(), 6);
    let manager = world.manager();
    let handle = manager.subscribe(Twice::default(), small()).await.unwrap();
    manager.start().await.unwrap();
    handle.caught_up().within(DEADLINE).await.unwrap();
    eventually("it is dropped", || async { names(&world).await == NAMES }).await;
}

async fn a_cancelled_one_is_dropped<W: Sql>(world: W)
where
    Sums: On<W>,
    Twice: On<W>,
{
    let (manager, sums) = (world.manager(), Sums::default());
    bump(&world.store(), 0..300).await;
    let handle = manager.subscribe(sums.clone(), small()).await.unwrap();
    manager.start().await.unwrap();
    handle.caught_up().within(DEADLINE).await.unwrap();
    for stop_first in [false, true] {
        sums.be_slow(true);
        let rebuild = handle.rebuild_side_by_side().await.unwrap();
        eventually("it has begun", || async { next(&world).await.is_some_and(|next| next.position.value() > 30) })
            .await;
        if stop_first {
            manager.stop().await.unwrap();
        }
        rebuild.cancel().await.unwrap();
        let error = rebuild.await.unwrap_err();
        assert!(matches!(error, RebuildError::Cancelled { .. }), "{error}");
        assert!(next(&world).await.is_none());
        assert_eq!(names(&world).await, NAMES);
        assert_eq!(handle.inspect().await.state.is_running(), !stop_first);
        sums.be_slow(false);
        manager.start().await.unwrap();
        handle.wait_for(bump(&world.store(), [1]).await).within(DEADLINE).await.unwrap();
        world.assert_rows_equal_the_log().await;
    }
    manager.stop().await.unwrap();

    let manager = world.manager();
    let twice = Twice::default();
    let handle = manager.subscribe(twice.clone(), small().on_change(OnChange::RebuildSideBySide)).await.unwrap();
    twice.be_slow(true);
    manager.start().await.unwrap();
    eventually("it has begun", || async { next(&world).await.is_some_and(|next| next.position.value() > 30) }).await;
    handle.unfinished_rebuild().unwrap().cancel().await.unwrap();
    eventually("it stops", || async {
        let state = handle.inspect().await.state;
        matches!(state, SubscriptionState::Stopped { reason: StopReason::RebuildCancelled })
    })
    .await;
    assert_eq!(names(&world).await, NAMES);
    world.assert_rows_equal_the_log().await;
}

/// Writes a table that it does not declare.
struct Undeclared;

#[projection(name = "bump-sums", read_models(SumRow))]
impl Undeclared {
    #[handles(Bumped)]
    async fn bumped(&self, event: &Event<Bumped>, lasts: &mut Repository<LastRow>) -> Result<(), HandlerError> {
        Ok(lasts.save(LastRow { by: event.by, last: event.position().value() }).await?)
    }
}

async fn what_is_not_declared_fails_it<W: Sql>(world: W)
where
    Undeclared: On<W>,
{
    let manager = world.manager();
    bump(&world.store(), 0..30).await;
    let handle = manager.subscribe(Undeclared, small()).await.unwrap();
    manager.start().await.unwrap();
    handle.caught_up().within(DEADLINE).await.unwrap();
    let lasts = world.rows::<LastRow>().find_stored(Query::all()).await.unwrap();
    for _ in 0..2 {
        let error = handle.rebuild_side_by_side().await.unwrap().await.unwrap_err();
        assert!(matches!(error, RebuildError::Failed { .. }), "{error}");
        for part in ["`bump_lasts`", "read_models(", "position 1 ", "in place"] {
            assert!(error.to_string().contains(part), "{part} in {error}");
        }
        let now = world.rows::<LastRow>().find_stored(Query::all()).await.unwrap();
        assert!(
            now.iter().zip(&lasts).all(|(now, before)| now.version() == before.version()),
            "nothing was written twice"
        );
        assert!(handle.inspect().await.state.is_running(), "the one that serves goes on");
    }
    handle.wait_for(bump(&world.store(), [1]).await).within(DEADLINE).await.unwrap();
}

async fn a_switch_compares_before_it_sets<W: Sql>(world: W)
where
    Sums: On<W>,
{
    bump(&world.store(), 0..30).await;
    run_before(&world).await;
    let (checkpoints, tables) = (world.checkpoints(), [SumRow::TABLE, LastRow::TABLE]);
    let generations = checkpoints.generations().unwrap();
    let live = world.checkpoint().await.unwrap();
    let claim = Claim::new("bump-sums~next", "v9", Position::START);
    let first = generations.claim_next(&claim, Position::new(40), &tables).await.unwrap();
    assert_eq!((first.position, first.rebuild_to), (Position::START, Some(Position::new(40))));
    let second = generations.claim_next(&claim, Position::new(50), &tables).await.unwrap();
    assert_eq!((second.rebuild_to, second.epoch), (Some(Position::new(40)), first.epoch + 1), "it goes on");
    let switch = |epoch, position| Switch::new("bump-sums", epoch, position, &tables);
    let at = generations.switch(&switch(first.epoch, Position::START)).await.unwrap();
    assert_eq!(at, Switched::Fenced, "a former owner");
    let at = generations.switch(&switch(second.epoch, Position::new(1))).await.unwrap();
    assert_eq!(at, Switched::Fenced, "another position");
    let at = generations.switch(&switch(second.epoch, Position::START)).await.unwrap();
    assert_eq!(at, Switched::Behind(live.position), "the one that serves is further on");
    let of_another = switch(second.epoch, Position::START).at_any_position().replacing("bump-sums v8");
    let at = generations.switch(&of_another).await.unwrap();
    let is_spared = matches!(&at, Switched::Changed { found, .. } if *found == live.fingerprint);
    assert!(is_spared, "a projection that replaced the one that was seen: {at:?}");
    assert_eq!(world.checkpoint().await.unwrap(), live);
    world.assert_rows_equal_the_log().await;
    generations.discard("bump-sums", &tables).await.unwrap();
    assert_eq!(names(&world).await, NAMES);
    let third = generations.claim_next(&claim, Position::new(50), &tables).await.unwrap();
    assert!(third.epoch > second.epoch, "epochs grow over it");
    // A user's own table is not replaced by a new one.
    generations.discard("bump-sums", &tables).await.unwrap();
    world.execute("CREATE TABLE bump_sums__next (mine INTEGER)").await;
    let error = generations.claim_next(&claim, Position::new(50), &tables).await.unwrap_err();
    assert!(error.to_string().contains("bump_sums__next"), "{error}");
    world.execute("DROP TABLE bump_sums__next").await;
    assert!(next(&world).await.is_none(), "all or nothing");
}

#[tokio::test]
async fn impossible_rebuild_is_refused() {
    let memory = Memory::new().await;
    let manager = memory.manager();
    let handle = manager.subscribe(Sums::default(), small()).await.unwrap();
    let error = handle.rebuild_side_by_side().await.unwrap_err();
    assert!(matches!(error, RebuildError::NoGenerations { .. }), "{error}");
    assert!(error.to_string().contains("in place"), "{error}");

    let world = Sqlite::new().await;
    BumpRows::create_tables(world.db.pool()).await.unwrap();
    let manager = world.manager();
    let handle = manager.subscribe(BumpRows, small()).await.unwrap();
    let error = handle.rebuild_side_by_side().await.unwrap_err();
    assert!(matches!(error, RebuildError::NoReadModels { .. }), "{error}");
    assert!(error.to_string().contains("read_models("), "{error}");
    let late = SubscriptionConfig::from_end().name("late");
    let error = manager.subscribe(Sums::default(), late).await.unwrap().rebuild_side_by_side().await.unwrap_err();
    assert!(matches!(error, RebuildError::StartsAtEnd { .. }), "{error}");
    let reserved = SubscriptionConfig::default().name("bump-sums~next");
    let error = manager.subscribe(Sums::default(), reserved).await.unwrap_err();
    assert!(matches!(error, SubscribeError::ReservedName { .. }), "{error}");
}

//! A process that rebuilds is killed at random moments, again and again: what serves is whole and correct after each kill.

use std::time::Duration;

use eventsource::prelude::*;
use eventsource::projection::Checkpoint;
use eventsource::read_model::Stored;
use eventsource::testing::Random;
use eventsource_tests::child::Child;
use eventsource_tests::domain::bump;
use eventsource_tests::rows::BumpRows;
use eventsource_tests::soak::Rounds;
use eventsource_tests::sums::{BumpSums, SumRow};
use eventsource_tests::wait::eventually;

use crate::world::{Postgres, Sql, Sqlite, World};

fn start<W: Sql>(world: &W, what: &[&str]) -> Child {
    let what = what.iter().map(|&what| what.to_owned());
    Child::start(env!("CARGO_BIN_EXE_rebuild_child"), world.arguments().into_iter().chain(what))
}

/// Finishes what was begun, and catches up.
fn finish<W: Sql>(world: &W, how: &str) {
    start(world, &[how, "once"]).finish();
}

async fn load<W: World>(world: &W, name: &str) -> Option<Checkpoint> {
    world.checkpoints().load(name).await.unwrap()
}

/// That what serves is a fold of the log up to its checkpoint, which is returned.
async fn assert_whole<W: Sql>(world: &W, seed: &str) -> Checkpoint {
    let (checkpoint, rows) = loop {
        let before = load(world, "bump-sums").await;
        let rows = world.rows::<SumRow>().find_stored(Query::all().order_by(SumRow::DIGIT.asc())).await.unwrap();
        // A commit whose client was killed may take a moment.
        match before {
            Some(before) if load(world, "bump-sums").await.as_ref() == Some(&before) => break (before, rows),
            _ => tokio::time::sleep(Duration::from_millis(1)).await,
        }
    };
    let mut log = BumpRows::fold(&world.store()).await;
    log.retain(|(position, _)| *position as u64 <= checkpoint.position.value());
    assert!(BumpSums::counted_once(&rows), "{seed}: {rows:?}");
    let rows: Vec<_> = rows.into_iter().map(Stored::into_inner).collect();
    assert_eq!(rows, BumpSums::fold(&log), "{seed}: after each kill what serves is where its checkpoint is");
    checkpoint
}

async fn fill<W: World>(world: &W, random: &mut Random, events: u64) {
    for _ in 0..events.div_ceil(10) {
        bump(&world.store(), (0..10).map(|_| random.below(1_000)).collect::<Vec<_>>()).await;
    }
}

/// Kills 8 times, and 300 times in a soak; two thirds of the kills have to fall within a rebuild.
async fn killed<W: Sql>(world: W, how: &str)
where
    BumpSums: crate::world::On<W>,
{
    let mut random = Random::from_environment();
    fill(&world, &mut random, 300).await;
    finish(&world, how);
    let name = if how == "in-place" { "bump-sums" } else { "bump-sums~next" };
    let (mut kills, mut during, mut switched) = (Rounds::at_least(8).in_soak(300), 0, 0);
    while kills.another() {
        let more = random.below(2) * 10;
        fill(&world, &mut random, more).await;
        let before = load(&world, "bump-sums").await.unwrap();
        let left = load(&world, name).await.map_or(Position::START, |left| left.position);
        let mut child = start(&world, &[how]);
        // A next generation is unfinished until it serves.
        let is_unfinished = |checkpoint: Option<Checkpoint>| {
            let began = checkpoint.filter(|found| found.position > Position::START);
            began.is_some_and(|found| how != "in-place" || found.rebuild_to.is_some())
        };
        eventually("the child rebuilds", || async {
            load(&world, name).await.is_some_and(|now| is_unfinished(Some(now.clone())) && now.position != left)
        })
        .await;
        // Somewhere between here and its end; every fourth time about when it is switched to.
        let head = world.store().head().await.unwrap().value();
        let at_the_switch = how != "in-place" && kills.done() % 4 == 0;
        let until = if at_the_switch { head } else { random.below(head * 8 / 10) };
        let limit = tokio::time::Instant::now() + Duration::from_secs(5);
        while load(&world, name).await.is_some_and(|now| now.position.value() < until && is_unfinished(Some(now)))
            && tokio::time::Instant::now() < limit
        {
            tokio::time::sleep(Duration::from_micros(300)).await;
        }
        tokio::time::sleep(random.delay(Duration::from_millis(if at_the_switch { 12 } else { 3 }))).await;
        child.kill();
        let live = assert_whole(&world, how).await;
        during += u32::from(is_unfinished(load(&world, name).await));
        switched += u32::from(how != "in-place" && live.epoch > before.epoch + 1);
        if how != "in-place" {
            assert!(live.position >= before.position && live.rebuild_to.is_none(), "it never goes back: {live:?}");
        }
    }
    let kills = kills.done();
    println!("{how}: {kills} kills, {during} of them within a rebuild; {switched} after a switch of the same child");
    assert!(
        during * 3 >= kills * 2,
        "only {during} of {kills} kills fell between the first and the last commit of a rebuild"
    );
    finish(&world, how);
    let live = assert_whole(&world, how).await;
    assert_eq!(live.position, world.store().head().await.unwrap());
    assert!(load(&world, "bump-sums~next").await.is_none());
    let names: Vec<_> = world.names().await.into_iter().filter(|name| name.contains("__next")).collect();
    assert!(names.is_empty(), "nothing is left behind: {names:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_in_place_on_sqlite() {
    killed(Sqlite::new().await, "in-place").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_side_by_side_on_sqlite() {
    killed(Sqlite::new().await, "side-by-side").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_in_place_on_postgres() {
    killed(Postgres::new().await, "in-place").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_side_by_side_on_postgres() {
    killed(Postgres::new().await, "side-by-side").await;
}

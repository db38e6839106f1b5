//! Several projections that write the same rows of a PostgreSQL table at the same time: none loses a change, and none
//! waits for ever.

use std::sync::Arc;

use eventsource::causes;
use eventsource::prelude::*;
use eventsource::projection::CommitError;
use eventsource::read_model::ReadModel;
use eventsource::testing::Random;
use eventsource_tests::domain::Bumped;

use crate::projection::{bump, config};
use crate::world::{Item, Postgres, World as _, event, id, item};

/// How often a number was met.
#[derive(Debug, Clone, PartialEq, ReadModel)]
#[read_model(table = "tallies")]
struct Tally {
    #[read_model(id)]
    number: u64,
    times: u64,
}

/// The same in another table, which is read second by one projection and first by the other.
#[derive(Debug, Clone, PartialEq, ReadModel)]
#[read_model(table = "a_second_table")]
struct Second {
    #[read_model(id)]
    number: u64,
    times: u64,
}

const NUMBERS: u64 = 5;

macro_rules! tally {
    ($rows:ident, $model:ident, $number:expr) => {
        let number = $number;
        let times = $rows.get(number).await?.map_or(0, |row| row.times);
        $rows.save($model { number, times: times + 1 }).await?;
    };
}

struct Upwards;

#[projection(name = "upwards")]
impl Upwards {
    #[handles(Bumped)]
    async fn bumped(
        &self,
        event: &Event<Bumped>,
        tallies: &mut Repository<Tally>,
        second: &mut Repository<Second>,
    ) -> Result<(), ReadModelError> {
        tally!(tallies, Tally, event.by);
        tally!(second, Second, event.by);
        Ok(())
    }
}

struct Downwards;

#[projection(name = "downwards")]
impl Downwards {
    #[handles(Bumped)]
    async fn bumped(
        &self,
        event: &Event<Bumped>,
        tallies: &mut Repository<Tally>,
        second: &mut Repository<Second>,
    ) -> Result<(), ReadModelError> {
        tally!(second, Second, NUMBERS - 1 - event.by);
        tally!(tallies, Tally, NUMBERS - 1 - event.by);
        Ok(())
    }
}

/// Rows and tables in opposite orders, from none at all: they wait for each other, overtake each other, and stand in
/// each other's way; each does all its work.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn two_projections_in_opposite_orders_both_run_through() {
    let world = Postgres::new().await;
    world.create::<Tally>().await;
    world.create::<Second>().await;
    let store = world.store();
    let mut position = Position::START;
    for round in 0..20u64 {
        let numbers: Vec<_> = (0..NUMBERS).map(|n| (n + round) % NUMBERS).collect();
        position = bump(&*store, 1, &numbers).await;
    }
    let manager = SubscriptionManager::new(world.shared_store(), MemoryEventBus::new(), world.checkpoints());
    let upwards = manager.subscribe(Upwards, config(10)).await.unwrap();
    let downwards = manager.subscribe(Downwards, config(10)).await.unwrap();
    manager.start().await.unwrap();
    let patience = std::time::Duration::from_secs(100);
    upwards.wait_for(position).within(patience).await.unwrap();
    downwards.wait_for(position).within(patience).await.unwrap();
    manager.stop().await.unwrap();
    let tallies = world.rows::<Tally>().find_stored(Query::all()).await.unwrap();
    assert_eq!(tallies.iter().map(|row| (row.times, row.version())).collect::<Vec<_>>(), [(40, 40); 5]);
    let second = world.rows::<Second>().find_stored(Query::all()).await.unwrap();
    assert_eq!(second.iter().map(|row| (row.times, row.version())).collect::<Vec<_>>(), [(40, 40); 5]);
}

/// The first read of a batch takes the locks of all rows that its events are about, in the order of their ids: the
/// second batch waits, and neither is undone.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn batches_about_the_same_aggregates_wait_for_each_other_and_are_not_undone() {
    let world = Arc::new(Postgres::new().await);
    world.save((0..20).map(|n| item(n, "counter", 0))).await;
    let one = |descending: bool| {
        let world = Arc::clone(&world);
        tokio::spawn(async move {
            for _ in 0..20 {
                let mut order: Vec<u128> = (0..20).collect();
                if descending {
                    order.reverse();
                }
                let mut batch = world.batch().await;
                let events: Vec<_> = order.iter().map(|&n| Arc::new(event(n, 1))).collect();
                batch.unit.begin_batch(&events);
                for n in order {
                    let mut items = Postgres::lend::<Item>(&mut batch.unit).await;
                    let mut row = items.get(id(n)).await.unwrap().unwrap();
                    row.count += 1;
                    items.save(row).await.unwrap();
                    tokio::task::yield_now().await;
                }
                batch.commit().await.unwrap();
            }
        })
    };
    let (up, down) = (one(false), one(true));
    up.await.unwrap();
    down.await.unwrap();
    let rows = world.rows::<Item>().find(Query::all()).await.unwrap();
    assert!(rows.iter().all(|row| row.count == 40), "{rows:?}");
}

/// What a query finds is not locked, and what is missing cannot be: the second batch is not committed, and tried again.
#[tokio::test]
async fn overtaken_batch_is_tried_again() {
    let world = Postgres::new().await;
    world.save([item(1, "a", 1)]).await;
    let (mut first, mut second) = (world.batch().await, world.batch().await);
    for batch in [&mut first, &mut second] {
        let mut items = Postgres::lend::<Item>(&mut batch.unit).await;
        let mut found = items.find(Query::all()).await.unwrap().remove(0);
        found.count += 1;
        items.save(found).await.unwrap();
    }
    first.commit().await.unwrap();
    let error = second.commit().await.unwrap_err();
    assert!(matches!(error, CommitError::Failed(_)), "{error:?}");
    assert!(
        causes(&error).to_string().contains("another transaction has changed a row of it at the same time"),
        "{error}"
    );

    let (mut first, mut second) = (world.batch().await, world.batch().await);
    for batch in [&mut first, &mut second] {
        let mut items = Postgres::lend::<Item>(&mut batch.unit).await;
        assert_eq!(items.get(id(2)).await.unwrap(), None);
        items.save(item(2, "new", 1)).await.unwrap();
    }
    first.commit().await.unwrap();
    let mut items = Postgres::lend::<Item>(&mut second.unit).await;
    let error = items.count(Query::all()).await.unwrap_err();
    assert!(second.unit.is_outage(&error), "{error}");
    items.save(item(3, "not kept", 1)).await.unwrap();
    assert!(matches!(second.commit().await.unwrap_err(), CommitError::Failed(_)));

    // Saved without being read: all saves count, and the last one's values stay.
    let (mut first, mut second) = (world.batch().await, world.batch().await);
    for (n, batch) in [(1, &mut first), (2, &mut second)] {
        let mut items = Postgres::lend::<Item>(&mut batch.unit).await;
        items.save(item(1, "blind", n)).await.unwrap();
    }
    first.commit().await.unwrap();
    second.commit().await.unwrap();
    let row = world.rows::<Item>().get_stored(id(1)).await.unwrap().unwrap();
    assert_eq!((row.count, row.version()), (2, 4));
    assert_eq!(world.names().await, ["blind", "new"]);
}

/// Tasks that find all rows and save some of them, in any order, try again until they succeed: nothing is lost.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn no_change_of_what_a_query_finds_is_lost() {
    let world = Arc::new(Postgres::new().await);
    world.save((0..6).map(|n| item(n, "counter", 0))).await;
    let tasks: Vec<_> = (0..4)
        .map(|seed| {
            let world = Arc::clone(&world);
            tokio::spawn(async move {
                let (mut random, mut done) = (Random::new(seed), 0);
                while done < 15 {
                    let mut batch = world.batch().await;
                    let mut items = Postgres::lend::<Item>(&mut batch.unit).await;
                    let mut found = items.find(Query::all()).await.unwrap();
                    found.rotate_left(random.below(6) as usize);
                    for row in found.iter_mut().take(3) {
                        row.count += 1;
                        items.save(&*row).await.unwrap();
                    }
                    match batch.commit().await {
                        Ok(()) => done += 1,
                        Err(CommitError::Failed(error)) => {
                            assert!(causes(&error).to_string().contains("another transaction has changed"), "{error}");
                        }
                        Err(error) => panic!("{error}"),
                    }
                }
            })
        })
        .collect();
    for task in tasks {
        task.await.unwrap();
    }
    let rows = world.rows::<Item>().find_stored(Query::all()).await.unwrap();
    assert_eq!(rows.iter().map(|row| row.count).sum::<i64>(), 4 * 15 * 3);
    assert!(rows.iter().all(|row| row.version() == row.count as u64 + 1));
}

/// One holds a row of the table whose name is last and wants one of the first; the other the other way round. Who goes
/// backwards does not wait, and is tried again; who goes forwards gets both. PostgreSQL never finds a deadlock.
#[tokio::test]
async fn batch_that_locks_backwards_never_waits() {
    let world = Arc::new(Postgres::new().await);
    world.create::<Tally>().await;
    world.create::<Second>().await;
    let mut batch = world.batch().await;
    Postgres::lend::<Tally>(&mut batch.unit).await.save(Tally { number: 1, times: 1 }).await.unwrap();
    Postgres::lend::<Tally>(&mut batch.unit).await.save(Tally { number: 2, times: 1 }).await.unwrap();
    Postgres::lend::<Second>(&mut batch.unit).await.save(Second { number: 1, times: 1 }).await.unwrap();
    batch.commit().await.unwrap();

    for one_table in [false, true] {
        let (mut back, mut forth) = (world.batch().await, world.batch().await);
        let mut last = Postgres::lend::<Tally>(&mut back.unit).await;
        let last_row = last.get(2u64).await.unwrap().unwrap();
        let (mut first, mut first_low) =
            (Postgres::lend::<Second>(&mut forth.unit).await, Postgres::lend::<Tally>(&mut forth.unit).await);
        first.get(1u64).await.unwrap().unwrap();
        first_low.get(1u64).await.unwrap().unwrap();
        let waiting = tokio::spawn(async move {
            let mut row = first_low.get(2u64).await.unwrap().unwrap();
            row.times += 10;
            first_low.save(row).await.unwrap();
            first.save(Second { number: 1, times: 11 }).await.unwrap();
            first_low.save(Tally { number: 1, times: 11 }).await.unwrap();
            forth.commit().await
        });
        // Held by the other one: it is read as it is committed.
        if one_table {
            let mut low = last.get(1u64).await.unwrap().unwrap();
            low.times += 1;
            last.save(low).await.unwrap();
        } else {
            let mut second = Postgres::lend::<Second>(&mut back.unit).await;
            let mut low = second.get(1u64).await.unwrap().unwrap();
            low.times += 1;
            second.save(low).await.unwrap();
        }
        last.save(Tally { times: last_row.times + 1, ..last_row }).await.unwrap();
        let error = back.commit().await.unwrap_err();
        assert!(matches!(error, CommitError::Failed(_)), "{error:?}");
        assert!(
            causes(&error).to_string().contains("another transaction has changed a row of it at the same time"),
            "{error}"
        );
        waiting.await.unwrap().unwrap();
    }
    assert_eq!(world.rows::<Tally>().get(2u64).await.unwrap().unwrap().times, 21);
}

/// What one deletes the other updates, and the other way round, with nothing read before.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn deletions_and_changes_in_opposite_orders_are_never_a_deadlock() {
    let world = Arc::new(Postgres::new().await);
    let tasks: Vec<_> = [(1, 5), (5, 1)]
        .map(|(gone, changed)| {
            let world = Arc::clone(&world);
            tokio::spawn(async move {
                let mut done = 0;
                while done < 40 {
                    let mut batch = world.batch().await;
                    let mut items = Postgres::lend::<Item>(&mut batch.unit).await;
                    items.delete(id(gone)).await.unwrap();
                    items.save(item(changed, "changed", 1)).await.unwrap();
                    match batch.commit().await {
                        Ok(()) => done += 1,
                        Err(CommitError::Failed(error)) => {
                            assert!(causes(&error).to_string().contains("another transaction has changed"), "{error}");
                        }
                        Err(error) => panic!("{error}"),
                    }
                }
            })
        })
        .into();
    for task in tasks {
        task.await.unwrap();
    }
}

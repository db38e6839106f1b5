//! Random operations in random batches, some of which are rolled back: memory, SQLite, PostgreSQL and a plain fold agree.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use eventsource::prelude::*;
use eventsource::projection::UnitOfWork;
use eventsource::read_model::Stored;
use eventsource::testing::Random;

use crate::world::{Item, Memory, Postgres, Sqlite, World, id, item, time};

/// A row as the fold has it.
#[derive(Debug, Clone, PartialEq)]
struct Folded {
    item: Item,
    version: u64,
    created: DateTime<Utc>,
    updated: DateTime<Utc>,
    deleted: Option<DateTime<Utc>>,
}

#[derive(Debug, Clone)]
enum Step {
    Save(Item),
    SaveRead(u128),
    Delete(u128),
    SoftDelete(u128),
    Restore(u128),
    Get(u128),
    Count,
    Truncate,
}

fn step(random: &mut Random) -> Step {
    let n = u128::from(random.below(6));
    match random.below(40) {
        0..=11 => Step::Save(item(n, ["a", "b", "c"][random.below(3) as usize], random.below(5) as i64)),
        12..=19 => Step::SaveRead(n),
        20..=24 => Step::Delete(n),
        25..=28 => Step::SoftDelete(n),
        29..=31 => Step::Restore(n),
        32..=36 => Step::Get(n),
        37..=38 => Step::Count,
        _ => Step::Truncate,
    }
}

fn fold(model: &mut BTreeMap<u128, Folded>, step: &Step, now: DateTime<Utc>) {
    let save = |model: &mut BTreeMap<u128, Folded>, item: Item| {
        let new = Folded { item: item.clone(), version: 0, created: now, updated: now, deleted: None };
        let row = model.entry(item.id.as_u128()).or_insert(new);
        (row.item, row.updated, row.version) = (item, now, row.version + 1);
    };
    let mark = |row: &mut Folded, deleted: bool| {
        if row.deleted.is_some() != deleted {
            (row.deleted, row.updated, row.version) = (deleted.then_some(now), now, row.version + 1);
        }
    };
    match step {
        Step::Save(item) => save(model, item.clone()),
        Step::SaveRead(n) => {
            if let Some(Folded { item, deleted: None, .. }) = model.get(n).cloned() {
                save(model, Item { count: item.count + 1, ..item });
            }
        }
        Step::Delete(n) => drop(model.remove(n)),
        Step::SoftDelete(n) => drop(model.get_mut(n).map(|row| mark(row, true))),
        Step::Restore(n) => drop(model.get_mut(n).map(|row| mark(row, false))),
        Step::Truncate => model.clear(),
        Step::Get(_) | Step::Count => {}
    }
}

async fn apply(items: &mut Repository<Item>, model: &BTreeMap<u128, Folded>, step: &Step) {
    let visible = |n: &u128| model.get(n).filter(|row| row.deleted.is_none()).map(|row| row.item.clone());
    match step {
        Step::Save(item) => items.save(item).await.unwrap(),
        Step::SaveRead(n) => {
            if let Some(mut item) = items.get(id(*n)).await.unwrap() {
                item.count += 1;
                items.save(item).await.unwrap();
            }
        }
        Step::Delete(n) => items.delete(id(*n)).await.unwrap(),
        Step::SoftDelete(n) => drop(items.soft_delete(id(*n)).await.unwrap()),
        Step::Restore(n) => drop(items.restore(id(*n)).await.unwrap()),
        Step::Get(n) => assert_eq!(items.get(id(*n)).await.unwrap(), visible(n)),
        Step::Count => {
            let count = model.keys().filter_map(visible).filter(|item| item.count > 1).count() as u64;
            assert_eq!(items.count(Item::COUNT.gt(1)).await.unwrap(), count);
        }
        Step::Truncate => items.truncate().await.unwrap(),
    }
}

fn folded(stored: Stored<Item>) -> Folded {
    let (version, created, updated, deleted) =
        (stored.version(), stored.created_at(), stored.updated_at(), stored.deleted_at());
    Folded { item: stored.into_inner(), version, created, updated, deleted }
}

async fn run<W: World>(world: &W, seed: u64) {
    let mut random = Random::new(seed);
    let (mut committed, mut second) = (BTreeMap::new(), 0);
    for _ in 0..40 {
        let mut model = committed.clone();
        let mut batch = world.batch().await;
        for _ in 0..random.below(12) {
            second += 1;
            batch.at(second);
            let step = step(&mut random);
            apply(&mut *W::lend::<Item>(&mut batch.unit).await, &model, &step).await;
            fold(&mut model, &step, time(second));
        }
        if random.below(4) == 0 {
            batch.unit.rollback().await;
        } else {
            batch.commit().await.unwrap();
            committed = model;
        }
        let found = world.rows::<Item>().find_stored(Query::all().with_deleted()).await.unwrap();
        let found: BTreeMap<_, _> = found.into_iter().map(|row| (row.id.as_u128(), folded(row))).collect();
        assert_eq!(found, committed, "seed {seed}");
    }
}

#[tokio::test]
async fn memory() {
    for seed in 0..60 {
        run(&Memory::default(), seed).await;
    }
}

#[tokio::test]
async fn sqlite() {
    for seed in 0..15 {
        run(&Sqlite::new().await, seed).await;
    }
}

#[tokio::test]
async fn postgres() {
    for seed in 0..15 {
        run(&Postgres::new().await, seed).await;
    }
}

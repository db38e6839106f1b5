//! Each append has its own answer, whatever becomes of those next to it.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use eventsource::StoreError;
use eventsource::sqlite::{SqliteDatabase, SqliteEventStore, SqliteOptions};
use eventsource::sqlx::{self, Connection as _, SqliteConnection};

use crate::world::*;

/// Of those that expect the same, one is stored, and the others are told by which version they were beaten.
async fn a_conflict_is_its_own<W: Sql>() {
    let world = W::open().await;
    let store = world.store();
    let appends = (0..40).map(|n| append(&store, stream(n / 4), ExpectedVersion::NoStream, vec![event(1)]));
    let answers = at_once(appends.collect()).await;
    for (n, four) in answers.chunks(4).enumerate() {
        assert_eq!(four.iter().filter(|answer| answer.is_ok()).count(), 1, "{four:?}");
        for answer in four.iter().filter_map(|answer| answer.as_ref().err()) {
            let own = matches!(answer, AppendError::Conflict { stream: s, expected: ExpectedVersion::NoStream, actual: 1 }
                if *s == stream(n as u128));
            assert!(own, "{answer:?}");
        }
    }
    assert_eq!(log(&store).await.len(), 10);
}

/// An id that is taken, or that two of them bring, is refused by itself.
async fn a_duplicate_is_its_own<W: Sql>() {
    let world = W::open().await;
    let store = world.store();
    let (taken, twice) = (Uuid::from_u128(1), Uuid::from_u128(2));
    store.append(&stream(99), ExpectedVersion::Any, vec![event(0).with_id(taken)]).await.unwrap();
    let event = |n: u128| match n {
        7 => event(7).with_id(taken),
        11 | 12 => event(11).with_id(twice),
        _ => event(0),
    };
    let appends = (0..20).map(|n| append(&store, stream(n), ExpectedVersion::NoStream, vec![event(n), event(50)]));
    let answers = at_once(appends.collect()).await;
    let refused: BTreeMap<_, _> = (0..20).zip(&answers).filter(|(_, answer)| answer.is_err()).collect();
    for (&n, answer) in &refused {
        let id = if n == 7 { taken } else { twice };
        let own = matches!(answer, Err(AppendError::DuplicateEvent { stream: s, event_id }) if *s == stream(n) && *event_id == id);
        assert!(own, "{n}: {answer:?}");
    }
    let numbers: BTreeSet<u128> = refused.into_keys().collect();
    assert!(numbers == BTreeSet::from([7, 11]) || numbers == BTreeSet::from([7, 12]), "{numbers:?}");
    assert_eq!(log(&store).await.len(), 1 + 2 * 18, "nothing of what was refused is stored");
}

/// What is acknowledged is what is stored: many writers, each with a stream of its own and a common one, at random.
async fn what_is_acknowledged_is_what_is_stored<W: Sql>() {
    let world = W::open().await;
    let store = world.store();
    let mut writers = JoinSet::new();
    for writer in 0..16_u64 {
        let store = store.clone();
        writers.spawn(async move {
            let mut acknowledged = Vec::new();
            for n in 0..30 {
                // Mixed by multiplication: the same at each run.
                let dice = (writer * 31 + n).wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 60;
                let (stream, expected) = match dice {
                    0..4 => (stream(1_000), ExpectedVersion::Any),
                    4..6 => (stream(1_000), ExpectedVersion::Exact(n)),
                    6 => (stream(1_000 + u128::from(n)), ExpectedVersion::NoStream),
                    7 => (stream(2_000 + u128::from(writer)), ExpectedVersion::StreamExists),
                    _ => (stream(writer.into()), ExpectedVersion::Any),
                };
                let events = (0..=dice % 3).map(|_| event(writer * 100 + n)).collect();
                match store.append(&stream, expected, events).await {
                    Ok(appended) => acknowledged.extend_from_slice(appended.events()),
                    Err(AppendError::Conflict { stream: refused, actual, .. }) => {
                        assert!(refused == stream && !expected.allows(actual), "{expected:?} allows {actual}");
                    }
                    Err(error) => panic!("{error:?}"),
                }
            }
            acknowledged
        });
    }
    let mut acknowledged: Vec<_> = writers.join_all().await.into_iter().flatten().collect();
    acknowledged.sort_by_key(|event| event.position());
    let stored = log(&store).await;
    assert_eq!(acknowledged, stored);
    let mut versions: BTreeMap<_, u64> = BTreeMap::new();
    for event in &stored {
        let version = versions.entry(event.stream().clone()).or_default();
        *version += 1;
        assert_eq!(event.version(), *version, "without a gap, and in the order of the log");
    }
}

on_both![a_conflict_is_its_own, a_duplicate_is_its_own, what_is_acknowledged_is_what_is_stored];

/// Those in the queue have their patience too, and are told what is in the way. Nothing of them is stored later.
#[tokio::test]
async fn a_foreign_lock_is_waited_for_by_each_as_long_as_it_likes() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("locked.db");
    let options = SqliteOptions::new(&file).write_timeout(Duration::from_millis(300));
    let store = SqliteEventStore::new(&SqliteDatabase::open_with(options).await.unwrap());
    let mut other = SqliteConnection::connect(&format!("sqlite://{}", file.display())).await.unwrap();
    sqlx::raw_sql("BEGIN IMMEDIATE").execute(&mut other).await.unwrap();
    let all = || (0..5).map(|n| append(&store, stream(n), ExpectedVersion::NoStream, vec![event(1)])).collect();
    for answer in at_once(all()).await {
        assert!(matches!(answer, Err(AppendError::Store(StoreError::Busy { .. }))), "{answer:?}");
    }
    sqlx::raw_sql("ROLLBACK").execute(&mut other).await.unwrap();
    assert!(log(&store).await.is_empty());
    let answers = at_once(all()).await;
    assert!(answers.iter().all(Result::is_ok), "{answers:?}");
    assert_eq!(log(&store).await.len(), 5);
}

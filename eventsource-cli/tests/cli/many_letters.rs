//! 10,000 dead letters.

use std::time::{Duration, Instant};

use eventsource::prelude::*;
use eventsource_tests::backend::{Backend as _, Sql as _, Sqlite};
use eventsource_tests::domain::Bumped;
use eventsource_tests::sums::SumRow;
use tokio::task::JoinSet;
use uuid::Uuid;

use crate::owner;
use crate::program::{done, run};

const LETTERS: usize = 10_000;

#[tokio::test]
async fn ten_thousand_letters_are_listed_and_retried() {
    let (world, folder) = (Sqlite::open().await, tempfile::tempdir().unwrap());
    let (database, faults) = (world.arguments(), folder.path().join("faults"));
    world.create_table::<SumRow>().await;
    std::fs::write(&faults, "100\n").unwrap();
    let mut appends = JoinSet::new();
    for chunk in 0..100_u128 {
        let store = world.store();
        appends.spawn(async move {
            for number in 0..(LETTERS / 100) as u128 {
                let stream = StreamId::new("Counter", Uuid::from_u128(chunk << 64 | number));
                let event = NewEvent::of(&Bumped { by: 100 }).unwrap();
                store.append(&stream, ExpectedVersion::NoStream, vec![event]).await.unwrap();
            }
        });
    }
    appends.join_all().await;
    let _owner = owner::start(&world, &faults);
    done(&database, &["wait", "sums", "--timeout", "5m"]).await;

    let start = Instant::now();
    let listed = done(&database, &["--json", "letters", "list", "sums", "--limit", "10000"]).await.json();
    assert_eq!(listed["letters"].as_array().unwrap().len(), LETTERS);
    assert_eq!(listed["more"], false);
    let listed = done(&database, &["letters", "list", "sums", "--limit", "9999"]).await;
    assert!(listed.out.ends_with(".\n") && listed.out.contains("There are more: add `--after "), "{:.200}", listed.out);
    let groups = done(&database, &["--json", "letters", "groups", "sums"]).await.json();
    assert_eq!(groups["groups"][0]["letters"], LETTERS, "{groups}");
    let asked = run(&database, &["letters", "dismiss", "sums", "--type", "Bumped", "--reason", "a test"]).await;
    assert!(asked.err.contains("give up the first 1000 of 10000 dead letters"), "{asked:?}");
    assert!(start.elapsed() < Duration::from_secs(30), "{:?}", start.elapsed());

    std::fs::write(&faults, "").unwrap();
    let retried = done(&database, &["letters", "retry", "sums", "--all", "--yes", "--timeout", "5m"]).await;
    assert!(retried.out.contains(" none of these letters left"), "{retried:?}");
    let rows = world.rows::<SumRow>().find(Query::all()).await.unwrap();
    assert_eq!(rows.iter().map(|row| row.bumps).sum::<u64>(), LETTERS as u64);
}

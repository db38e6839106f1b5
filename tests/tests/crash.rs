//! A process that projects into SQLite is killed at random moments, again and again: nothing is lost, nothing doubled.

use std::time::Duration;

use eventsource::prelude::*;
use eventsource::read_model::Stored;
use eventsource::sqlite::{SqliteCheckpoints, SqliteDatabase, SqliteEventStore, SqliteReadModels};
use eventsource::testing::Random;
use eventsource_tests::child::Child;
use eventsource_tests::domain::bump;
use eventsource_tests::rows::BumpRows;
use eventsource_tests::soak::Rounds;
use eventsource_tests::sums::{BumpSums, SumRow};
use eventsource_tests::wait::eventually;

const CHILD: &str = env!("CARGO_BIN_EXE_crash_child");

#[tokio::test(flavor = "multi_thread")]
async fn killed_again_and_again_the_rows_equal_a_fold_of_the_log() {
    let mut random = Random::from_environment();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("crash.db");
    let db = SqliteDatabase::open(&file).await.unwrap();
    let (store, checkpoints) = (SqliteEventStore::new(&db), SqliteCheckpoints::new(&db));
    BumpRows::create_tables(db.pool()).await.unwrap();
    let models = SqliteReadModels::new(&db);
    models.create_table::<SumRow>().await.unwrap();
    let sums = models.repository::<SumRow>();
    let position = || async {
        let checkpoint = checkpoints.load("bump-rows").await.unwrap();
        checkpoint.map_or(Position::START, |checkpoint| checkpoint.position)
    };

    let mut kills = Rounds::at_least(30);
    let mut during = 0;
    while kills.another() {
        let before = position().await;
        // In batches of 3, much more than a child gets done before it is killed.
        while store.head().await.unwrap().value() < before.value() + 1_500 {
            let numbers: Vec<_> = (0..300).map(|_| random.below(1_000)).collect();
            bump(&store, numbers).await;
        }
        let head = store.head().await.unwrap();
        let mut child = Child::start(CHILD, [&file]);
        if random.below(6) > 0 {
            eventually("the child commits for the first time", || async { position().await > before }).await;
        }
        tokio::time::sleep(random.delay(Duration::from_millis(40))).await;
        child.kill();
        let after = position().await;
        during += u32::from(before < after && after < head);
        let rows = BumpRows::rows(db.pool()).await.unwrap();
        let last = rows.last().map_or(0, |(position, _)| *position);
        assert_eq!(last as u64, after.value(), "after each kill the rows are where the checkpoint is");
        let sums = sums.find_stored(Query::all()).await.unwrap();
        let last = sums.iter().map(|row| row.last).max().unwrap_or(0);
        let checkpoint = checkpoints.load("bump-sums").await.unwrap();
        assert_eq!(last, checkpoint.map_or(0, |checkpoint| checkpoint.position.value()), "and so is the read model");
        assert!(BumpSums::counted_once(&sums), "{sums:?}");
    }
    let kills = kills.done();
    println!("{kills} kills, {during} of them between the child's first and last commit");
    assert!(during * 3 >= kills * 2, "only {during} of {kills} kills fell between the child's first and last commit");

    Child::start(CHILD, [file.as_os_str(), "once".as_ref()]).finish();
    let (rows, fold) = (BumpRows::rows(db.pool()).await.unwrap(), BumpRows::fold(&store).await);
    assert!(rows == fold, "{} rows, {} events", rows.len(), fold.len());
    let sums = sums.find_stored(Query::all()).await.unwrap();
    assert!(BumpSums::counted_once(&sums), "{sums:?}");
    let sums: Vec<_> = sums.into_iter().map(Stored::into_inner).collect();
    assert_eq!(sums, BumpSums::fold(&fold));
    assert_eq!(BumpRows::sum(db.pool()).await.unwrap(), fold.iter().map(|(_, by)| by).sum::<i64>());
}

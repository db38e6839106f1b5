//! A disk that is full, and then is not any more.

use std::path::{Path, PathBuf};
use std::process::Command;

use eventsource::prelude::*;
use eventsource::projection::Claim;
use eventsource::sqlite::{SqliteCheckpoints, SqliteDatabase, SqliteEventStore, SqliteOptions};
use eventsource::sqlx::{self, SqlitePool};
use eventsource_tests::domain::{Bumped, Seen};
use eventsource_tests::wait::{DEADLINE, eventually};

use crate::scripted::{Script, SqliteScripted, bump_apart, reason_with, strict};

/// A small disk of its own, as long as it is held.
struct Disk {
    folder: PathBuf,
    _temporary: tempfile::TempDir,
}

impl Disk {
    /// `None`, with a printed word, where mounting is not allowed.
    fn mount() -> Option<Self> {
        let temporary = tempfile::tempdir().unwrap();
        let folder = temporary.path().join("disk");
        std::fs::create_dir(&folder).unwrap();
        let mount = Command::new("mount").args(["-t", "tmpfs", "-o", "size=16m", "tmpfs"]).arg(&folder).output();
        match mount {
            Ok(done) if done.status.success() => Some(Self { folder, _temporary: temporary }),
            refused => {
                println!("skipped: a tmpfs cannot be mounted here ({refused:?})");
                None
            }
        }
    }

    fn fill(&self) {
        let mut filler = std::fs::File::create(self.filler()).unwrap();
        let full = std::io::copy(&mut std::io::repeat(1), &mut filler);
        assert!(full.is_err(), "the disk holds more than it should");
        // Room for a few events, and for no row.
        let filled = filler.metadata().unwrap().len();
        filler.set_len(filled - (64 << 10)).unwrap();
    }

    fn free(&self) {
        std::fs::remove_file(self.filler()).unwrap();
    }

    fn filler(&self) -> PathBuf {
        self.folder.join("filler")
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(&self.folder).status();
    }
}

/// Acts on the outside, with a stored checkpoint.
#[derive(Debug)]
struct Acts;

#[projection(effects)]
impl Acts {
    #[handles(Bumped)]
    fn bumped(&self, _: &Bumped) {}
}

/// Whether all leases still run.
async fn leases_run(db: &SqliteDatabase) -> bool {
    let until = "SELECT min(leased_until) FROM eventsource_checkpoints WHERE leased_until IS NOT NULL";
    let until: Option<i64> = sqlx::query_scalar(until).fetch_one(db.pool()).await.unwrap();
    until.is_some_and(|until| until > chrono::Utc::now().timestamp_micros())
}

#[tokio::test]
async fn disk_that_is_full_is_named_and_what_waits_for_it_goes_on_when_it_is_freed() {
    let Some(disk) = Disk::mount() else { return };
    let db = SqliteDatabase::open(disk.folder.join("world.db")).await.unwrap();
    sqlx::raw_sql("CREATE TABLE rows (by, filler)").execute(db.pool()).await.unwrap();
    let store = SqliteEventStore::new(&db);
    let manager = SubscriptionManager::new(store.clone(), MemoryEventBus::new(), SqliteCheckpoints::new(&db));
    let insert = "INSERT INTO rows VALUES (?, randomblob(100000))".to_owned();
    let rows = manager.subscribe(SqliteScripted { script: Script::default(), insert }, strict()).await.unwrap();
    let acts = manager.subscribe(Acts, strict()).await.unwrap();
    let seen = manager.subscribe(Seen::default(), strict()).await.unwrap();
    manager.start().await.unwrap();
    for round in 0..3 {
        let last = bump_apart(&store, [1, 2]).await;
        rows.wait_for(last).within(DEADLINE).await.unwrap();
        // The log has room for a few events in the files as they are; then neither they nor the rows have.
        disk.fill();
        let mut last = last;
        let refused = loop {
            let stream = StreamId::new("Counter", uuid::Uuid::now_v7());
            let event = NewEvent::of(&Bumped { by: 3 }).unwrap();
            match store.append(&stream, ExpectedVersion::NoStream, vec![event]).await {
                Ok(appended) => last = appended.position(),
                Err(refused) => break HandlerError::from(refused).to_string(),
            }
        };
        assert!(refused.contains("disk is full") || refused.contains("disk I/O"), "round {round}: {refused}");
        reason_with(&rows, &["disk"]).await;
        eventually("a lease has run out", || async { !leases_run(&db).await }).await;
        disk.free();
        for (name, done) in [
            ("rows", rows.wait_for(last).within(DEADLINE).await),
            ("acts", acts.wait_for(last).within(DEADLINE).await),
            ("seen", seen.wait_for(last).within(DEADLINE).await),
        ] {
            assert!(done.is_ok(), "round {round}, {name}: {done:?}");
        }
        for handle in [&rows.dead_letters(), &acts.dead_letters()] {
            assert_eq!(handle.list().await.unwrap(), []);
        }
        eventually("the leases are renewed again", || async { leases_run(&db).await }).await;
    }
    manager.stop().await.unwrap();
    db.close().await;
}

/// Every connection of the pool may grow the file by this many pages at most.
async fn limit(pool: &SqlitePool, pages: &'static str) {
    let mut held = Vec::new();
    for _ in 0..pool.options().get_max_connections() {
        let mut conn = pool.acquire().await.unwrap();
        sqlx::query(pages).execute(&mut *conn).await.unwrap();
        held.push(conn);
    }
}

/// SQLite rolls back by itself where the file cannot grow; the connection is of use all the same.
#[tokio::test]
async fn connection_on_which_the_disk_was_full_claims_and_renews_again() {
    let folder = tempfile::tempdir().unwrap();
    for path in [folder.path().join("world.db").as_path(), Path::new(":memory:")] {
        let connections = if path.is_absolute() { 2 } else { 1 };
        let db = SqliteDatabase::open_with(SqliteOptions::new(path).connections(connections)).await.unwrap();
        sqlx::raw_sql("CREATE TABLE rows (filler)").execute(db.pool()).await.unwrap();
        limit(db.pool(), "PRAGMA max_page_count = 1").await;
        for _ in 0..4 {
            let mut tx = db.pool().begin_with("BEGIN IMMEDIATE").await.unwrap();
            let full =
                sqlx::query("INSERT INTO rows VALUES (randomblob(1000000))").execute(&mut *tx).await.unwrap_err();
            assert!(full.to_string().contains("full"), "{full}");
            drop(tx);
        }
        limit(db.pool(), "PRAGMA max_page_count = 4294967294").await;
        let checkpoints = SqliteCheckpoints::new(&db);
        for n in 0..4_u64 {
            let name = format!("rows-{n}");
            let claimed = checkpoints.claim(&Claim::new(&name, "v1", Position::START)).await.unwrap();
            assert!(checkpoints.renew(&name, claimed.epoch, DEADLINE).await.unwrap());
        }
        bump_apart(&SqliteEventStore::new(&db), [1]).await;
        db.close().await;
    }
}

//! SIGKILL at any moment.

use std::process::Stdio;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use eventsource::sqlx::sqlite::SqliteConnectOptions;
use eventsource::sqlx::{self, ConnectOptions as _};

use crate::repository::{Repository, long_history};

const KILLS: usize = 12;

/// xorshift64*
struct Random(u64);

impl Random {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) % bound
    }
}

/// Where a seed is given, as `GIT_HISTORY_SEED`, the delays are that seed's.
fn seed() -> u64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_nanos();
    std::env::var("GIT_HISTORY_SEED").map_or(now as u64 | 1, |seed| seed.parse().unwrap())
}

#[test]
fn killed_at_random_moments_it_ends_with_the_same_totals() {
    let seed = seed();
    println!("GIT_HISTORY_SEED={seed}");
    let mut random = Random(seed);
    let repository = Repository::imported(&long_history(6_000));

    let whole = Instant::now();
    repository.assert_equals_git();
    let whole = u64::try_from(whole.elapsed().as_micros()).unwrap();
    assert!(repository.run(&["--fresh", "--json"]).status.success());
    remove_database(&repository);

    let mut killed_at_work = 0;
    for _ in 0..KILLS {
        let delay = Duration::from_micros(random.below(whole / 3));
        let mut child = repository.program(&[]).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        let end = Instant::now() + delay;
        let mut ended = child.try_wait().unwrap();
        while ended.is_none() && Instant::now() < end {
            std::thread::sleep(Duration::from_millis(1));
            ended = child.try_wait().unwrap();
        }
        child.kill().unwrap();
        killed_at_work += usize::from(child.wait().unwrap().code().is_none());
        assert_whole(&repository);
    }
    assert!(killed_at_work >= KILLS / 3, "only {killed_at_work} of {KILLS} kills met the program at work");
    repository.assert_equals_git();
}

fn remove_database(repository: &Repository) {
    for suffix in ["", "-wal", "-shm"] {
        let _ = std::fs::remove_file(format!("{}{suffix}", repository.database().display()));
    }
}

/// The log ends with a whole append, and has as many commits as that one says.
fn assert_whole(repository: &Repository) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let Ok(mut db) = SqliteConnectOptions::new().filename(repository.database()).connect().await else { return };
        let sql = "SELECT (SELECT count(*) FROM eventsource_events WHERE event_type = 'CommitAuthored'),
                          (SELECT payload ->> 'commits' FROM eventsource_events
                           WHERE event_type = 'ImportAdvanced' ORDER BY position DESC LIMIT 1),
                          (SELECT event_type FROM eventsource_events ORDER BY position DESC LIMIT 1)";
        type Row = (i64, Option<i64>, Option<String>);
        match sqlx::query_as::<_, Row>(sql).fetch_one(&mut db).await {
            Ok((commits, counted, last)) => {
                assert_eq!(commits, counted.unwrap_or(0));
                assert!(last.is_none_or(|last| last == "ImportAdvanced"));
            }
            // Killed before there were tables.
            Err(error) => assert!(error.to_string().contains("no such table"), "{error}"),
        }
    });
}

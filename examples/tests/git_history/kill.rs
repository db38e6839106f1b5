//! SIGKILL at any moment.

use std::process::{Child, Stdio};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use eventsource::sqlx::sqlite::SqliteConnectOptions;
use eventsource::sqlx::{self, ConnectOptions as _};

use crate::repository::{Repository, long_history};

const COMMITS: usize = 6_000;
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

/// Where a seed is given, as `GIT_HISTORY_SEED`, the moments are that seed's.
fn seed() -> u64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
    std::env::var("GIT_HISTORY_SEED").map_or(now, |seed| seed.parse().unwrap()).max(1)
}

#[test]
fn killed_at_random_moments_it_ends_with_the_same_totals() {
    let seed = seed();
    println!("GIT_HISTORY_SEED={seed}");
    let mut random = Random(seed);
    let repository = Repository::imported(&long_history(COMMITS));

    let begun = Instant::now();
    repository.assert_equals_git();
    let whole = u64::try_from(begun.elapsed().as_micros()).unwrap();
    remove_database(&repository);

    let (mut at_work, mut amid_import) = (0, 0);
    for kill in 0..KILLS {
        let mut child = repository.program(&[]).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        if kill % 2 == 0 {
            let some = imported(&repository) + 1 + random.below(COMMITS as u64 / 4);
            wait(&mut child, Duration::from_secs(60), || imported(&repository) >= some);
        } else {
            wait(&mut child, Duration::from_micros(random.below(whole / 2)), || false);
        }
        child.kill().unwrap();
        match child.wait().unwrap().code() {
            None => {
                at_work += 1;
                amid_import += usize::from((1..COMMITS as u64).contains(&imported(&repository)));
            }
            // It was faster. The next one has all the work before it.
            Some(code) => {
                assert_eq!(code, 0);
                repository.assert_equals_git();
                remove_database(&repository);
            }
        }
    }
    println!("of {KILLS} kills {at_work} met the program at work, and {amid_import} left an import half done");
    assert!(at_work >= KILLS / 2 && amid_import >= 2);
    repository.assert_equals_git();
}

fn remove_database(repository: &Repository) {
    for suffix in ["", "-wal", "-shm"] {
        let _ = std::fs::remove_file(format!("{}{suffix}", repository.database().display()));
    }
}

/// Waits until `enough`, at most so long, and no longer than `child` runs.
fn wait(child: &mut Child, most: Duration, enough: impl Fn() -> bool) {
    let end = Instant::now() + most;
    while child.try_wait().unwrap().is_none() && Instant::now() < end && !enough() {
        std::thread::sleep(Duration::from_millis(1));
    }
}

/// How many commits are imported. The log always ends with a whole append, and has as many as that one says.
fn imported(repository: &Repository) -> u64 {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let found: sqlx::Result<(i64, Option<i64>, Option<String>)> = runtime.block_on(async {
        let mut db = SqliteConnectOptions::new().filename(repository.database()).connect().await?;
        let sql = "SELECT (SELECT count(*) FROM eventsource_events WHERE event_type = 'CommitAuthored'),
                          (SELECT payload ->> 'commits' FROM eventsource_events
                           WHERE event_type = 'ImportAdvanced' ORDER BY position DESC LIMIT 1),
                          (SELECT event_type FROM eventsource_events ORDER BY position DESC LIMIT 1)";
        sqlx::query_as(sql).fetch_one(&mut db).await
    });
    // An error: there are no tables yet.
    let Ok((commits, counted, last)) = found else { return 0 };
    assert_eq!(commits, counted.unwrap_or(0));
    assert!(last.is_none_or(|last| last == "ImportAdvanced"));
    commits.cast_unsigned()
}

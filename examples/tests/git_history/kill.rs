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
    let took = u64::try_from(begun.elapsed().as_micros()).unwrap();
    let whole = progress(&repository);
    assert_eq!(whole.commits, COMMITS as u64);
    remove_database(&repository);

    // Until enough kills are known to have met it between its first commit and its last, however fast the machine is.
    let deadline = Instant::now() + Duration::from_secs(240);
    let (mut kills, mut amid_import, mut amid_projection) = (0, 0, 0);
    while kills < KILLS || 3 * (amid_import + amid_projection) < 2 * kills || amid_import < 4 || amid_projection < 2 {
        let done = format!("{kills} kills, {amid_import} during the import, {amid_projection} during the projections");
        assert!(Instant::now() < deadline, "{done}");
        let mut child = repository.program(&[]).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        let before = progress(&repository);
        if kills % 6 == 5 {
            // At any moment: also before it has opened the file.
            wait(&mut child, Duration::from_micros(random.below(took)), || false);
        } else if before.commits < whole.commits {
            let some = before.commits + 1 + random.below(whole.commits / 4);
            wait(&mut child, Duration::from_secs(60), || progress(&repository).commits >= some);
        } else {
            let some = before.projected + 1 + random.below(whole.projected / 4);
            wait(&mut child, Duration::from_secs(60), || progress(&repository).projected >= some);
        }
        child.kill().unwrap();
        match child.wait().unwrap().code() {
            None => {
                let now = progress(&repository);
                kills += 1;
                amid_import += usize::from((1..whole.commits).contains(&now.commits));
                amid_projection += usize::from(now.commits == whole.commits && now.projected < whole.projected);
            }
            // It was faster. The next one has all the work before it.
            Some(code) => {
                assert_eq!(code, 0);
                repository.assert_equals_git();
                remove_database(&repository);
            }
        }
    }
    println!("of {kills} kills {amid_import} left an import half done, and {amid_projection} the projections");
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

#[derive(Default)]
struct Progress {
    commits: u64,
    /// Up to where the projections have come, added up.
    projected: u64,
}

/// The log always ends with a whole append, and has as many commits as that one says.
fn progress(repository: &Repository) -> Progress {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let found: sqlx::Result<(i64, Option<i64>, Option<String>, i64)> = runtime.block_on(async {
        let mut db = SqliteConnectOptions::new().filename(repository.database()).connect().await?;
        let sql = "SELECT (SELECT count(*) FROM eventsource_events WHERE event_type = 'CommitAuthored'),
                          (SELECT payload ->> 'commits' FROM eventsource_events
                           WHERE event_type = 'ImportAdvanced' ORDER BY position DESC LIMIT 1),
                          (SELECT event_type FROM eventsource_events ORDER BY position DESC LIMIT 1),
                          (SELECT coalesce(sum(position), 0) FROM eventsource_checkpoints)";
        sqlx::query_as(sql).fetch_one(&mut db).await
    });
    // An error: there are no tables yet.
    let Ok((commits, counted, last, projected)) = found else { return Progress::default() };
    assert_eq!(commits, counted.unwrap_or(0));
    assert!(last.is_none_or(|last| last == "ImportAdvanced"));
    Progress { commits: commits.cast_unsigned(), projected: projected.cast_unsigned() }
}

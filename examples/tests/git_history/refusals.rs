//! What the program refuses, and that it then changes nothing.

use eventsource::sqlx::sqlite::SqliteConnectOptions;
use eventsource::sqlx::{self, ConnectOptions as _};

use crate::kinds::ordinary;
use crate::repository::Repository;

/// All that the database holds.
fn content(repository: &Repository) -> Vec<(i64, String)> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let mut db =
            SqliteConnectOptions::new().filename(repository.database()).read_only(true).connect().await.unwrap();
        let sql = "SELECT position, payload FROM eventsource_events
                   UNION ALL SELECT position, name || epoch FROM eventsource_checkpoints
                   UNION ALL SELECT commits, name || email FROM contributors ORDER BY 1, 2";
        sqlx::query_as(sql).fetch_all(&mut db).await.unwrap()
    })
}

/// Refused with code 3, unchanged, and taken with `--fresh`.
fn assert_other_history(repository: &Repository) {
    let before = content(repository);
    for arguments in [&[][..], &["--json"]] {
        repository.assert_fails(arguments, 3, "--fresh");
        assert_eq!(content(repository), before);
    }
    assert!(repository.run(&["--fresh"]).status.success());
    assert_eq!(repository.assert_equals_git().imported, 0);
}

#[test]
fn a_history_that_was_rewritten() {
    let repository = ordinary();
    repository.assert_equals_git();
    repository.git(&["commit", "--quiet", "--amend", "--message", "Said better"]);
    assert_other_history(&repository);
}

#[test]
fn a_history_whose_old_commits_are_gone() {
    let repository = ordinary();
    repository.assert_equals_git();
    repository.git(&["reset", "--quiet", "--hard", "HEAD~2"]);
    repository.git(&["reflog", "expire", "--expire=now", "--all"]);
    repository.git(&["gc", "--quiet", "--prune=now"]);
    assert_other_history(&repository);
}

#[test]
fn another_repository() {
    let (repository, other) = (ordinary(), Repository::empty());
    other.commit("Something else");
    repository.assert_equals_git();
    std::fs::copy(repository.database(), other.database()).unwrap();
    assert_other_history(&other);
}

#[test]
fn a_head_without_a_commit() {
    let repository = ordinary();
    repository.assert_equals_git();
    repository.git(&["checkout", "--quiet", "--orphan", "nothing"]);
    repository.assert_fails(&[], 3, "--fresh");
}

#[test]
fn a_shallow_clone_that_was_deepened() {
    let origin = ordinary();
    let clone = origin.cloned(&["--depth", "2"]);
    clone.assert_equals_git();
    clone.git(&["fetch", "--quiet", "--deepen=1"]);
    assert_other_history(&clone);
}

#[test]
fn a_path_that_is_no_repository() {
    let repository = ordinary();
    std::fs::remove_dir_all(repository.path.join(".git")).unwrap();
    repository.assert_fails(&[], 2, "is not a git repository");
    std::fs::remove_dir_all(&repository.path).unwrap();
    repository.assert_fails(&["--json"], 2, "is not a git repository");
    std::fs::write(&repository.path, "a file").unwrap();
    repository.assert_fails(&["--fresh"], 2, "is not a git repository");
    assert!(!repository.database().exists());
}

#[test]
fn a_database_of_something_else() {
    let repository = ordinary();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let options = SqliteConnectOptions::new().filename(repository.database()).create_if_missing(true);
        let mut db = options.connect().await.unwrap();
        sqlx::raw_sql("CREATE TABLE precious (thing TEXT)").execute(&mut db).await.unwrap();
    });
    let before = std::fs::read(repository.database()).unwrap();
    for arguments in [&[][..], &["--fresh"]] {
        repository.assert_fails(arguments, 1, "something else");
        assert_eq!(std::fs::read(repository.database()).unwrap(), before);
    }
    std::fs::write(repository.database(), "no database, but long enough to be taken for one".repeat(99)).unwrap();
    repository.assert_fails(&["--fresh"], 1, "not a database");
}

#[test]
fn a_repository_that_is_damaged() {
    let repository = ordinary();
    let sha = repository.line(&["rev-parse", "HEAD~1"]);
    std::fs::remove_file(repository.path.join(".git/objects").join(&sha[..2]).join(&sha[2..])).unwrap();
    repository.assert_fails(&[], 1, "git log");
}

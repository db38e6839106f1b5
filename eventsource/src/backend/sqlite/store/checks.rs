//! Looks for problems of the file.

use std::path::Path;

use sqlx::SqliteConnection;

use super::{SqliteDatabase, migrations};
use crate::backend::sqlite::store::busy::Failure;
use crate::projection::Finding;

/// The size from which the write-ahead log is too large: 64 MiB.
const LARGE_WAL: u64 = 64 << 20;

/// The largest file that is checked as a whole: 1 GiB. A check reads all of it.
const MOST_CHECKED: i64 = 1 << 30;

/// How many faults of the file are listed.
const MOST_FAULTS: usize = 5;

impl SqliteDatabase {
    /// Looks for problems, and changes nothing.
    pub(in crate::backend::sqlite) async fn diagnose(
        &self,
        conn: &mut SqliteConnection,
    ) -> Result<Vec<Finding>, Failure> {
        let mut findings = Vec::new();
        let file: String = sqlx::query_scalar(super::statements::FILE).fetch_one(&mut *conn).await?;
        if !file.is_empty() {
            findings.extend(wal(&file));
            findings.extend(rights(&file));
        }
        whole(conn, &mut findings).await?;
        indexes(conn, &mut findings).await?;
        left_over(conn, &mut findings).await?;
        Ok(findings)
    }
}

fn wal(file: &str) -> Option<Finding> {
    let size = std::fs::metadata(format!("{file}-wal")).ok()?.len();
    (size >= LARGE_WAL).then(|| {
        Finding::warning(
            format!("the write-ahead log of `{file}` has {} MiB", size >> 20),
            "each read looks at it, and it grows as long as a transaction reads an old state of the file",
            "end the process whose transaction is the oldest; then `PRAGMA wal_checkpoint(TRUNCATE)`",
        )
    })
}

/// SQLite writes two more files next to the file.
fn rights(file: &str) -> Option<Finding> {
    let folder = Path::new(file).parent()?;
    let is_read_only = |path: &Path| std::fs::metadata(path).is_ok_and(|found| found.permissions().readonly());
    let denied = [folder, Path::new(file)].into_iter().find(|path| is_read_only(path))?;
    Some(Finding::error(
        format!("`{}` is not writable", denied.display()),
        "SQLite writes the file, and its write-ahead log next to it",
        "give the user of the process the right to write it",
    ))
}

async fn whole(conn: &mut SqliteConnection, findings: &mut Vec<Finding>) -> Result<(), Failure> {
    let pages: i64 = sqlx::query_scalar("PRAGMA page_count").fetch_one(&mut *conn).await?;
    let page: i64 = sqlx::query_scalar("PRAGMA page_size").fetch_one(&mut *conn).await?;
    let size = pages.saturating_mul(page);
    if size > MOST_CHECKED {
        findings.push(Finding::note(
            format!("the file has {} MiB, and was not checked for damage", size >> 20),
            "a check reads the whole file",
            "run `PRAGMA quick_check` when there is time",
        ));
        return Ok(());
    }
    let answers: Vec<String> = sqlx::query_scalar("PRAGMA quick_check(5)").fetch_all(conn).await?;
    for fault in answers.into_iter().filter(|answer| answer != "ok").take(MOST_FAULTS) {
        findings.push(Finding::error(
            format!("the file is damaged: {fault}"),
            "rows are lost or wrong",
            "stop all processes, keep a copy of the file, and restore a backup",
        ));
    }
    Ok(())
}

async fn indexes(conn: &mut SqliteConnection, findings: &mut Vec<Finding>) -> Result<(), Failure> {
    let found: Vec<String> =
        sqlx::query_scalar("SELECT name FROM sqlite_schema WHERE type = 'index'").fetch_all(conn).await?;
    for index in migrations::indexes().into_iter().filter(|index| !found.contains(&index.name)) {
        findings.push(Finding::error(
            format!("the index `{}` is missing", index.name),
            "statements read whole tables, and a unique index keeps streams and letters consistent",
            format!("`{}`", index.statement),
        ));
    }
    Ok(())
}

/// A rebuild side by side drops its tables when it ends.
async fn left_over(conn: &mut SqliteConnection, findings: &mut Vec<Finding>) -> Result<(), Failure> {
    let tables: Vec<String> = sqlx::query_scalar(
        "SELECT name FROM sqlite_schema WHERE type = 'table' AND name LIKE '%\\_\\_next' ESCAPE '\\' \
         AND NOT EXISTS (SELECT 1 FROM eventsource_checkpoints WHERE name LIKE '%~next' AND position IS NOT NULL) \
         ORDER BY name LIMIT 20",
    )
    .fetch_all(conn)
    .await?;
    findings.extend(tables.into_iter().map(|table| Finding::left_over(&table, &format!("DROP TABLE \"{table}\""))));
    Ok(())
}

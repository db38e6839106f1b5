//! The read side: three projections into tables, each written in the transaction that moves its checkpoint.

use eventsource::prelude::*;
use eventsource::sqlx::{self, SqliteConnection, SqlitePool};

use crate::events::{CommitAuthored, FilesChanged, Lines};

const TABLES: &str = "
    CREATE TABLE IF NOT EXISTS contributors (
        name TEXT, email TEXT, commits INTEGER, added INTEGER, deleted INTEGER,
        PRIMARY KEY (name, email)
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE IF NOT EXISTS days (day TEXT PRIMARY KEY, commits INTEGER) STRICT, WITHOUT ROWID;
    CREATE TABLE IF NOT EXISTS files (
        path TEXT PRIMARY KEY, commits INTEGER, added INTEGER, deleted INTEGER
    ) STRICT, WITHOUT ROWID;
";

pub async fn create_tables(pool: &SqlitePool) -> sqlx::Result<()> {
    sqlx::raw_sql(TABLES).execute(pool).await?;
    Ok(())
}

/// Commits and lines by author, as the commits name them.
pub struct Contributors;

#[projection(name = "contributors")]
impl Contributors {
    #[handles(CommitAuthored)]
    async fn commit(&self, event: &CommitAuthored, db: &mut SqliteConnection) -> sqlx::Result<()> {
        sqlx::query(
            "INSERT INTO contributors (name, email, commits, added, deleted) VALUES (?, ?, 1, 0, 0)
             ON CONFLICT DO UPDATE SET commits = commits + 1",
        )
        .bind(event.author.name.as_stored())
        .bind(event.author.email.as_stored())
        .execute(db)
        .await?;
        Ok(())
    }

    /// The commit comes before its files: the author has a row.
    #[handles(FilesChanged)]
    async fn files(&self, event: &FilesChanged, db: &mut SqliteConnection) -> sqlx::Result<()> {
        let mut lines = Lines::default();
        event.files.iter().filter_map(|file| file.lines).for_each(|file| lines += file);
        sqlx::query("UPDATE contributors SET added = added + ?, deleted = deleted + ? WHERE name = ? AND email = ?")
            .bind(lines.added.cast_signed())
            .bind(lines.deleted.cast_signed())
            .bind(event.author.name.as_stored())
            .bind(event.author.email.as_stored())
            .execute(db)
            .await?;
        Ok(())
    }
}

/// Commits by the day, in UTC, on which they were authored.
pub struct Days;

#[projection(name = "days")]
impl Days {
    #[handles(CommitAuthored)]
    async fn commit(&self, event: &Event<CommitAuthored>, db: &mut SqliteConnection) -> sqlx::Result<()> {
        sqlx::query("INSERT INTO days (day, commits) VALUES (?, 1) ON CONFLICT DO UPDATE SET commits = commits + 1")
            .bind(event.occurred_at().date_naive().to_string())
            .execute(db)
            .await?;
        Ok(())
    }
}

/// How many commits changed each file, and by how many lines.
pub struct Files;

#[projection(name = "files")]
impl Files {
    #[handles(FilesChanged)]
    async fn files(&self, event: &FilesChanged, db: &mut SqliteConnection) -> sqlx::Result<()> {
        for file in &event.files {
            let lines = file.lines.unwrap_or_default();
            sqlx::query(
                "INSERT INTO files (path, commits, added, deleted) VALUES (?, 1, ?, ?)
                 ON CONFLICT DO UPDATE SET
                 commits = commits + 1, added = added + excluded.added, deleted = deleted + excluded.deleted",
            )
            .bind(file.path.as_stored())
            .bind(lines.added.cast_signed())
            .bind(lines.deleted.cast_signed())
            .execute(&mut *db)
            .await?;
        }
        Ok(())
    }
}

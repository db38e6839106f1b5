//! The totals, read from the tables that the projections keep.

use std::collections::BTreeMap;

use eventsource::sqlx::{self, SqlitePool};
use futures_util::{Stream, StreamExt as _};

use crate::events::{Author, Lines};
use crate::failure::Result;
use crate::git::Repository;
use crate::text::Text;

pub struct AuthorTotal {
    pub author: Author,
    pub commits: u64,
    pub lines: Lines,
}

pub struct FileTotal {
    pub path: Text,
    pub commits: u64,
    pub lines: Lines,
}

/// The totals by author, most commits first. The mailmap as it is now decides who is one author.
pub async fn authors(pool: &SqlitePool, repository: &Repository) -> Result<Vec<AuthorTotal>> {
    let rows: Vec<(String, String, i64, i64, i64)> =
        sqlx::query_as("SELECT name, email, commits, added, deleted FROM contributors").fetch_all(pool).await?;
    let mut named = Vec::with_capacity(rows.len());
    let mut counts = Vec::with_capacity(rows.len());
    for (name, email, commits, added, deleted) in rows {
        named.push(Author { name: Text::from_stored(name), email: Text::from_stored(email) });
        counts.push((commits.cast_unsigned(), lines(added, deleted)));
    }
    let mut totals: BTreeMap<Author, (u64, Lines)> = BTreeMap::new();
    for (author, (commits, lines)) in repository.mapped(&named).await?.into_iter().zip(counts) {
        let total = totals.entry(author).or_default();
        total.0 += commits;
        total.1 += lines;
    }
    let total = |(author, (commits, lines))| AuthorTotal { author, commits, lines };
    let mut totals: Vec<_> = totals.into_iter().map(total).collect();
    totals.sort_by_key(|total| std::cmp::Reverse(total.commits));
    Ok(totals)
}

/// Day by day, the first one first.
pub fn days(pool: &SqlitePool) -> impl Stream<Item = sqlx::Result<(String, u64)>> {
    let days = sqlx::query_as::<_, (String, i64)>("SELECT day, commits FROM days ORDER BY day").fetch(pool);
    days.map(|row| row.map(|(day, commits)| (day, commits.cast_unsigned())))
}

/// File by file, the one that was changed most often first.
pub fn files(pool: &SqlitePool) -> impl Stream<Item = sqlx::Result<FileTotal>> {
    let sql = "SELECT path, commits, added, deleted FROM files ORDER BY commits DESC, added + deleted DESC, path";
    sqlx::query_as::<_, (String, i64, i64, i64)>(sql).fetch(pool).map(|row| {
        row.map(|(path, commits, added, deleted)| FileTotal {
            path: Text::from_stored(path),
            commits: commits.cast_unsigned(),
            lines: lines(added, deleted),
        })
    })
}

fn lines(added: i64, deleted: i64) -> Lines {
    Lines { added: added.cast_unsigned(), deleted: deleted.cast_unsigned() }
}

//! Prints the totals, as one JSON document or as tables.

use std::io::Write;

use eventsource::sqlx::SqlitePool;
use futures_util::{Stream, TryStreamExt as _};
use serde_json::{Value, json};

use crate::failure::Result;
use crate::git::Repository;
use crate::totals::{self, AuthorTotal, FileTotal};

/// How many rows a table shows.
const ROWS: usize = 10;

/// One JSON document, written row by row: there may be very many files.
pub async fn json(out: &mut impl Write, pool: &SqlitePool, repository: &Repository, commits: u64) -> Result<()> {
    let authors = totals::authors(pool, repository).await?;
    let authors = futures_util::stream::iter(authors.iter().map(|total| Ok(author(total))));
    write!(out, "{{\n\"commits\": {commits}")?;
    array(out, "authors", authors).await?;
    let day = |(day, commits)| json!({ "day": day, "commits": commits });
    array(out, "days", totals::days(pool).map_ok(day).err_into()).await?;
    array(out, "files", totals::files(pool).map_ok(file).err_into()).await?;
    writeln!(out, "\n}}")?;
    Ok(())
}

fn author(total: &AuthorTotal) -> Value {
    let (name, email) = (total.author.name.lossy(), total.author.email.lossy());
    let AuthorTotal { commits, lines, .. } = total;
    json!({ "name": name, "email": email, "commits": commits, "added": lines.added, "deleted": lines.deleted })
}

fn file(total: FileTotal) -> Value {
    let FileTotal { path, commits, lines } = &total;
    json!({ "path": path.lossy(), "commits": commits, "added": lines.added, "deleted": lines.deleted })
}

async fn array(out: &mut impl Write, name: &str, rows: impl Stream<Item = Result<Value>>) -> Result<()> {
    write!(out, ",\n\"{name}\": [")?;
    let mut rows = std::pin::pin!(rows);
    let mut separator = "";
    while let Some(row) = rows.try_next().await? {
        write!(out, "{separator}\n  {row}")?;
        separator = ",";
    }
    write!(out, "\n]")?;
    Ok(())
}

pub async fn tables(out: &mut impl Write, pool: &SqlitePool, repository: &Repository, commits: u64) -> Result<()> {
    let authors = totals::authors(pool, repository).await?;
    let days: Vec<_> = totals::days(pool).try_collect().await?;
    writeln!(out, "commits: {commits}, authors: {}, days: {}", authors.len(), days.len())?;

    writeln!(out, "\nContributors\n{:>10} {:>10} {:>10}", "commits", "added", "deleted")?;
    for AuthorTotal { author, commits, lines } in authors.iter().take(ROWS) {
        let (name, email) = (author.name.printable(), author.email.printable());
        writeln!(out, "{commits:>10} {:>10} {:>10}  {name} <{email}>", lines.added, lines.deleted)?;
    }

    writeln!(out, "\nThe last days with commits (UTC)\n{:>10}", "commits")?;
    for (day, commits) in days.iter().rev().take(ROWS) {
        writeln!(out, "{commits:>10}  {day}")?;
    }

    writeln!(out, "\nThe files changed most often\n{:>10} {:>10} {:>10}", "commits", "added", "deleted")?;
    let mut files = std::pin::pin!(totals::files(pool));
    for _ in 0..ROWS {
        let Some(FileTotal { path, commits, lines }) = files.try_next().await? else { break };
        writeln!(out, "{commits:>10} {:>10} {:>10}  {}", lines.added, lines.deleted, path.printable())?;
    }
    Ok(())
}

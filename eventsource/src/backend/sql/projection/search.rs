//! Searches dead letters, on every database.

use super::letters::searchable;
use super::{CheckpointDatabase, Shelf, letter_pages};
use crate::backend::sql::database::SqlRow as _;
use crate::backend::sql::store::{Failure, clamped, unsigned};
use crate::backend::sql::values::Value;
use crate::event::{Position, StreamId};
use crate::projection::search::{Counting, MOST_LOOKED_AT, without_nul};
use crate::projection::{LetterGroup, LetterGroups, LetterKey, LetterPage, LetterSearch, LetterStanding};

/// How many letters one statement looks at.
const WINDOW: u64 = 10_000;

/// A window counts as so many letters at least: it costs statements.
const LEAST: u64 = 100;

/// A walk over the letters of one subscription after another, in windows of positions.
struct Walk<'a> {
    search: &'a LetterSearch,
    shelf: &'static Shelf,
    event_type: Option<String>,
    error: Option<String>,
    /// The key of the last letter that was looked at.
    last: LetterKey,
    /// Whether the subscription of `last` has no more letters.
    is_through: bool,
    is_at_end: bool,
    looked_at: u64,
}

impl<'a> Walk<'a> {
    fn new<D: CheckpointDatabase>(search: &'a LetterSearch, after: Option<&LetterKey>) -> Self {
        let first = || LetterKey::new(search.subscription.clone().unwrap_or_default(), Position::START);
        let last = match (after, &search.subscription) {
            (Some(after), Some(name)) if after.subscription < *name => first(),
            (Some(after), _) => after.clone(),
            (None, _) => first(),
        };
        let is_at_end = search.subscription.as_ref().is_some_and(|name| last.subscription > *name);
        let shelf = match (&search.stream, search.standing) {
            (Some(_), _) => &D::SEARCH.stream,
            (None, None) => &D::SEARCH.all,
            (None, Some(LetterStanding::Waiting)) => &D::SEARCH.waiting,
            (None, Some(LetterStanding::Dismissed)) => &D::SEARCH.dismissed,
        };
        let text = |text: &Option<String>| text.as_deref().map(|text| without_nul(text).into_owned());
        let (event_type, error) = (text(&search.event_type), text(&search.error).filter(|text| !text.is_empty()));
        Self { search, shelf, event_type, error, last, is_through: false, is_at_end, looked_at: 0 }
    }

    /// Where the search stops, after all windows so far: `None` if no letter follows.
    fn stopped(self) -> Option<LetterKey> {
        (!self.is_at_end).then_some(self.last)
    }

    /// Goes to the next window, and returns the position before it. `None` if there is none, or enough letters were looked
    /// at.
    async fn next<D: CheckpointDatabase>(
        &mut self,
        db: &D,
        conn: &mut D::Connection,
    ) -> Result<Option<Position>, Failure> {
        while !self.is_at_end && self.looked_at < MOST_LOOKED_AT as u64 {
            if self.is_through {
                self.next_name(db, conn).await?;
                continue;
            }
            let begin = self.last.position;
            let limit = Value::Number(clamped(WINDOW));
            let mut values = vec![Value::Text(&self.last.subscription), number(begin), limit];
            values.extend(self.stream());
            let rows = db.fetch(conn, self.shelf.window, &values).await?;
            let row = rows.first();
            let last = row.map(|row| row.number_or_null(0)).transpose()?.flatten();
            let looked_at = row.map_or(Ok(0), |row| row.number(1))?;
            let looked_at = unsigned(looked_at, "a number of dead letters")?;
            self.is_through = looked_at < WINDOW;
            self.is_at_end = self.is_through && self.search.subscription.is_some();
            self.looked_at += looked_at.max(LEAST);
            if let Some(last) = last {
                self.last.position = Position::new(unsigned(last, "the position of a dead letter")?);
                return Ok(Some(begin));
            }
        }
        Ok(None)
    }

    /// Goes to the next subscription that has letters.
    async fn next_name<D: CheckpointDatabase>(&mut self, db: &D, conn: &mut D::Connection) -> Result<(), Failure> {
        let mut values = vec![Value::Text(&self.last.subscription)];
        values.extend(self.stream());
        let rows = db.fetch(conn, self.shelf.name, &values).await?;
        match rows.first().map(|row| row.text_or_null(0)).transpose()?.flatten() {
            Some(name) => self.last = LetterKey::new(name, Position::START),
            None => self.is_at_end = true,
        }
        self.is_through = false;
        Ok(())
    }

    fn stream(&self) -> impl Iterator<Item = Value<'_>> {
        let of_stream = |stream: &'a StreamId| [Value::Text(stream.aggregate_type()), Value::Id(stream.aggregate_id())];
        self.search.stream.as_ref().map(of_stream).into_iter().flatten()
    }

    /// Returns the rows that `sql` finds in the window after `begin`.
    async fn rows<D: CheckpointDatabase>(
        &self,
        db: &D,
        conn: &mut D::Connection,
        sql: &'static str,
        begin: Position,
        limit: u64,
    ) -> Result<Vec<D::Row>, Failure> {
        let mut values = vec![
            Value::Text(&self.last.subscription),
            number(begin),
            number(self.last.position),
            Value::Number(clamped(limit)),
            Value::TextOrNull(self.event_type.as_deref()),
            Value::TextOrNull(self.error.as_deref()),
            Value::TimeOrNull(self.search.failed_from.map(searchable)),
            Value::TimeOrNull(self.search.failed_before.map(searchable)),
            Value::NumberOrNull(self.search.standing.map(|standing| i64::from(standing == LetterStanding::Waiting))),
        ];
        values.extend(self.stream());
        db.fetch(conn, sql, &values).await
    }
}

fn number(position: Position) -> Value<'static> {
    Value::Number(clamped(position.value()))
}

/// Returns the first `limit` letters after `after` that `search` finds.
pub(in crate::backend) async fn find<D: CheckpointDatabase>(
    db: &D,
    conn: &mut D::Connection,
    search: &LetterSearch,
    after: Option<&LetterKey>,
    limit: usize,
) -> Result<LetterPage, Failure> {
    let limit = LetterPage::limit(limit);
    let mut walk = Walk::new::<D>(search, after);
    let mut letters = Vec::new();
    while letters.len() <= limit
        && let Some(begin) = walk.next(db, conn).await?
    {
        // One letter more than the page has tells whether another page follows.
        let room = limit + 1 - letters.len();
        for row in walk.rows(db, conn, walk.shelf.page, begin, room as u64).await? {
            letters.push(letter_pages::letter(&walk.last.subscription, &row.text(0)?, row.number(1)?)?);
        }
    }
    Ok(LetterPage::new(letters, limit, walk.stopped()))
}

/// Counts the letters that `search` finds, by their error.
pub(in crate::backend) async fn group<D: CheckpointDatabase>(
    db: &D,
    conn: &mut D::Connection,
    search: &LetterSearch,
) -> Result<LetterGroups, Failure> {
    let mut walk = Walk::new::<D>(search, None);
    let mut counting = Counting::default();
    while counting.room() > 0
        && let Some(begin) = walk.next(db, conn).await?
    {
        for row in walk.rows(db, conn, walk.shelf.groups, begin, counting.room()).await? {
            let time = |column| D::time(&row, column, || "the time of a dead letter".to_owned());
            let letters = unsigned(row.number(2)?, "a number of dead letters")?;
            counting.group(LetterGroup::new(row.text(0)?, row.text(1)?, letters, time(3)?, time(4)?));
        }
    }
    Ok(counting.end(walk.stopped().is_none()))
}

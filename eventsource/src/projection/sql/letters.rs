//! Dead letters as rows: what is done to them, whatever the database.

use uuid::Uuid;

use super::letter_json;
use crate::event::StreamId;
use crate::projection::{DeadLetter, LetterChange};
use crate::store::sql::{Failure, clamped};

/// What can be done to one row of dead letters.
#[derive(Debug, Clone, Copy)]
pub(in crate::projection) enum LetterStatement {
    /// Subscription, position, aggregate type, aggregate id, whether it parks, how many wait, the letter.
    Insert,
    /// Subscription, aggregate type, aggregate id, how many more wait.
    Hold,
}

/// What a statement binds.
#[derive(Debug, Clone, Copy)]
pub(in crate::projection) enum LetterValue<'a> {
    Text(&'a str),
    Number(i64),
    Id(Uuid),
    Flag(bool),
}

/// The rows of dead letters in a database.
pub(in crate::projection) trait LetterRows {
    /// Runs `statement`, with these values in its order.
    fn execute(
        &mut self,
        statement: LetterStatement,
        values: &[LetterValue<'_>],
    ) -> impl Future<Output = Result<(), Failure>> + Send;

    /// Deletes the letters of the subscription `name` behind which `streams` are parked, with one statement.
    fn release(&mut self, name: &str, streams: &[&StreamId]) -> impl Future<Output = Result<(), Failure>> + Send;
}

/// Makes `changes` to the letters of the subscription `name`, in order. Streams that are released one after another take
/// one statement.
pub(in crate::projection) async fn change<R: LetterRows + Send>(
    mut rows: R,
    name: &str,
    changes: &[LetterChange],
) -> Result<(), Failure> {
    let are_releases = |a: &LetterChange, b: &LetterChange| released(a).is_some() && released(b).is_some();
    for changes in changes.chunk_by(are_releases) {
        let streams: Vec<_> = changes.iter().filter_map(released).collect();
        if !streams.is_empty() {
            rows.release(name, &streams).await?;
            continue;
        }
        for change in changes {
            match change {
                LetterChange::Keep(letter) => {
                    rows.release(name, &[&letter.stream]).await?;
                    insert(&mut rows, name, letter).await?;
                }
                LetterChange::Dismiss(letter) => insert(&mut rows, name, letter).await?,
                LetterChange::Release { stream } => rows.release(name, &[stream]).await?,
                LetterChange::Hold { stream, more } => {
                    let [name, kind, id] = place(name, stream);
                    let more = LetterValue::Number(clamped(*more));
                    rows.execute(LetterStatement::Hold, &[name, kind, id, more]).await?;
                }
            }
        }
    }
    Ok(())
}

const fn released(change: &LetterChange) -> Option<&StreamId> {
    match change {
        LetterChange::Release { stream } => Some(stream),
        _ => None,
    }
}

async fn insert<R: LetterRows>(rows: &mut R, name: &str, letter: &DeadLetter) -> Result<(), Failure> {
    let json = letter_json(letter)?;
    let [name, kind, id] = place(name, &letter.stream);
    let position = LetterValue::Number(clamped(letter.position.value()));
    let (parks, held) = (LetterValue::Flag(letter.parks()), LetterValue::Number(clamped(letter.held)));
    let values = [name, position, kind, id, parks, held, LetterValue::Text(&json)];
    rows.execute(LetterStatement::Insert, &values).await
}

fn place<'a>(name: &'a str, stream: &'a StreamId) -> [LetterValue<'a>; 3] {
    [LetterValue::Text(name), LetterValue::Text(stream.aggregate_type()), LetterValue::Id(stream.aggregate_id())]
}

//! Group commit: concurrent appends of one process are stored in one statement and one transaction.

use std::io;
use std::sync::Arc;

use super::PostgresDatabase;
use super::failure::{is_lost, store_error};
use super::insert::{AFTER_A_CONFLICT, Through, after_loss, alone, as_one, together};
use super::read::log_of_appends;
use super::refused::is_overtaken;
use crate::backend::sql::store::{
    Action, Append, CommitAnswer, Entry, Failure, Lead, Outcome, Refusal, Together, answered, of_one,
};
use crate::backoff::Retries;
use crate::store::{AppendError, Appended};

/// The maximum number of attempts for a batch if other processes append to its streams. Then each append is stored
/// alone.
const MOST_TRIES: u64 = 10;

/// Appends, together with other appends that arrive at the same time.
pub(super) async fn append(db: &PostgresDatabase, append: Append) -> Result<Appended, AppendError> {
    let append = Arc::new(append);
    let failed = |failure| store_error(Action::Append(&append.stream), failure);
    let log = log_of_appends(db).await.map_err(failed)?;
    let stored = match db.queue().enter(&append, None) {
        Entry::Alone(_alone) => alone(db, &append, Through::ConnectionCache).await,
        Entry::Queued(ticket, lead) => {
            if let Some(lead) = lead {
                tokio::spawn(store_together(db.clone(), lead));
            }
            match ticket.answer(None).await {
                CommitAnswer::Done(stored) => stored,
                CommitAnswer::Alone | CommitAnswer::Late => alone(db, &append, Through::Pool).await,
                CommitAnswer::Unknown => of_one(after_loss(db, &[&append], lost()).await),
            }
        }
    };
    match stored {
        Ok(places) => {
            db.announce();
            Ok(Arc::unwrap_or_clone(append).appended(log, places))
        }
        Err(refusal) => Err(append.refused(refusal, failed)),
    }
}

/// Appends to several streams in one transaction: everything or nothing.
///
/// The streams are written in the order of their ids. Otherwise two callers with the same streams could deadlock.
pub(super) async fn append_as_one(db: &PostgresDatabase, appends: Vec<Append>) -> Result<Vec<Appended>, AppendError> {
    let mut order: Vec<_> = (0..appends.len()).collect();
    order.sort_by(|one, other| appends[*one].stream.cmp(&appends[*other].stream));
    let sorted: Vec<_> = order.iter().map(|at| &appends[*at]).collect();
    let log = log_of_appends(db).await.map_err(|failure| store_error(Action::AppendAll, failure))?;
    let stored = as_one(db, &sorted, Through::Pool).await;
    let stored = stored.map_err(|(at, refusal)| (order[at], refusal)).map(|places| {
        let mut placed: Vec<_> = order.iter().copied().zip(places).collect();
        placed.sort_unstable_by_key(|(at, _)| *at);
        placed.into_iter().map(|(_, places)| places).collect()
    });
    if stored.is_ok() {
        db.announce();
    }
    answered(log, appends, stored, |failure| store_error(Action::AppendAll, failure))
}

/// The error for an append whose connection was lost in another task.
fn lost() -> sqlx::Error {
    sqlx::Error::Io(io::Error::new(io::ErrorKind::ConnectionReset, "the connection was lost while it appended"))
}

/// Stores a batch. Retries if another process has appended to one of its streams. The appends keep their order.
async fn tries(db: &PostgresDatabase, appends: &[&Append]) -> Result<Vec<Outcome>, Failure> {
    let (mut tries, mut retries) = (0, Retries::of(AFTER_A_CONFLICT));
    loop {
        tries += 1;
        match together(db, appends, Through::ConnectionCache, Together::Apart).await {
            Err(Failure::Database(error)) if is_overtaken(&error) && tries < MOST_TRIES => {
                retries.wait().await;
            }
            tried => return tried,
        }
    }
}

/// Stores the queued appends, one transaction for each batch, until the queue is empty.
async fn store_together(db: PostgresDatabase, mut lead: Lead) {
    while lead.gather().await {
        let mut batch = lead.take(true);
        // Otherwise two processes that append to the same streams could deadlock.
        batch.sort_by(|one, other| one.append.stream.cmp(&other.append.stream));
        let appends: Vec<&Append> = batch.iter().map(|waiting| &*waiting.append).collect();
        let answers: Vec<CommitAnswer> = match tries(&db, &appends).await {
            Ok(outcomes) => outcomes.into_iter().map(CommitAnswer::Done).collect(),
            // An outage: more attempts would only make the callers wait longer.
            Err(Failure::Database(sqlx::Error::PoolTimedOut)) => {
                let failed = || Refusal::from(sqlx::Error::PoolTimedOut);
                batch.iter().map(|_| CommitAnswer::Done(Err(failed()))).collect()
            }
            // The appends may be stored.
            Err(Failure::Database(error)) if is_lost(&error) => batch.iter().map(|_| CommitAnswer::Unknown).collect(),
            // One append has failed the whole batch. Each caller appends alone, so only that one fails.
            Err(_) => batch.iter().map(|_| CommitAnswer::Alone).collect(),
        };
        if answers.iter().any(|answer| matches!(answer, CommitAnswer::Done(Ok(_)))) {
            // Also if all callers were cancelled.
            db.announce();
        }
        for (waiting, answer) in batch.into_iter().zip(answers) {
            waiting.answer(answer);
        }
    }
}

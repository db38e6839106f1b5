//! Group commit: concurrent appends of one process are stored in one transaction.

use std::sync::Arc;

use sqlx::{Sqlite, SqliteConnection};
use tokio::runtime::Handle;
use tokio::sync::OwnedMutexGuard;
use tokio::time::Instant;
use uuid::Uuid;

use super::busy::{BusyDeadline, Failure, is_locked, pause, result_code};
use super::insert::{append_all, stored_before, taken};
use super::{SqliteDatabase, statements};
use crate::backend::sql::store::queue::Waiting;
use crate::backend::sql::store::{
    Action, Append, Borrowed, CommitAnswer, Entry, Lead, Outcome, Refusal, Together, UnitOutcome, answered, as_one,
    of_one,
};
use crate::store::{AppendError, Appended};

/// Appends, together with other appends that arrive at the same time.
pub(super) async fn append(db: &SqliteDatabase, append: Append) -> Result<Appended, AppendError> {
    let append = Arc::new(append);
    let patience = db.patience(Action::Append(&append.stream));
    db.check_write(patience.action())?;
    let until = Instant::now().checked_add(patience.left());
    let stored = match db.queue().enter(&append, until) {
        Entry::Alone(_alone) => alone(db, &append, &patience).await?,
        Entry::Queued(ticket, lead) => {
            if let Some(lead) = lead {
                tokio::spawn(store_together(db.clone(), lead));
            }
            match ticket.answer(Some(patience.left())).await {
                CommitAnswer::Done(stored) => stored,
                CommitAnswer::Late => return Err(patience.busy().into()),
                CommitAnswer::Alone => alone(db, &append, &patience).await?,
                CommitAnswer::Unknown => match alone(db, &append, &patience).await? {
                    Err(refusal @ (Refusal::Conflict { .. } | Refusal::DuplicateEvent(_))) => {
                        let before =
                            stored_before(db.pool(), &append).await.map_err(|failure| patience.error(failure))?;
                        before.ok_or(refusal)
                    }
                    stored => stored,
                },
            }
        }
    };
    match stored {
        Ok(places) => Ok(Arc::unwrap_or_clone(append).appended(db.log_id(), places)),
        Err(refusal) => Err(append.refused(refusal, |failure| patience.error(failure))),
    }
}

/// Appends to several streams in one transaction: everything or nothing. It waits for its turn, and does not use the
/// queue.
pub(super) async fn append_as_one(db: &SqliteDatabase, appends: Vec<Append>) -> Result<Vec<Appended>, AppendError> {
    let patience = db.patience(Action::AppendAll);
    db.check_write(patience.action())?;
    let stored = unit(db, &appends.iter().collect::<Vec<_>>(), &patience).await?;
    answered(db.log_id(), appends, stored, |failure| patience.error(failure))
}

/// Appends in its own transaction.
async fn alone(db: &SqliteDatabase, append: &Append, patience: &BusyDeadline<'_>) -> Result<Outcome, AppendError> {
    Ok(of_one(unit(db, &[append], patience).await?))
}

/// Appends one unit of appends in its own transaction.
async fn unit(
    db: &SqliteDatabase,
    appends: &[&Append],
    patience: &BusyDeadline<'_>,
) -> Result<UnitOutcome, AppendError> {
    let turn = db.turn(patience).await?;
    let mut appender = Appender::new(db, turn).await.map_err(|failure| patience.error(failure))?;
    loop {
        match appender.append_all(appends, Together::AsOne).await {
            Err(failure) if patience.outlasts(&failure).await => {}
            Err(Failure::Database(error)) if error.as_database_error().is_some_and(|e| e.is_unique_violation()) => {
                // Nothing of these appends is stored, so an id that is found was stored before.
                for (at, append) in appends.iter().enumerate() {
                    let taken = appender.taken(append).await.map_err(|failure| patience.error(failure))?;
                    if let Some(taken) = taken {
                        return Ok(Err((at, Refusal::DuplicateEvent(taken))));
                    }
                }
                return Ok(Err((0, error.into())));
            }
            Err(failure) => return Ok(Err((0, failure.into()))),
            Ok(outcomes) => return Ok(as_one(outcomes)),
        }
    }
}

/// Stores the queued appends, one transaction for each batch, until the queue is empty.
async fn store_together(db: SqliteDatabase, mut lead: Lead) {
    while lead.gather().await {
        // Appends whose deadline passes while this task waits leave the queue.
        let appender = Appender::new(&db, db.any_turn().await).await;
        let batch = lead.take(false);
        let locked = match appender {
            _ if batch.is_empty() => None,
            Ok(appender) => store_batch(appender, batch).await,
            Err(_) => {
                // Each caller appends alone and gets its own error.
                batch.into_iter().for_each(|waiting| waiting.answer(CommitAnswer::Alone));
                None
            }
        };
        if let Some(batch) = locked {
            put_back(&lead, batch);
            pause().await;
        }
    }
}

/// Puts a batch back to the front of the queue, after nothing of it was stored. An append whose deadline has passed is
/// answered instead.
fn put_back(lead: &Lead, batch: Vec<Waiting>) {
    let now = Instant::now();
    let mut late = Vec::new();
    lead.change(|queued| {
        for waiting in batch.into_iter().rev().filter(|waiting| !waiting.answer.is_closed()) {
            if waiting.is_late(now) {
                late.push(waiting);
            } else {
                queued.push_front(waiting);
            }
        }
    });
    late.into_iter().for_each(|waiting| waiting.answer(CommitAnswer::Late));
}

/// Stores a batch and answers each append. Returns the batch if another connection locks the database.
async fn store_batch(mut appender: Appender, batch: Vec<Waiting>) -> Option<Vec<Waiting>> {
    let appends: Vec<&Append> = batch.iter().map(|waiting| &*waiting.append).collect();
    let outcomes = match appender.append_all(&appends, Together::Apart).await {
        Ok(outcomes) => outcomes,
        Err(Failure::Database(error)) if is_locked(&error) => return Some(batch),
        Err(_) => {
            // One append has failed the whole batch. Each caller appends alone, so only that one fails.
            drop(appender);
            batch.into_iter().for_each(|waiting| waiting.answer(CommitAnswer::Alone));
            return None;
        }
    };
    // Release the turn before the answers: the next writer does not have to wait for them.
    drop(appender);
    for (waiting, outcome) in batch.into_iter().zip(outcomes) {
        waiting.answer(CommitAnswer::Done(outcome));
    }
    None
}

/// The turn to write, and the connection. If it is dropped with an open transaction, for example by a cancelled caller,
/// the transaction is rolled back before another task gets the connection or the turn.
struct Appender {
    db: SqliteDatabase,
    open: Option<Open>,
}

struct Open {
    conn: Borrowed<Sqlite>,
    clean: bool,
    // Dropped last, so that the connection is on its way back when the next writer starts.
    turn: OwnedMutexGuard<()>,
}

impl Appender {
    async fn new(db: &SqliteDatabase, turn: OwnedMutexGuard<()>) -> Result<Self, Failure> {
        let conn = db.appender().take(|_| false).await?;
        Ok(Self { db: db.clone(), open: Some(Open { conn, clean: true, turn }) })
    }

    /// Appends in a transaction. If it fails, nothing is stored, and no transaction is open.
    async fn append_all(&mut self, appends: &[&Append], together: Together) -> Result<Vec<Outcome>, Failure> {
        let open = self.open.as_mut().ok_or(sqlx::Error::WorkerCrashed)?;
        open.clean = false;
        let appended = append_all(&mut open.conn.conn, appends, together).await;
        if appended.is_ok() {
            open.clean = true;
            if matches!(&appended, Ok(outcomes) if outcomes.iter().any(Result::is_ok)) {
                self.db.wake_ups().wake();
            }
        } else {
            open.clean = roll_back(&mut open.conn.conn).await;
        }
        appended
    }

    async fn taken(&mut self, append: &Append) -> Result<Option<Uuid>, Failure> {
        let open = self.open.as_mut().ok_or(sqlx::Error::WorkerCrashed)?;
        taken(&mut open.conn.conn, &append.ids()).await
    }
}

impl Drop for Appender {
    fn drop(&mut self) {
        let Some(open) = self.open.take() else { return };
        if open.clean {
            self.db.appender().keep(open.conn);
            return;
        }
        match Handle::try_current() {
            // In its own task, so that a cancelled caller does not interrupt it.
            Ok(runtime) => drop(runtime.spawn(open.undo(self.db.clone()))),
            // Closing the connection rolls back.
            Err(_) => drop(open.conn.conn.detach()),
        }
    }
}

impl Open {
    async fn undo(mut self, db: SqliteDatabase) {
        // A database in memory is lost with its only connection, so that one is kept in any case.
        if roll_back(&mut self.conn.conn).await || db.is_in_memory() {
            db.appender().keep(self.conn);
        } else {
            let _ = self.conn.conn.close().await;
        }
        drop(self.turn);
    }
}

/// Rolls back. Returns whether no transaction is open afterwards.
async fn roll_back(conn: &mut SqliteConnection) -> bool {
    match sqlx::raw_sql(statements::ROLLBACK).execute(conn).await {
        Ok(_) => true,
        // SQLITE_ERROR: no transaction is open. It did not begin, or SQLite has rolled it back itself.
        Err(error) => result_code(&error) == Some(1),
    }
}

//! Generations of read models: the next one is built beside the one that serves, and takes its place at once.

#[cfg(any(feature = "postgres", feature = "sqlite"))]
use std::sync::{Mutex, PoisonError};

use async_trait::async_trait;

use super::{Checkpoint, CheckpointError, Claim, ClaimError, Table};
use crate::event::Position;
#[cfg(any(feature = "postgres", feature = "sqlite"))]
use crate::projection::{ColumnDef, HandlerError, NotSetUp};

/// How the checkpoint of the next generation is called: as that of the subscription, and this behind it.
const NEXT_CHECKPOINT: &str = "~next";

/// How a table of the next generation is called: as the one that serves, and this behind it.
const NEXT_TABLE: &str = "__next";

/// The name of the checkpoint of the next generation of the subscription `name`.
pub(crate) fn next_checkpoint(name: &str) -> String {
    format!("{name}{NEXT_CHECKPOINT}")
}

/// What stands behind the name of a subscription in that of the checkpoint of its next generation.
#[cfg(any(feature = "postgres", feature = "sqlite"))]
pub(crate) const fn next_suffix() -> &'static str {
    NEXT_CHECKPOINT
}

/// Whether `name` is the name of the next generation of something, which nothing else may have.
pub(crate) fn is_reserved(name: &str) -> bool {
    name.ends_with(NEXT_CHECKPOINT) || name.ends_with(NEXT_TABLE)
}

/// The tables of next generations that were asked for: one for each table of the program, kept as long as it.
#[cfg(any(feature = "postgres", feature = "sqlite"))]
static NEXT_TABLES: Mutex<Vec<(&'static Table, &'static Table)>> = Mutex::new(Vec::new());

#[cfg(any(feature = "postgres", feature = "sqlite"))]
impl Table {
    /// The table of the next generation: `orders__next` for `orders`, with the same columns.
    pub(crate) fn next(&'static self) -> &'static Self {
        let mut known = NEXT_TABLES.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, next)) = known.iter().find(|(table, _)| *table == self) {
            return next;
        }
        let next: &Self = Box::leak(Box::new(self.called(format!("{}{NEXT_TABLE}", self.name).leak())));
        known.push((self, next));
        next
    }

    const fn called(&self, name: &'static str) -> Self {
        let (columns, id): (&'static [ColumnDef], usize) = (self.columns, self.id);
        Self { name, columns, id }
    }
}

/// The read models of a checkpoint store, as far as it can build their next generation beside the one that serves.
///
/// # Laws
/// * **One live generation, whole** ([rebuilds lose nothing](crate::guarantees#rebuilds-lose-nothing)). [`switch`](Generations::switch) is one transaction: whoever reads, and
///   whoever comes after a crash, finds all of the one before or all of the next, and the checkpoint that belongs to it.
/// * **Nothing is lost by it** ([exactly once](crate::guarantees#exactly-once)). The next generation takes over only where its own checkpoint is where its
///   builder left it, and the live one is not ahead of it in the same log. The owner of the live one is fenced by it.
/// * The checkpoint of the next generation and its tables begin together and end together.
#[async_trait]
pub trait Generations<U>: Send + Sync {
    /// Looks whether next generations of `tables` can take their place: what they are called, and what depends on them.
    ///
    /// # Errors
    /// [`CheckpointError::Refused`], with the reason and the remedy, where they cannot.
    async fn check(&self, tables: &[&'static Table]) -> Result<(), CheckpointError>;

    /// Claims the checkpoint of a next generation, which the claim names. Where there is none, or one of another
    /// fingerprint, it begins at the claim's start, being rebuilt up to `target`, with tables that are new and empty.
    ///
    /// # Errors
    /// As [`CheckpointStore::claim`](super::CheckpointStore::claim).
    async fn claim_next(
        &self,
        claim: &Claim<'_>,
        target: Position,
        tables: &[&'static Table],
    ) -> Result<Checkpoint, ClaimError>;

    /// Opens a unit of work that lends the next generation of `tables` in their place, and nothing else.
    ///
    /// # Errors
    /// [`CheckpointError`] where the store fails.
    async fn begin_next(&self, tables: &[&'static Table]) -> Result<U, CheckpointError>;

    /// Puts the next generation in the place of the one that serves: its tables, its checkpoint and its dead letters. What
    /// users have made for the tables, such as indexes, triggers and grants, is made again.
    ///
    /// # Errors
    /// [`CheckpointError::Refused`] where it cannot be done, and nothing was changed; [`CheckpointError`] where the store
    /// fails, perhaps after it had committed: the caller reads back.
    async fn switch(&self, switch: &Switch) -> Result<Switched, CheckpointError>;

    /// Makes empty tables, as their models describe them, of those of `tables` that are not so or are not there, in the
    /// transaction of `unit`. Returns what users had made for them and could not be made again.
    ///
    /// # Errors
    /// [`CheckpointError::Refused`] where something depends on a table, or the database refuses it.
    async fn reshape(&self, unit: &mut U, tables: &[&'static Table]) -> Result<Vec<String>, CheckpointError>;

    /// Drops the next generation of the subscription `name`, where there is one.
    ///
    /// # Errors
    /// [`CheckpointError`] where the store fails.
    async fn discard(&self, name: &str, tables: &[&'static Table]) -> Result<(), CheckpointError>;
}

/// A request to put the next generation in the place of the one that serves.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Switch {
    /// The name of the subscription.
    pub name: String,
    /// The epoch of the owner of the next generation's checkpoint.
    pub epoch: u64,
    /// Where that checkpoint is.
    pub position: Position,
    /// The tables that serve, which are replaced.
    pub tables: Vec<&'static Table>,
    /// Whether the live checkpoint may be further on: it counts in a log that is there no more.
    pub from_lost_log: bool,
    /// The fingerprint of the projection that may be replaced; `None` for any.
    pub replaces: Option<String>,
}

/// What became of a switch.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Switched {
    /// The next generation serves.
    #[non_exhaustive]
    Yes {
        /// What users had made for the tables before, and could not be made again: each with the reason.
        left: Vec<String>,
    },
    /// The generation that serves is further on, at this position. Nothing was changed.
    Behind(Position),
    /// Another projection serves by now. Nothing was changed.
    #[non_exhaustive]
    Changed {
        /// Its fingerprint.
        found: String,
    },
    /// The next generation belongs to somebody else by now, or is no more. Nothing was changed.
    Fenced,
}

impl Switch {
    /// Puts the next generation of the subscription `name`, which is at `position` and owned since `epoch`, in its place.
    #[must_use]
    pub fn new(name: impl Into<String>, epoch: u64, position: Position, tables: &[&'static Table]) -> Self {
        Self { name: name.into(), epoch, position, tables: tables.to_vec(), from_lost_log: false, replaces: None }
    }

    /// The same, wherever the live checkpoint is: it counts in a log that is there no more, so that its position says
    /// nothing about how far the next generation is.
    #[must_use]
    pub const fn at_any_position(mut self) -> Self {
        self.from_lost_log = true;
        self
    }

    /// The same, but only where the projection that serves has this fingerprint: another process may have replaced it since
    /// the caller looked.
    #[must_use]
    pub fn replacing(mut self, fingerprint: impl Into<String>) -> Self {
        self.replaces = Some(fingerprint.into());
        self
    }

    /// Why the checkpoint that serves, `live`, is not replaced; `None` where it may be.
    #[cfg(any(feature = "postgres", feature = "sqlite"))]
    pub(crate) fn is_refused_by(&self, live: Checkpoint) -> Option<Switched> {
        if self.replaces.as_ref().is_some_and(|replaces| *replaces != live.fingerprint) {
            return Some(Switched::Changed { found: live.fingerprint });
        }
        (live.position > self.position && !self.from_lost_log).then_some(Switched::Behind(live.position))
    }
}

/// A handler asked for something that is not built beside what serves.
#[cfg(any(feature = "postgres", feature = "sqlite"))]
#[derive(Debug, thiserror::Error)]
#[error(
    "{what} cannot be rebuilt side by side: declare every read model that the projection writes \
     (`#[projection(read_models(…))]`) and write through repositories only, or rebuild it in place"
)]
pub(crate) struct OutsideGeneration {
    what: String,
    source: NotSetUp,
}

#[cfg(any(feature = "postgres", feature = "sqlite"))]
impl OutsideGeneration {
    /// The failure of a handler that asks for the table `table`, which the projection does not declare.
    pub(crate) fn table(table: &Table) -> HandlerError {
        HandlerError::permanent(Self {
            what: format!("the table `{}`, which the projection does not declare,", table.name),
            source: NotSetUp,
        })
    }

    /// The failure of a handler that asks for the connection.
    pub(crate) fn connection() -> HandlerError {
        HandlerError::permanent(Self {
            what: "what a handler writes by itself, through the connection that it asks for,".into(),
            source: NotSetUp,
        })
    }
}

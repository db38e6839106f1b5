//! Generations of read models: the next one is built while the live one serves, and then replaces it in one
//! transaction.

use async_trait::async_trait;

use super::{Checkpoint, CheckpointError, Claim, ClaimError, Table};
use crate::event::Position;

/// The suffix of the name of the next generation's checkpoint.
pub(crate) const NEXT_CHECKPOINT: &str = "~next";

/// The suffix of the name of a next generation's table.
pub(crate) const NEXT_TABLE: &str = "__next";

/// The suffix of the name of a trial's table.
#[cfg(feature = "_sql")]
pub(crate) const TRIAL_TABLE: &str = "__trial";

/// Returns the name of the checkpoint of the subscription's next generation.
pub(crate) fn next_checkpoint(name: &str) -> String {
    format!("{name}{NEXT_CHECKPOINT}")
}

/// Returns whether `name` belongs to a next generation, or to a part of a subscription. Such names are reserved.
pub(crate) fn is_reserved(name: &str) -> bool {
    name.ends_with(NEXT_CHECKPOINT) || name.ends_with(NEXT_TABLE) || is_part(name)
}

/// Returns whether a checkpoint could have `name` as the key of a part.
fn is_part(name: &str) -> bool {
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let range = name.rsplit_once('~').and_then(|(_, range)| range.split_once('-'));
    range.is_some_and(|(first, last)| is_number(first) && is_number(last))
}

/// Builds the next generation of read models side by side with the live one. A
/// [`CheckpointStore`](super::CheckpointStore) that stores read models implements it.
///
/// # Contract
/// * **One live generation** ([rebuilds lose nothing](crate::guarantees#rebuilds-lose-nothing)).
///   [`switch`](Generations::switch) is one transaction. A reader, and a process that starts after a crash, finds the
///   old generation with its checkpoint or the next one with its checkpoint, never a mixture.
/// * **Nothing is lost** ([exactly once](crate::guarantees#exactly-once)). The next generation replaces the live one
///   only if its own checkpoint is at the position where its builder left it, and the live checkpoint is not ahead of
///   it in the same log. The switch fences the owner of the live one.
/// * The next generation's checkpoint and tables are created together and removed together.
/// * **A hold keeps the switch back.** See [holds](#holds).
///
/// # Holds
/// A *hold* is a stored [pause](super::operations::Operations::pause) of the next generation's checkpoint. It does not pause the builder: the
/// next generation follows the log, and [`switch`](Generations::switch) answers [`Switched::Held`] until the hold is
/// removed ([`resume`](super::operations::Operations::resume)). The hold is removed together with the checkpoint.
///
/// # Examples
/// ```
/// # #[cfg(all(feature = "macros", feature = "sqlite"))]
/// # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
/// use eventsource::ReadModel;
/// use eventsource::sqlite::SqliteCheckpoints;
/// use eventsource::projection::{CheckpointStore, Generations};
/// # use eventsource::sqlite::{SqliteDatabase, SqliteOptions, SqliteReadModels};
/// # #[derive(ReadModel)]
/// # #[read_model(table = "orders")]
/// # struct OrderRow { #[read_model(id)] id: u64 }
///
/// # let db = SqliteDatabase::open_with(SqliteOptions::new(":memory:").connections(1)).await?;
/// # SqliteReadModels::new(&db).create_table::<OrderRow>().await?;
/// let checkpoints = SqliteCheckpoints::new(&db);
/// let generations = checkpoints.generations().ok_or("rebuild in place only")?;
/// generations.check(&[OrderRow::TABLE]).await?; // no view depends on the table
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # }).unwrap();
/// ```
#[async_trait]
pub trait Generations<U>: Send + Sync {
    /// Checks that next generations of `tables` could replace them: their names are valid, and nothing in the database
    /// that depends on a table would break.
    ///
    /// # Errors
    /// [`CheckpointError::Refused`], with the reason and what to do, if they could not. [`CheckpointError::Failed`] if
    /// the store fails: call it again.
    async fn check(&self, tables: &[&'static Table]) -> Result<(), CheckpointError>;

    /// Claims the checkpoint of a next generation. Its name, which the claim gives, is that of the subscription, followed
    /// by `~next`. If there is no such checkpoint, or it has another fingerprint, creates it at the claim's start, being
    /// rebuilt up to `target`, with new empty tables and the [hold](Claim::held) of the claim.
    ///
    /// # Errors
    /// Those of [`CheckpointStore::claim`](super::CheckpointStore::claim). [`ClaimError::Held`], with the owner of the live
    /// generation, if it is not the [`live_owner`](Claim::live_owner) of the claim: look at both again in the same transaction as
    /// the claim. [`ClaimError::Store`] with
    /// [`CheckpointError::Refused`] if the tables cannot be created: the reason says what to do.
    async fn claim_next(
        &self,
        claim: &Claim<'_>,
        target: Position,
        tables: &[&'static Table],
    ) -> Result<Checkpoint, ClaimError>;

    /// Opens a unit of work in which handlers write to the next generation of `tables`. It gives handlers nothing else.
    /// [`switch`](Self::switch) has an example of the whole rebuild.
    ///
    /// # Errors
    /// [`CheckpointError::Failed`] if the store fails: call it again.
    async fn begin_next(&self, tables: &[&'static Table]) -> Result<U, CheckpointError>;

    /// Replaces the live generation by the next one: its tables, its checkpoint and its dead letters. Creates again
    /// what users made for the tables, such as indexes, triggers and grants.
    ///
    /// # Errors
    /// [`CheckpointError::Refused`] if it is not possible; then nothing was changed. [`CheckpointError::Failed`] if the
    /// store fails, possibly after the commit: the caller reads the checkpoint to find out.
    ///
    /// # Examples
    /// ```
    /// # #[cfg(all(feature = "macros", feature = "sqlite"))]
    /// # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// use eventsource::sqlite::SqliteCheckpoints;
    /// use eventsource::projection::{CheckpointStore, CheckpointUpdate, Claim, UnitOfWork};
    /// use eventsource::projection::{Generations, Switch, Switched};
    /// use eventsource::{Position, ReadModel};
    /// # use eventsource::sqlite::{SqliteDatabase, SqliteOptions, SqliteReadModels};
    /// # #[derive(ReadModel)]
    /// # #[read_model(table = "orders")]
    /// # struct OrderRow { #[read_model(id)] id: u64 }
    ///
    /// # let db = SqliteDatabase::open_with(SqliteOptions::new(":memory:").connections(1)).await?;
    /// # SqliteReadModels::new(&db).create_table::<OrderRow>().await?;
    /// # let checkpoints = SqliteCheckpoints::new(&db);
    /// let (tables, end) = ([OrderRow::TABLE], Position::new(7));
    /// # checkpoints.claim(&Claim::new("orders", "orders v1", Position::START)).await?;
    /// let claim = Claim::new("orders~next", "orders v2", Position::START);
    /// let next = checkpoints.claim_next(&claim, end, &tables).await?;
    /// let unit = checkpoints.begin_next(&tables).await?;
    /// // … the handlers write to `orders__next` …
    /// unit.commit(&CheckpointUpdate::new("orders~next", next.epoch, next.position, end)).await?;
    /// let switched = checkpoints.switch(&Switch::new("orders", next.epoch, end, &tables)).await?;
    /// assert!(matches!(switched, Switched::Yes { .. }));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # }).unwrap();
    /// ```
    async fn switch(&self, switch: &Switch) -> Result<Switched, CheckpointError>;

    /// Replaces each of `tables` that is missing or has another shape by an empty table as its model describes it, in
    /// the transaction of `unit`. Returns what users had made for them and could not be created again.
    ///
    /// # Errors
    /// [`CheckpointError::Refused`] if something depends on a table, or the database refuses the change.
    /// [`CheckpointError::Failed`] if the store fails.
    async fn reshape(&self, unit: &mut U, tables: &[&'static Table]) -> Result<Vec<String>, CheckpointError>;

    /// Drops the next generation of the subscription `name`, if there is one.
    ///
    /// # Errors
    /// [`CheckpointError::Failed`] if the store fails: call it again.
    async fn discard(&self, name: &str, tables: &[&'static Table]) -> Result<(), CheckpointError>;
}

/// A request to replace the live generation by the next one: see [`Generations::switch`].
///
/// ```
/// use eventsource::Position;
/// use eventsource::projection::Switch;
///
/// let switch = Switch::new("orders", 2, Position::new(100), &[]).replacing("orders v1: OrderPlaced");
/// assert_eq!((switch.epoch, switch.from_lost_log), (2, false));
/// assert!(switch.at_any_position().from_lost_log);
/// ```
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Switch {
    /// The name of the subscription.
    pub name: String,
    /// The epoch of the owner of the next generation.
    pub epoch: u64,
    /// The position of the next generation's checkpoint.
    pub position: Position,
    /// The live tables that are replaced.
    pub tables: Vec<&'static Table>,
    /// Whether the live checkpoint may be ahead, because it counts in a log that is lost.
    pub from_lost_log: bool,
    /// The fingerprint that the live projection must have; `None` for any.
    pub replaces: Option<String>,
}

/// The result of a switch.
///
/// ```
/// use eventsource::projection::Switched;
///
/// fn report(switched: &Switched) -> String {
///     match switched {
///         Switched::Yes { left, .. } => format!("switched, except for {left:?}"),
///         Switched::Behind(live) => format!("the live generation is ahead, at position {live}"),
///         other => format!("not switched: {other:?}"),
///     }
/// }
/// # assert_eq!(report(&Switched::Fenced), "not switched: Fenced");
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Switched {
    /// The next generation is live.
    Yes {
        /// What users had made for the old tables and could not be created again, each with the reason.
        left: Vec<String>,
    },
    /// The live generation is ahead, at this position. Nothing was changed.
    Behind(Position),
    /// The live projection has another fingerprint. Nothing was changed.
    Changed {
        /// The fingerprint that was found.
        found: String,
    },
    /// The next generation has another owner, or was removed. Nothing was changed.
    Fenced,
    /// An operator [holds](Generations#holds) the next generation. Nothing was changed.
    Held,
}

impl Switch {
    /// Makes the next generation of the subscription `name` live. Its checkpoint must be at `position` and have
    /// `epoch`.
    #[must_use]
    pub fn new(name: impl Into<String>, epoch: u64, position: Position, tables: &[&'static Table]) -> Self {
        Self { name: name.into(), epoch, position, tables: tables.to_vec(), from_lost_log: false, replaces: None }
    }

    /// Allows the live checkpoint to be ahead: it counts in a log that is lost, so positions cannot be compared.
    #[must_use]
    pub const fn at_any_position(mut self) -> Self {
        self.from_lost_log = true;
        self
    }

    /// Switches only if the live projection has this fingerprint. Another process may have replaced it since the caller
    /// looked.
    #[must_use]
    pub fn replacing(mut self, fingerprint: impl Into<String>) -> Self {
        self.replaces = Some(fingerprint.into());
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_next_generations_and_of_parts_are_reserved() {
        for name in ["orders~next", "orders__next", "orders~0-511", "~512-1023"] {
            assert!(is_reserved(name), "{name}");
        }
        for name in ["orders", "0-511", "orders-0-511", "~-1", "orders~1-", "orders~a-b", "orders~1"] {
            assert!(!is_reserved(name), "{name}");
        }
    }
}

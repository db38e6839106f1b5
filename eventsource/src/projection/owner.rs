//! The owners of the tables of read models.

use async_trait::async_trait;

use super::{CheckpointError, Table};

/// Stores which subscription owns which table of a read model. One subscription owns a table, in whatever process it
/// runs.
///
/// If two projections declared the same table, each would empty the other's rows in a rebuild. A subscription owns its
/// tables from the call of `subscribe` and as long as it has a checkpoint. After a
/// [reset](crate::SubscriptionHandle::reset) another subscription may take them.
///
/// ```
/// # #[cfg(feature = "macros")] {
/// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// use eventsource::memory::MemoryCheckpoints;
/// use eventsource::projection::{CheckpointStore, Claim, TableOwners, TableTaken};
/// use eventsource::{Position, ReadModel};
/// # #[derive(ReadModel)]
/// # #[read_model(table = "orders")]
/// # struct OrderRow { #[read_model(id)] id: u64 }
///
/// let checkpoints = MemoryCheckpoints::new();
/// assert_eq!(checkpoints.own("orders", &[OrderRow::TABLE]).await?, None);
/// checkpoints.claim(&Claim::new("orders", "orders v1", Position::START)).await?;
/// let taken = checkpoints.own("reports", &[OrderRow::TABLE]).await?;
/// assert_eq!(taken, Some(TableTaken::Owned { table: "orders".into(), owner: "orders".into() }));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # }).unwrap();
/// # }
/// ```
#[async_trait]
pub trait TableOwners: Send + Sync {
    /// Makes the subscription `name` the owner of all `tables`, or of none. It gets a table that has no owner, or whose
    /// owner has no checkpoint. Returns `None` if it owns them now, and otherwise the reason.
    ///
    /// # Errors
    /// [`CheckpointError::Failed`] if the store fails: call it again.
    ///
    /// # Examples
    /// ```
    /// # #[cfg(feature = "macros")]
    /// # tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap().block_on(async {
    /// use eventsource::ReadModel;
    /// use eventsource::memory::MemoryCheckpoints;
    /// use eventsource::projection::TableOwners;
    /// # #[derive(ReadModel)]
    /// # #[read_model(table = "orders")]
    /// # struct OrderRow { #[read_model(id)] id: u64 }
    ///
    /// match MemoryCheckpoints::new().own("orders", &[OrderRow::TABLE]).await? {
    ///     None => println!("`orders` owns the table"),
    ///     Some(taken) => println!("not owned: {taken}"),
    /// }
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # }).unwrap();
    /// ```
    async fn own(&self, name: &str, tables: &[&'static Table]) -> Result<Option<TableTaken>, CheckpointError>;

    /// Returns the reason why the subscription `name` cannot own all `tables`; `None` if it can. Changes nothing.
    ///
    /// The default returns `None`: the reason is found by [`own`](Self::own).
    ///
    /// # Errors
    /// [`CheckpointError::Failed`] if the store fails: call it again.
    ///
    /// # Examples
    /// ```
    /// # #[cfg(feature = "macros")]
    /// # tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap().block_on(async {
    /// use eventsource::ReadModel;
    /// use eventsource::memory::MemoryCheckpoints;
    /// use eventsource::projection::TableOwners;
    /// # #[derive(ReadModel)]
    /// # #[read_model(table = "orders")]
    /// # struct OrderRow { #[read_model(id)] id: u64 }
    ///
    /// assert_eq!(MemoryCheckpoints::new().taken("orders", &[OrderRow::TABLE]).await?, None);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # }).unwrap();
    /// ```
    async fn taken(&self, name: &str, tables: &[&'static Table]) -> Result<Option<TableTaken>, CheckpointError> {
        let _ = (name, tables);
        Ok(None)
    }

    /// Returns the tables that do not exist, although the subscription that owns them has a checkpoint: they were dropped,
    /// or not restored, and the events before the checkpoint are missing in the read model. Changes nothing.
    ///
    /// The default returns none: a store in memory keeps its tables together with its checkpoints.
    ///
    /// # Errors
    /// [`CheckpointError::Failed`] if the store fails: call it again.
    ///
    /// # Examples
    /// ```
    /// # tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap().block_on(async {
    /// use eventsource::memory::MemoryCheckpoints;
    /// use eventsource::projection::TableOwners;
    ///
    /// for missing in MemoryCheckpoints::new().missing().await? {
    ///     println!("rebuild `{}`: its table `{}` is missing", missing.subscription, missing.table);
    /// }
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # }).unwrap();
    /// ```
    async fn missing(&self) -> Result<Vec<MissingTable>, CheckpointError> {
        Ok(Vec::new())
    }

    /// Ends the ownership of the subscription `name` of all tables except `tables`.
    ///
    /// # Errors
    /// [`CheckpointError::Failed`] if the store fails: call it again.
    ///
    /// # Examples
    /// ```
    /// # #[cfg(feature = "macros")]
    /// # tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap().block_on(async {
    /// use eventsource::ReadModel;
    /// use eventsource::memory::MemoryCheckpoints;
    /// use eventsource::projection::TableOwners;
    /// # #[derive(ReadModel)]
    /// # #[read_model(table = "orders")]
    /// # struct OrderRow { #[read_model(id)] id: u64 }
    /// # #[derive(ReadModel)]
    /// # #[read_model(table = "order_lines")]
    /// # struct LineRow { #[read_model(id)] id: u64 }
    ///
    /// let checkpoints = MemoryCheckpoints::new();
    /// checkpoints.own("orders", &[OrderRow::TABLE, LineRow::TABLE]).await?;
    /// checkpoints.disown_all_but("orders", &[OrderRow::TABLE]).await?; // another subscription may own `order_lines`
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # }).unwrap();
    /// ```
    async fn disown_all_but(&self, name: &str, tables: &[&'static Table]) -> Result<(), CheckpointError>;

    /// Moves everything of the subscription `from` to the name `to`, in one transaction: its checkpoint, its dead
    /// letters, its snapshot, its next generation and its tables.
    ///
    /// # Errors
    /// [`CheckpointError::Failed`] if the store fails: call it again.
    ///
    /// # Examples
    /// ```
    /// # tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap().block_on(async {
    /// use eventsource::Position;
    /// use eventsource::memory::MemoryCheckpoints;
    /// use eventsource::projection::{CheckpointStore, Claim, HandedOver, TableOwners};
    ///
    /// let checkpoints = MemoryCheckpoints::new();
    /// checkpoints.claim(&Claim::new("orders", "orders v1", Position::START)).await?;
    /// assert_eq!(checkpoints.hand_over("orders", "order-rows").await?, HandedOver::Yes);
    /// assert!(checkpoints.load("order-rows").await?.is_some());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # }).unwrap();
    /// ```
    async fn hand_over(&self, from: &str, to: &str) -> Result<HandedOver, CheckpointError>;
}

/// A table that does not exist, although the subscription that owns it has a checkpoint.
///
/// ```
/// use eventsource::projection::MissingTable;
///
/// let missing = MissingTable::new("orders", "order-rows");
/// assert_eq!((&*missing.table, &*missing.subscription), ("orders", "order-rows"));
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct MissingTable {
    /// The table.
    pub table: String,
    /// The subscription that owns it.
    pub subscription: String,
}

impl MissingTable {
    /// Creates it for the `table` that `subscription` owns. Used by stores.
    #[must_use]
    pub fn new(table: impl Into<String>, subscription: impl Into<String>) -> Self {
        Self { table: table.into(), subscription: subscription.into() }
    }
}

/// The reason why a subscription cannot own a table.
///
/// ```
/// use eventsource::projection::TableTaken;
///
/// let taken = TableTaken::Owned { table: "orders".into(), owner: "order-rows".into() };
/// assert_eq!(taken.to_string(), "the table `orders` belongs to the subscription `order-rows`");
/// ```
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TableTaken {
    /// Another subscription owns the table.
    #[error("the table `{table}` belongs to the subscription `{owner}`")]
    Owned {
        /// The table.
        table: String,
        /// The subscription that owns it.
        owner: String,
    },
    /// Another table has the same name except for the case of letters. On some databases both are the same table.
    #[error("the table `{table}` differs from the table `{other}` of the subscription `{owner}` only in case")]
    DiffersByCase {
        /// The table.
        table: String,
        /// The other table.
        other: String,
        /// The subscription that owns the other table.
        owner: String,
    },
}

impl TableTaken {
    /// Returns why the subscription `name` cannot own `table`, if `owner` owns the table `owned`, which has the same
    /// key.
    pub(crate) fn of(name: &str, table: &Table, owned: &str, owner: &str) -> Option<Self> {
        if table.name == owned {
            return (owner != name).then(|| Self::Owned { table: owned.to_owned(), owner: owner.to_owned() });
        }
        let (table, other, owner) = (table.name.to_owned(), owned.to_owned(), owner.to_owned());
        Some(Self::DiffersByCase { table, other, owner })
    }

    /// Returns why `table` cannot belong to another subscription than `owner`, which owns `owned`.
    pub(crate) fn by(table: &Table, owned: &Table, owner: &str) -> Option<Self> {
        if key(table) != key(owned) {
            return None;
        }
        let (table, other, owner) = (table.name.to_owned(), owned.name.to_owned(), owner.to_owned());
        let is_same = table == other;
        Some(if is_same { Self::Owned { table, owner } } else { Self::DiffersByCase { table, other, owner } })
    }

    /// Returns the reason why one subscription cannot own all of `tables`: it names a table twice.
    pub(crate) fn among(name: &str, tables: &[&'static Table]) -> Option<Self> {
        tables
            .iter()
            .enumerate()
            .find_map(|(index, table)| tables[..index].iter().find_map(|other| Self::by(table, other, name)))
    }
}

/// Returns the key of a table. Names that differ only in case have the same key.
pub(crate) fn key(table: &Table) -> String {
    table.name.to_ascii_lowercase()
}

/// The result of a request to move a subscription to another name.
///
/// ```
/// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// use eventsource::memory::MemoryCheckpoints;
/// use eventsource::projection::{HandedOver, TableOwners};
///
/// let checkpoints = MemoryCheckpoints::new();
/// assert_eq!(checkpoints.hand_over("orders", "order-rows").await?, HandedOver::Missing);
/// # Ok::<(), eventsource::projection::CheckpointError>(())
/// # }).unwrap();
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum HandedOver {
    /// The checkpoint, the dead letters, the snapshot and the tables belong to the new name.
    Yes,
    /// The old name has no checkpoint. Nothing was changed.
    Missing,
    /// The new name already has a checkpoint. Nothing was changed.
    Exists,
    /// A process runs the subscription. Nothing was changed: stop it first.
    Held {
        /// The owner of its lease.
        owner: String,
    },
}

/// Returns the fingerprint of a projection that was renamed from `from` to `to` and has not changed otherwise.
pub(crate) fn renamed(fingerprint: &str, from: &str, to: &str) -> String {
    match fingerprint.strip_prefix(from) {
        Some(rest) if rest.starts_with(" v") => format!("{to}{rest}"),
        _ => fingerprint.to_owned(),
    }
}

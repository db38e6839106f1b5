//! Which subscription owns the tables of which read models.

use async_trait::async_trait;

use super::{CheckpointError, Table};

/// Who owns the tables of read models: one subscription each, whichever process runs it.
///
/// Two projections that declared one table would empty each other's rows in a rebuild. A subscription owns a table from
/// the time it is subscribed, and as long as it has a checkpoint: after a [reset](crate::SubscriptionHandle::reset)
/// another one may take the table.
#[async_trait]
pub trait TableOwners: Send + Sync {
    /// Makes the subscription `name` the owner of `tables`, all or none. A table that no subscription owns, or one that
    /// has no checkpoint, becomes its own. Returns why a table cannot.
    ///
    /// # Errors
    /// [`CheckpointError`] where the store fails.
    async fn own(&self, name: &str, tables: &[&'static Table]) -> Result<Option<TableTaken>, CheckpointError>;

    /// Ends the ownership of the subscription `name` of all tables but `tables`.
    ///
    /// # Errors
    /// [`CheckpointError`] where the store fails.
    async fn disown_all_but(&self, name: &str, tables: &[&'static Table]) -> Result<(), CheckpointError>;

    /// Gives everything of the subscription `from` to the name `to`, in one transaction: its checkpoint, its dead
    /// letters, its snapshot, its next generation and its tables.
    ///
    /// # Errors
    /// [`CheckpointError`] where the store fails.
    async fn hand_over(&self, from: &str, to: &str) -> Result<HandedOver, CheckpointError>;
}

/// A table that a subscription cannot own, because another one does, or because the name is that of another table but
/// for the case of its letters.
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
    /// Another table has the same name but for the case of its letters: on some databases the two are one table.
    #[error("the table `{table}` differs from `{other}`, a table of the subscription `{owner}`, by case only")]
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
    /// Why `table` cannot be the subscription `name`'s, where `owner` owns `owned`, which has the same key.
    pub(crate) fn of(name: &str, table: &Table, owned: &str, owner: &str) -> Option<Self> {
        if table.name == owned {
            return (owner != name).then(|| Self::Owned { table: owned.to_owned(), owner: owner.to_owned() });
        }
        let (table, other, owner) = (table.name.to_owned(), owned.to_owned(), owner.to_owned());
        Some(Self::DiffersByCase { table, other, owner })
    }

    /// Why another subscription than `owner`, which owns `owned`, cannot own `table`.
    pub(crate) fn by(table: &Table, owned: &Table, owner: &str) -> Option<Self> {
        if key(table) != key(owned) {
            return None;
        }
        let (table, other, owner) = (table.name.to_owned(), owned.name.to_owned(), owner.to_owned());
        let is_same = table == other;
        Some(if is_same { Self::Owned { table, owner } } else { Self::DiffersByCase { table, other, owner } })
    }

    /// Why one subscription cannot own all of `tables`, where it names one of them twice.
    pub(crate) fn among(name: &str, tables: &[&'static Table]) -> Option<Self> {
        tables
            .iter()
            .enumerate()
            .find_map(|(index, table)| tables[..index].iter().find_map(|other| Self::by(table, other, name)))
    }
}

/// The key of a table: names that differ by case only have the same one.
pub(crate) fn key(table: &Table) -> String {
    table.name.to_ascii_lowercase()
}

/// What became of a request to hand a subscription over to another name.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum HandedOver {
    /// The checkpoint, the dead letters, the snapshot and the tables belong to the other name.
    Yes,
    /// There is no such checkpoint. Nothing was changed.
    Missing,
    /// The other name has a checkpoint already. Nothing was changed.
    Exists,
    /// A process runs the subscription. Nothing was changed.
    Held {
        /// The process.
        owner: String,
    },
}

/// The fingerprint of a projection that was called `from` and is called `to`, where nothing else has changed.
pub(crate) fn renamed(fingerprint: &str, from: &str, to: &str) -> String {
    match fingerprint.strip_prefix(from) {
        Some(rest) if rest.starts_with(" v") => format!("{to}{rest}"),
        _ => fingerprint.to_owned(),
    }
}

/// Who built a table that serves, and whether its next generation is being built.
#[cfg(any(feature = "postgres", feature = "sqlite"))]
pub(crate) struct Built {
    pub(crate) subscription: String,
    pub(crate) fingerprint: Option<String>,
    /// The fingerprint, the position and the target of the next generation.
    pub(crate) next: Option<(String, i64, Option<i64>)>,
}

/// A row of `BUILT`: the subscription, its fingerprint; the fingerprint, position and target of the next generation.
#[cfg(any(feature = "postgres", feature = "sqlite"))]
pub(crate) type BuiltRow = (String, Option<String>, Option<String>, Option<i64>, Option<i64>);

#[cfg(any(feature = "postgres", feature = "sqlite"))]
impl From<BuiltRow> for Built {
    fn from((subscription, fingerprint, next, position, target): BuiltRow) -> Self {
        Self { subscription, fingerprint, next: next.zip(position).map(|(next, position)| (next, position, target)) }
    }
}

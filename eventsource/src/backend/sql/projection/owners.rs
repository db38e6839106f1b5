//! The owners of the tables of read models, for every database.

use crate::backend::sql::store::Failure;
use crate::event::Position;
use crate::projection::generation::next_checkpoint;
use crate::projection::owner::{key, renamed};
use crate::projection::{HandedOver, Table, TableTaken};
use crate::read_model::Deployment;

/// Runs statements on texts in a transaction. In a statement `{schema}` stands for the schema, and `$1` for the first
/// text.
pub(in crate::backend) trait TextRows {
    /// The current time by the clock that ends leases.
    const NOW: &'static str;

    /// Runs `sql`.
    fn run(&mut self, sql: &str, values: &[&str]) -> impl Future<Output = Result<(), Failure>> + Send;

    /// Returns the rows that `sql` finds, of two texts each.
    fn rows(
        &mut self,
        sql: &str,
        values: &[&str],
    ) -> impl Future<Output = Result<Vec<(String, String)>, Failure>> + Send;
}

/// Holds for a checkpoint, and for a name whose next claim creates a checkpoint that is being rebuilt.
macro_rules! in_use {
    ($name:literal) => {
        concat!(
            "EXISTS (SELECT 1 FROM {schema}.eventsource_checkpoints AS used WHERE used.name = ",
            $name,
            " AND (used.position IS NOT NULL OR used.rebuild_to IS NOT NULL))"
        )
    };
}

const OWNER: &str = "SELECT table_name, subscription FROM {schema}.eventsource_read_models WHERE table_key = $1";
/// Changes no row if the table has an owner with a checkpoint.
const OWN: &str = concat!(
    "INSERT INTO {schema}.eventsource_read_models AS own (table_key, table_name, subscription) VALUES ($1, $2, $3) \
     ON CONFLICT (table_key) DO UPDATE SET table_name = excluded.table_name, subscription = excluded.subscription \
     WHERE NOT ",
    in_use!("own.subscription")
);
const OWNED: &str =
    "SELECT table_key, table_name FROM {schema}.eventsource_read_models WHERE subscription = $1 ORDER BY table_key";
const DISOWN: &str = "DELETE FROM {schema}.eventsource_read_models WHERE table_key = $1 AND subscription = $2";

/// Returns whether the subscription already owns the tables, so that nothing must be written.
pub(in crate::backend) async fn owns<R: TextRows>(
    mut rows: R,
    name: &str,
    tables: &[&'static Table],
) -> Result<bool, Failure> {
    for table in tables {
        let found = rows.rows(OWNER, &[&key(table)]).await?;
        if !found.iter().any(|(found, owner)| (&**found, &**owner) == (table.name, name)) {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Makes the subscription the owner of the tables. If it returns a reason why not, the caller rolls back.
pub(in crate::backend) async fn own<R: TextRows>(
    mut rows: R,
    name: &str,
    tables: &[&'static Table],
) -> Result<Option<TableTaken>, Failure> {
    let mut tables = tables.to_vec();
    // In one order, so that two subscriptions that declare the same tables wait for each other without a deadlock.
    tables.sort_unstable_by_key(|table| key(table));
    for table in tables {
        let key = key(table);
        rows.run(OWN, &[&key, table.name, name]).await?;
        let found = rows.rows(OWNER, &[&key]).await?;
        let taken = found.first().and_then(|(other, owner)| TableTaken::of(name, table, other, owner));
        if taken.is_some() {
            return Ok(taken);
        }
    }
    Ok(None)
}

/// Returns the keys of the tables that the subscription owns in addition to `tables`.
pub(in crate::backend) async fn others<R: TextRows>(
    mut rows: R,
    name: &str,
    tables: &[&'static Table],
) -> Result<Vec<String>, Failure> {
    let owned = rows.rows(OWNED, &[name]).await?;
    Ok(owned
        .into_iter()
        .map(|(owned, _)| owned)
        .filter(|owned| !tables.iter().any(|table| key(table) == *owned))
        .collect())
}

/// Ends the subscription's ownership of the tables with these keys.
pub(in crate::backend) async fn disown<R: TextRows>(mut rows: R, name: &str, keys: &[String]) -> Result<(), Failure> {
    for key in keys {
        rows.run(DISOWN, &[key, name]).await?;
    }
    Ok(())
}

/// Moves everything of the subscription `from` to the name `to`. If it does not return `Yes`, the caller rolls back.
pub(in crate::backend) async fn hand_over<R: TextRows>(
    mut rows: R,
    from: &str,
    to: &str,
) -> Result<HandedOver, Failure> {
    rows.run(LOCK, &[from, to]).await?;
    if rows.rows(CHECKPOINT, &[from]).await?.is_empty() {
        return Ok(HandedOver::Missing);
    }
    let held = format!("{HELD} {}", R::NOW);
    if let Some((owner, _)) = rows.rows(&held, &[from]).await?.into_iter().next() {
        return Ok(HandedOver::Held { owner });
    }
    if !rows.rows(IN_USE, &[to]).await?.is_empty() {
        return Ok(HandedOver::Exists);
    }
    for (before, after) in [(from, to), (&*next_checkpoint(from), &*next_checkpoint(to))] {
        let Some((_, fingerprint)) = rows.rows(CHECKPOINT, &[before]).await?.into_iter().next() else { continue };
        let fingerprint = renamed(&fingerprint, from, to);
        rows.run(RAISE, &[before, after]).await?;
        rows.run(DROP, &[after]).await?;
        rows.run(RENAME, &[before, after, &fingerprint]).await?;
        rows.run(LEAVE, &[before, after]).await?;
        for forget in [FORGET_LETTERS, FORGET_SNAPSHOT] {
            rows.run(forget, &[after]).await?;
        }
        rows.run(MOVE_LETTERS, &[before, after]).await?;
        rows.run(MOVE_SNAPSHOT, &[before, after, &fingerprint]).await?;
    }
    rows.run(MOVE_TABLES, &[from, to]).await?;
    Ok(HandedOver::Yes)
}

/// Locks both: a process that moves or claims one of them waits.
const LOCK: &str = "UPDATE {schema}.eventsource_checkpoints SET epoch = epoch WHERE name IN ($1, $2)";
const CHECKPOINT: &str =
    "SELECT name, fingerprint FROM {schema}.eventsource_checkpoints WHERE name = $1 AND position IS NOT NULL";
const HELD: &str =
    "SELECT owner, name FROM {schema}.eventsource_checkpoints WHERE name = $1 AND owner IS NOT NULL AND leased_until >";
const IN_USE: &str = concat!("SELECT $1, $1 WHERE ", in_use!("$1"));
/// Both names continue with an epoch that no owner has had.
const RAISE: &str = "UPDATE {schema}.eventsource_checkpoints SET epoch = 1 + \
     (SELECT max(pair.epoch) FROM {schema}.eventsource_checkpoints AS pair WHERE pair.name IN ($1, $2)) WHERE name = $1";
const DROP: &str = "DELETE FROM {schema}.eventsource_checkpoints WHERE name = $1";
const RENAME: &str = "UPDATE {schema}.eventsource_checkpoints \
     SET name = $2, fingerprint = $3, owner = NULL, leased_until = NULL WHERE name = $1";
const LEAVE: &str = "INSERT INTO {schema}.eventsource_checkpoints (name, position, epoch, fingerprint, updated_at) \
     SELECT $1, NULL, epoch, fingerprint, updated_at FROM {schema}.eventsource_checkpoints WHERE name = $2";
const FORGET_LETTERS: &str = "DELETE FROM {schema}.eventsource_dead_letters WHERE subscription = $1";
const FORGET_SNAPSHOT: &str = "DELETE FROM {schema}.eventsource_snapshots WHERE name = $1";
const MOVE_LETTERS: &str = "UPDATE {schema}.eventsource_dead_letters SET subscription = $2 WHERE subscription = $1";
const MOVE_SNAPSHOT: &str = "UPDATE {schema}.eventsource_snapshots SET name = $2, fingerprint = $3 WHERE name = $1";
const MOVE_TABLES: &str = "UPDATE {schema}.eventsource_read_models SET subscription = $2 WHERE subscription = $1";

/// The subscription that built a live table, and the state of its next generation.
pub(in crate::backend) struct Built {
    subscription: String,
    fingerprint: Option<String>,
    next: Option<BuiltNext>,
}

/// The next generation of a table that is being built.
struct BuiltNext {
    fingerprint: String,
    position: i64,
    target: Option<i64>,
}

/// A row of `BUILT`: the subscription and its fingerprint, then the fingerprint, position and target of the next
/// generation.
pub(in crate::backend) type BuiltRow = (String, Option<String>, Option<String>, Option<i64>, Option<i64>);

impl From<BuiltRow> for Built {
    fn from((subscription, fingerprint, next, position, target): BuiltRow) -> Self {
        let next = next.zip(position).map(|(fingerprint, position)| BuiltNext { fingerprint, position, target });
        Self { subscription, fingerprint, next }
    }
}

impl Built {
    /// Returns the version of the program that built the table.
    pub(in crate::backend) fn deployment(self) -> Deployment {
        let position = |value: i64| Position::new(u64::try_from(value).unwrap_or_default());
        let Self { subscription, fingerprint, next } = self;
        if let Some(BuiltNext { fingerprint, position: at, target }) = next {
            let target = position(target.unwrap_or(at));
            return Deployment::Builds { subscription, fingerprint, position: position(at), target };
        }
        fingerprint.map_or(Deployment::Unknown, |fingerprint| Deployment::Serves { subscription, fingerprint })
    }
}

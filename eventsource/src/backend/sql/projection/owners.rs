//! The owners of the tables of read models, for every database.

use super::CheckpointDatabase;
use crate::backend::sql::database::SqlRow as _;
use crate::backend::sql::store::Failure;
use crate::backend::sql::values::Value;
use crate::event::Position;
use crate::projection::generation::next_checkpoint;
use crate::projection::owner::{key, renamed};
use crate::projection::{HandedOver, MissingTable, Table, TableTaken};
use crate::read_model::Deployment;

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
const OWNER_IN_USE: &str = concat!(
    "SELECT own.table_name, own.subscription FROM {schema}.eventsource_read_models AS own WHERE own.table_key = $1 AND ",
    in_use!("own.subscription")
);
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

/// Runs `sql` with these texts.
async fn run<D: CheckpointDatabase>(
    db: &D,
    conn: &mut D::Connection,
    sql: &'static str,
    texts: &[&str],
) -> Result<(), Failure> {
    let texts: Vec<_> = texts.iter().copied().map(Value::Text).collect();
    db.execute(conn, sql, &texts).await.map(drop)
}

/// Returns the rows that `sql` finds with these texts, of two texts each.
async fn pairs<D: CheckpointDatabase>(
    db: &D,
    conn: &mut D::Connection,
    sql: &'static str,
    texts: &[&str],
) -> Result<Vec<(String, String)>, Failure> {
    let texts: Vec<_> = texts.iter().copied().map(Value::Text).collect();
    let found = db.fetch(conn, sql, &texts).await?;
    found.iter().map(|row| Ok((row.text(0)?, row.text(1)?))).collect()
}

/// Returns whether the subscription already owns the tables, so that nothing must be written.
pub(in crate::backend) async fn owns<D: CheckpointDatabase>(
    db: &D,
    conn: &mut D::Connection,
    name: &str,
    tables: &[&'static Table],
) -> Result<bool, Failure> {
    for table in tables {
        let found = pairs(db, conn, OWNER, &[&key(table)]).await?;
        if !found.iter().any(|(found, owner)| (&**found, &**owner) == (table.name, name)) {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Returns why the subscription cannot own all tables.
pub(in crate::backend) async fn taken<D: CheckpointDatabase>(
    db: &D,
    conn: &mut D::Connection,
    name: &str,
    tables: &[&'static Table],
) -> Result<Option<TableTaken>, Failure> {
    for table in tables {
        let found = pairs(db, conn, OWNER_IN_USE, &[&key(table)]).await?;
        if let Some(taken) = found.first().and_then(|(other, owner)| TableTaken::of(name, table, other, owner)) {
            return Ok(Some(taken));
        }
    }
    Ok(None)
}

/// Returns the tables that the database does not have, although a subscription with a checkpoint owns them.
pub(in crate::backend) async fn missing<D: CheckpointDatabase>(
    db: &D,
    conn: &mut D::Connection,
) -> Result<Vec<MissingTable>, Failure> {
    let found = pairs(db, conn, D::MISSING, &[]).await?;
    Ok(found.into_iter().map(|(table, owner)| MissingTable::new(table, owner)).collect())
}

/// Makes the subscription the owner of the tables. If it returns a reason why not, the caller rolls back.
pub(in crate::backend) async fn own<D: CheckpointDatabase>(
    db: &D,
    conn: &mut D::Connection,
    name: &str,
    tables: &[&'static Table],
) -> Result<Option<TableTaken>, Failure> {
    let mut tables = tables.to_vec();
    // In one order, so that two subscriptions that declare the same tables wait for each other without a deadlock.
    tables.sort_unstable_by_key(|table| key(table));
    for table in tables {
        let key = key(table);
        run(db, conn, OWN, &[&key, table.name, name]).await?;
        let found = pairs(db, conn, OWNER, &[&key]).await?;
        let taken = found.first().and_then(|(other, owner)| TableTaken::of(name, table, other, owner));
        if taken.is_some() {
            return Ok(taken);
        }
    }
    Ok(None)
}

/// Returns the keys of the tables that the subscription owns in addition to `tables`.
pub(in crate::backend) async fn others<D: CheckpointDatabase>(
    db: &D,
    conn: &mut D::Connection,
    name: &str,
    tables: &[&'static Table],
) -> Result<Vec<String>, Failure> {
    let owned = pairs(db, conn, OWNED, &[name]).await?;
    Ok(owned
        .into_iter()
        .map(|(owned, _)| owned)
        .filter(|owned| !tables.iter().any(|table| key(table) == *owned))
        .collect())
}

/// Ends the subscription's ownership of the tables with these keys.
pub(in crate::backend) async fn disown<D: CheckpointDatabase>(
    db: &D,
    conn: &mut D::Connection,
    name: &str,
    keys: &[String],
) -> Result<(), Failure> {
    for key in keys {
        run(db, conn, DISOWN, &[key, name]).await?;
    }
    Ok(())
}

/// Moves everything of the subscription `from` to the name `to`. If it does not return `Yes`, the caller rolls back.
pub(in crate::backend) async fn hand_over<D: CheckpointDatabase>(
    db: &D,
    conn: &mut D::Connection,
    from: &str,
    to: &str,
) -> Result<HandedOver, Failure> {
    run(db, conn, LOCK, &[from, to]).await?;
    if pairs(db, conn, CHECKPOINT, &[from]).await?.is_empty() {
        return Ok(HandedOver::Missing);
    }
    if let Some((owner, _)) = pairs(db, conn, D::LEASED, &[from]).await?.into_iter().next() {
        return Ok(HandedOver::Held { owner });
    }
    if !pairs(db, conn, IN_USE, &[to]).await?.is_empty() {
        return Ok(HandedOver::Exists);
    }
    for (before, after) in [(from, to), (&*next_checkpoint(from), &*next_checkpoint(to))] {
        let Some((_, fingerprint)) = pairs(db, conn, CHECKPOINT, &[before]).await?.into_iter().next() else { continue };
        let fingerprint = renamed(&fingerprint, from, to);
        run(db, conn, RAISE, &[before, after]).await?;
        run(db, conn, DROP, &[after]).await?;
        run(db, conn, RENAME, &[before, after, &fingerprint]).await?;
        run(db, conn, LEAVE, &[before, after]).await?;
        for forget in [FORGET_LETTERS, FORGET_SNAPSHOT] {
            run(db, conn, forget, &[after]).await?;
        }
        run(db, conn, MOVE_LETTERS, &[before, after]).await?;
        run(db, conn, MOVE_SNAPSHOT, &[before, after, &fingerprint]).await?;
    }
    run(db, conn, MOVE_TABLES, &[from, to]).await?;
    Ok(HandedOver::Yes)
}

/// Locks both: a process that moves or claims one of them waits.
const LOCK: &str = "UPDATE {schema}.eventsource_checkpoints SET epoch = epoch WHERE name IN ($1, $2)";
const CHECKPOINT: &str =
    "SELECT name, fingerprint FROM {schema}.eventsource_checkpoints WHERE name = $1 AND position IS NOT NULL";
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
        let position = |value: i64| u64::try_from(value).ok().map(Position::new);
        let Self { subscription, fingerprint, next } = self;
        if let Some(BuiltNext { fingerprint, position: at, target }) = next {
            let (Some(at), Some(target)) = (position(at), position(target.unwrap_or(at))) else {
                return Deployment::Unknown;
            };
            return Deployment::Builds { subscription, fingerprint, position: at, target };
        }
        fingerprint.map_or(Deployment::Unknown, |fingerprint| Deployment::Serves { subscription, fingerprint })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn next_generation_at_a_position_that_no_log_has_is_unknown() {
        for (at, target) in [(-1, Some(7)), (3, Some(-7))] {
            let built = Built::from(("orders".into(), None, Some("orders v2".into()), Some(at), target));
            assert_eq!(built.deployment(), Deployment::Unknown);
        }
    }
}

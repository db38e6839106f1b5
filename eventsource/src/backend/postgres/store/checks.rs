//! Looks for problems of the server and of the tables.
//!
//! Simple queries work with every pooler. What the role may not see is left out, and a note says so.

use sqlx::postgres::PgRow;
use sqlx::{PgConnection, Row as _};

use super::{PostgresDatabase, migrations};
use crate::backend::sql::store::Failure;
use crate::event::now;
use crate::projection::Finding;

const SERVER: &str = "SELECT pg_is_in_recovery() AS standby, current_setting('server_encoding') AS encoding, \
     current_setting('fsync') AS fsync, current_setting('full_page_writes') AS full_page_writes, \
     current_setting('synchronous_commit') AS synchronous_commit, \
     extract(epoch FROM clock_timestamp())::float8 AS clock, \
     current_setting('max_connections')::int AS most, \
     (SELECT count(*)::int FROM pg_stat_activity WHERE backend_type = 'client backend') AS connections, \
     pg_has_role(current_user, 'pg_read_all_stats', 'USAGE') AS sees_all";

/// Transactions that do nothing and keep the server from removing dead rows.
const IDLE: &str = "SELECT pid, application_name, extract(epoch FROM clock_timestamp() - xact_start)::float8 AS age \
     FROM pg_stat_activity WHERE datname = current_database() AND state LIKE 'idle in transaction%' \
     AND state_change < clock_timestamp() - interval '30 seconds' ORDER BY xact_start LIMIT 10";

const PREPARED: &str = "SELECT gid, extract(epoch FROM clock_timestamp() - prepared)::float8 AS age \
     FROM pg_prepared_xacts WHERE database = current_database() \
     AND prepared < clock_timestamp() - interval '30 seconds' ORDER BY prepared LIMIT 10";

const INDEXES: &str = "SELECT c.relname::text AS name, i.indisvalid AS valid FROM pg_index i \
     JOIN pg_class c ON c.oid = i.indexrelid JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = '{name}'";

/// Tables that are updated in place: each update leaves a dead row.
const DEAD_ROWS: &str = "SELECT relname::text AS name, n_dead_tup AS dead, n_live_tup AS live, \
     coalesce(greatest(last_vacuum, last_autovacuum)::text, 'never') AS vacuumed FROM pg_stat_user_tables \
     WHERE schemaname = '{name}' AND relname LIKE 'eventsource\\_%' AND n_dead_tup > 50000 AND n_dead_tup > 10 * n_live_tup \
     ORDER BY n_dead_tup DESC LIMIT 10";

const LEFT_OVER: &str = "SELECT tablename::text AS name FROM pg_tables WHERE schemaname = '{name}' \
     AND tablename LIKE '%\\_\\_next' AND NOT EXISTS (SELECT FROM {schema}.eventsource_checkpoints \
     WHERE name LIKE '%~next' AND position IS NOT NULL) ORDER BY tablename LIMIT 20";

/// The difference from which two clocks are apart, in seconds.
const APART: f64 = 5.0;

impl PostgresDatabase {
    /// Looks for problems, and changes nothing.
    pub(in crate::backend::postgres) async fn diagnose(
        &self,
        conn: &mut PgConnection,
    ) -> Result<Vec<Finding>, Failure> {
        let mut findings = Vec::new();
        for row in rows(self, conn, SERVER).await? {
            server(&row, &mut findings)?;
        }
        for row in rows(self, conn, IDLE).await? {
            let (pid, name): (i32, String) = (row.try_get("pid")?, row.try_get("application_name")?);
            let age: Option<f64> = row.try_get("age")?;
            findings.push(Finding::warning(
                format!("pid {pid} ({name}) is idle in a transaction that is {:.0} s old", age.unwrap_or_default()),
                "it keeps dead rows, and the log back if it has appended",
                format!("end its process, or `SELECT pg_terminate_backend({pid})`"),
            ));
        }
        for row in rows(self, conn, PREPARED).await? {
            let (gid, age): (String, f64) = (row.try_get("gid")?, row.try_get("age")?);
            findings.push(Finding::warning(
                format!("the prepared transaction `{gid}` is {age:.0} s old"),
                "it keeps dead rows, and the log back if it has appended, also over restarts of the server",
                format!("`COMMIT PREPARED '{gid}'` or `ROLLBACK PREPARED '{gid}'`"),
            ));
        }
        self.indexes(conn, &mut findings).await?;
        for row in rows(self, conn, DEAD_ROWS).await? {
            let (name, vacuumed): (String, String) = (row.try_get("name")?, row.try_get("vacuumed")?);
            let (dead, live): (i64, i64) = (row.try_get("dead")?, row.try_get("live")?);
            findings.push(Finding::warning(
                format!("the table `{name}` has {dead} dead rows and {live} live ones; it was vacuumed: {vacuumed}"),
                "each statement on it reads the dead rows",
                format!("end old transactions, then `VACUUM \"{}\".\"{name}\"`", self.schema()),
            ));
        }
        for row in rows(self, conn, LEFT_OVER).await? {
            let table: String = row.try_get("name")?;
            findings.push(Finding::left_over(&table, &format!("DROP TABLE \"{}\".\"{table}\"", self.schema())));
        }
        Ok(findings)
    }

    async fn indexes(&self, conn: &mut PgConnection, findings: &mut Vec<Finding>) -> Result<(), Failure> {
        let found = rows(self, conn, INDEXES).await?;
        let found = found.iter().map(|row| Ok((row.try_get("name")?, row.try_get("valid")?)));
        let found: Vec<(String, bool)> = found.collect::<Result<_, sqlx::Error>>()?;
        for (name, _) in found.iter().filter(|(_, is_valid)| !is_valid) {
            findings.push(Finding::error(
                format!("the index `{name}` is invalid"),
                "its creation was interrupted: it is written, and never read",
                format!("`REINDEX INDEX CONCURRENTLY \"{}\".\"{name}\"`", self.schema()),
            ));
        }
        for index in migrations::indexes() {
            if !found.iter().any(|(found, _)| *found == index.name) {
                let statement = index.statement.replace("{schema}", &format!("\"{}\"", self.schema()));
                // It does not keep writers waiting.
                let statement = statement.replacen(" INDEX ", " INDEX CONCURRENTLY ", 1);
                findings.push(Finding::error(
                    format!("the index `{}` is missing", index.name),
                    "statements read whole tables, and a unique index keeps streams and letters consistent",
                    format!("`{statement}`"),
                ));
            }
        }
        Ok(())
    }
}

async fn rows(db: &PostgresDatabase, conn: &mut PgConnection, sql: &str) -> Result<Vec<PgRow>, sqlx::Error> {
    sqlx::raw_sql(db.sql(sql)).fetch_all(conn).await
}

fn server(row: &PgRow, findings: &mut Vec<Finding>) -> Result<(), sqlx::Error> {
    if row.try_get("standby")? {
        findings.push(Finding::error(
            "the server is a standby",
            "it refuses every write",
            "connect to the primary, such as with `target_session_attrs=read-write`",
        ));
    }
    let encoding: String = row.try_get("encoding")?;
    if encoding != "UTF8" {
        findings.push(Finding::error(
            format!("the database has the encoding {encoding}"),
            "texts that this encoding does not have cannot be stored",
            "create a database with the encoding UTF8",
        ));
    }
    for setting in ["fsync", "full_page_writes"] {
        if row.try_get::<String, _>(setting)? == "off" {
            findings.push(Finding::error(
                format!("`{setting}` is off"),
                "a crash of the server can damage the database",
                format!("`ALTER SYSTEM SET {setting} = on`, then `SELECT pg_reload_conf()`"),
            ));
        }
    }
    if row.try_get::<String, _>("synchronous_commit")? == "off" {
        findings.push(Finding::warning(
            "`synchronous_commit` is off",
            "a crash of the server loses events that were stored as their writers were told",
            "set it to `on` for the database and for its roles",
        ));
    }
    let clock: f64 = row.try_get("clock")?;
    let apart = now().timestamp_micros() as f64 / 1e6 - clock;
    if apart.abs() > APART {
        findings.push(Finding::warning(
            format!("the clock of the server is {apart:.0} s apart from the clock of this machine"),
            "times of events, ages and leases are wrong",
            "synchronise both clocks",
        ));
    }
    let (most, connections): (i32, i32) = (row.try_get("most")?, row.try_get("connections")?);
    if connections > most / 10 * 8 {
        findings.push(Finding::warning(
            format!("{connections} of at most {most} connections are open"),
            "new connections will be refused",
            "use smaller pools or a pooler, or raise `max_connections`",
        ));
    }
    if !row.try_get::<bool, _>("sees_all")? {
        findings.push(Finding::note(
            "this role does not see the transactions of other roles",
            "transactions that hold the log back, or keep dead rows, are not all listed",
            "`GRANT pg_read_all_stats TO` this role",
        ));
    }
    Ok(())
}

//! The whole content of a database, to show that nothing was changed.

use crate::backend::{Postgres, Sqlite};
use eventsource::sqlx::{self, AssertSqlSafe, Row as _};

/// A database whose whole content can be read.
#[allow(async_fn_in_trait, reason = "these futures stay in one task")]
pub trait Content {
    /// Returns the definition of every table, and every row.
    async fn content(&self) -> Vec<String>;
}

impl Content for Sqlite {
    async fn content(&self) -> Vec<String> {
        let tables = "SELECT name, coalesce(sql, '') FROM sqlite_schema ORDER BY name";
        let tables: Vec<(String, String)> = sqlx::query_as(tables).fetch_all(self.db.pool()).await.unwrap();
        let mut content = Vec::new();
        for (name, sql) in tables {
            if sql.starts_with("CREATE TABLE") {
                let columns = format!(
                    "SELECT group_concat('quote(\"' || name || '\")', ' || '','' || ') FROM pragma_table_xinfo('{name}')"
                );
                let columns: String =
                    sqlx::query_scalar(AssertSqlSafe(columns)).fetch_one(self.db.pool()).await.unwrap();
                let rows = format!("SELECT {columns} FROM \"{name}\" ORDER BY 1");
                let rows: Vec<Option<String>> =
                    sqlx::query_scalar(AssertSqlSafe(rows)).fetch_all(self.db.pool()).await.unwrap();
                content.extend(rows.into_iter().map(|row| format!("{name}: {}", row.unwrap_or_default())));
            }
            content.push(format!("{name}: {sql}"));
        }
        content
    }
}

impl Content for Postgres {
    async fn content(&self) -> Vec<String> {
        let schema = self.schema.name();
        let tables = "SELECT c.oid::text, c.relname::text, c.relkind::text FROM pg_class c \
                      JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = $1 ORDER BY c.relname";
        let tables = sqlx::query(tables).bind(schema).fetch_all(self.db.pool()).await.unwrap();
        let mut content = Vec::new();
        for table in tables {
            let [oid, name, kind] = [0, 1, 2].map(|at| table.get::<String, _>(at));
            content.push(format!("{name} {kind} {oid}"));
            if kind == "r" {
                let rows = format!("SELECT own::text FROM \"{schema}\".\"{name}\" AS own ORDER BY 1");
                let rows: Vec<String> =
                    sqlx::query_scalar(AssertSqlSafe(rows)).fetch_all(self.db.pool()).await.unwrap();
                content.extend(rows.into_iter().map(|row| format!("{name}: {row}")));
            }
        }
        content
    }
}

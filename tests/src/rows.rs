//! A projection into a SQLite table that shows whatever goes wrong: a row an event, without a key, and a running sum.

use eventsource::prelude::*;
use eventsource::sqlx::{self, SqliteConnection, SqlitePool};

use crate::domain::{Bumped, Cleared};

/// Bumps as rows, and their sum.
#[derive(Debug, Clone)]
pub struct BumpRows;

/// What the table ought to hold.
pub type Rows = Vec<(i64, i64)>;

impl BumpRows {
    /// Creates the tables, unless they exist.
    pub async fn create_tables(pool: &SqlitePool) -> sqlx::Result<()> {
        sqlx::query("CREATE TABLE IF NOT EXISTS bumps (position INTEGER, by INTEGER)").execute(pool).await?;
        sqlx::query("CREATE TABLE IF NOT EXISTS bump_sum (one INTEGER PRIMARY KEY, total INTEGER)")
            .execute(pool)
            .await?;
        Ok(())
    }

    /// The rows, in the order in which they were written.
    pub async fn rows(pool: &SqlitePool) -> sqlx::Result<Rows> {
        sqlx::query_as("SELECT position, by FROM bumps ORDER BY rowid").fetch_all(pool).await
    }

    /// The running sum.
    pub async fn sum(pool: &SqlitePool) -> sqlx::Result<i64> {
        sqlx::query_scalar("SELECT coalesce(sum(total), 0) FROM bump_sum").fetch_one(pool).await
    }

    /// The rows as a fold of the log gives them: what they have to be.
    pub async fn fold(store: &dyn EventStore) -> Rows {
        let filter = EventFilter::types([Bumped::NAME]);
        let page = store.read_log(Position::START, &filter, PageLimit::events(usize::MAX >> 1)).await.unwrap();
        let row = |event: &std::sync::Arc<RecordedEvent>| {
            let bump = Event::<Bumped>::decode(event).unwrap();
            (bump.position().value() as i64, bump.by as i64)
        };
        page.events.iter().map(row).collect()
    }
}

#[projection(name = "bump-rows")]
impl BumpRows {
    #[handles(Bumped)]
    async fn bumped(&self, event: &Event<Bumped>, db: &mut SqliteConnection) -> sqlx::Result<()> {
        let (position, by) = (event.position().value() as i64, event.by as i64);
        sqlx::query("INSERT INTO bumps (position, by) VALUES (?, ?)").bind(position).bind(by).execute(&mut *db).await?;
        sqlx::query("INSERT INTO bump_sum VALUES (1, ?1) ON CONFLICT (one) DO UPDATE SET total = total + ?1")
            .bind(by)
            .execute(db)
            .await?;
        Ok(())
    }

    #[handles(Cleared)]
    async fn cleared(&self, _: &Cleared, db: &mut SqliteConnection) -> sqlx::Result<()> {
        sqlx::query("UPDATE bump_sum SET total = 0").execute(db).await?;
        Ok(())
    }

    #[truncate]
    async fn truncate(&self, db: &mut SqliteConnection) -> sqlx::Result<()> {
        sqlx::query("DELETE FROM bumps").execute(&mut *db).await?;
        sqlx::query("DELETE FROM bump_sum").execute(db).await?;
        Ok(())
    }
}

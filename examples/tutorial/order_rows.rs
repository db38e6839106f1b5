//! The fourth projection: rows in the database.

use eventsource::prelude::*;
use eventsource::sqlx::{self, SqliteConnection, SqlitePool};
use uuid::Uuid;

use crate::order::{OrderCancelled, OrderPlaced, OrderShipped};

/// A row for each order, in the database: written in the transaction that also moves the checkpoint.
pub struct OrderRows;

impl OrderRows {
    pub async fn create_table(pool: &SqlitePool) -> sqlx::Result<()> {
        let table = "CREATE TABLE IF NOT EXISTS orders (id BLOB PRIMARY KEY, customer TEXT, total REAL, status TEXT)";
        sqlx::query(table).execute(pool).await?;
        Ok(())
    }

    pub async fn count(pool: &SqlitePool) -> sqlx::Result<i64> {
        sqlx::query_scalar("SELECT count(*) FROM orders").fetch_one(pool).await
    }
}

#[projection(name = "order-rows")]
impl OrderRows {
    #[handles(OrderPlaced)]
    async fn placed(&self, event: &Event<OrderPlaced>, db: &mut SqliteConnection) -> sqlx::Result<()> {
        sqlx::query("INSERT INTO orders (id, customer, total, status) VALUES (?, ?, ?, 'placed')")
            .bind(event.aggregate_id())
            .bind(&event.customer_name)
            .bind(event.total_amount)
            .execute(db)
            .await?;
        Ok(())
    }

    #[handles(OrderShipped)]
    async fn shipped(&self, event: &Event<OrderShipped>, db: &mut SqliteConnection) -> sqlx::Result<()> {
        set_status(db, event.aggregate_id(), "shipped").await
    }

    #[handles(OrderCancelled)]
    async fn cancelled(&self, event: &Event<OrderCancelled>, db: &mut SqliteConnection) -> sqlx::Result<()> {
        set_status(db, event.aggregate_id(), "cancelled").await
    }

    #[truncate]
    async fn truncate(&self, db: &mut SqliteConnection) -> sqlx::Result<()> {
        sqlx::query("DELETE FROM orders").execute(db).await?;
        Ok(())
    }
}

async fn set_status(db: &mut SqliteConnection, id: Uuid, status: &str) -> sqlx::Result<()> {
    sqlx::query("UPDATE orders SET status = ? WHERE id = ?").bind(status).bind(id).execute(db).await?;
    Ok(())
}

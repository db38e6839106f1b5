//! The projections of the benchmarks that write tables: through a repository, and by statements on a connection.

use eventsource::prelude::*;
use eventsource::sqlx::{self, PgConnection, SqliteConnection};
use uuid::Uuid;

use crate::domain::{OrderCancelled, OrderPlaced, OrderShipped};

/// An order as a row.
#[derive(Debug, Clone, PartialEq, ReadModel)]
#[read_model(table = "order_rows")]
pub struct OrderRow {
    /// The order.
    #[read_model(id)]
    pub id: Uuid,
    /// Who ordered.
    pub customer_name: String,
    /// What it costs.
    pub total_amount: f64,
    /// What has become of it.
    pub status: String,
}

/// Orders as rows, through a repository.
#[derive(Debug, Clone)]
pub struct OrderRows;

#[projection(name = "order-rows", read_models(OrderRow))]
impl OrderRows {
    #[handles(OrderPlaced)]
    async fn placed(
        &self,
        event: &Event<OrderPlaced>,
        orders: &mut Repository<OrderRow>,
    ) -> Result<(), ReadModelError> {
        let row = OrderRow {
            id: event.aggregate_id(),
            customer_name: event.customer_name.clone(),
            total_amount: event.total_amount,
            status: "placed".to_owned(),
        };
        orders.save(row).await
    }

    #[handles(OrderShipped)]
    async fn shipped(
        &self,
        event: &Event<OrderShipped>,
        orders: &mut Repository<OrderRow>,
    ) -> Result<(), ReadModelError> {
        set_status(event.aggregate_id(), "shipped", orders).await
    }

    #[handles(OrderCancelled)]
    async fn cancelled(
        &self,
        event: &Event<OrderCancelled>,
        orders: &mut Repository<OrderRow>,
    ) -> Result<(), ReadModelError> {
        set_status(event.aggregate_id(), "cancelled", orders).await
    }
}

async fn set_status(id: Uuid, status: &str, orders: &mut Repository<OrderRow>) -> Result<(), ReadModelError> {
    let Some(mut order) = orders.get(id).await? else { return Ok(()) };
    order.status = status.to_owned();
    orders.save(order).await
}

/// What both databases are told, by the plain loops as well.
pub mod statements {
    /// An order is placed, in PostgreSQL.
    pub const PLACE: &str =
        "INSERT INTO order_lines (id, customer_name, total_amount, status) VALUES ($1, $2, $3, 'placed')";
    /// An order gets another status, in PostgreSQL.
    pub const SET_STATUS: &str = "UPDATE order_lines SET status = $2 WHERE id = $1";
    /// The table, in PostgreSQL.
    pub const TABLE: &str = "CREATE TABLE order_lines (id uuid PRIMARY KEY, customer_name text NOT NULL, \
         total_amount double precision NOT NULL, status text NOT NULL)";
    /// An order is placed, in SQLite.
    pub const SQLITE_PLACE: &str =
        "INSERT INTO order_lines (id, customer_name, total_amount, status) VALUES (?1, ?2, ?3, 'placed')";
    /// An order gets another status, in SQLite.
    pub const SQLITE_SET_STATUS: &str = "UPDATE order_lines SET status = ?2 WHERE id = ?1";
    /// The table, in SQLite.
    pub const SQLITE_TABLE: &str = "CREATE TABLE order_lines (id BLOB PRIMARY KEY, customer_name TEXT NOT NULL, \
         total_amount REAL NOT NULL, status TEXT NOT NULL) STRICT";
}

/// Orders as rows in PostgreSQL, a statement an event.
#[derive(Debug, Clone)]
pub struct PgOrderLines;

#[projection(name = "order-lines")]
impl PgOrderLines {
    #[handles(OrderPlaced)]
    async fn placed(&self, event: &Event<OrderPlaced>, db: &mut PgConnection) -> sqlx::Result<()> {
        let place = sqlx::query(statements::PLACE).bind(event.aggregate_id());
        place.bind(&event.customer_name).bind(event.total_amount).execute(db).await?;
        Ok(())
    }

    #[handles(OrderShipped)]
    async fn shipped(&self, event: &Event<OrderShipped>, db: &mut PgConnection) -> sqlx::Result<()> {
        sqlx::query(statements::SET_STATUS).bind(event.aggregate_id()).bind("shipped").execute(db).await?;
        Ok(())
    }

    #[handles(OrderCancelled)]
    async fn cancelled(&self, event: &Event<OrderCancelled>, db: &mut PgConnection) -> sqlx::Result<()> {
        sqlx::query(statements::SET_STATUS).bind(event.aggregate_id()).bind("cancelled").execute(db).await?;
        Ok(())
    }
}

/// Orders as rows in SQLite, a statement an event.
#[derive(Debug, Clone)]
pub struct SqliteOrderLines;

#[projection(name = "order-lines")]
impl SqliteOrderLines {
    #[handles(OrderPlaced)]
    async fn placed(&self, event: &Event<OrderPlaced>, db: &mut SqliteConnection) -> sqlx::Result<()> {
        let place = sqlx::query(statements::SQLITE_PLACE).bind(event.aggregate_id());
        place.bind(&event.customer_name).bind(event.total_amount).execute(db).await?;
        Ok(())
    }

    #[handles(OrderShipped)]
    async fn shipped(&self, event: &Event<OrderShipped>, db: &mut SqliteConnection) -> sqlx::Result<()> {
        sqlx::query(statements::SQLITE_SET_STATUS).bind(event.aggregate_id()).bind("shipped").execute(db).await?;
        Ok(())
    }

    #[handles(OrderCancelled)]
    async fn cancelled(&self, event: &Event<OrderCancelled>, db: &mut SqliteConnection) -> sqlx::Result<()> {
        sqlx::query(statements::SQLITE_SET_STATUS).bind(event.aggregate_id()).bind("cancelled").execute(db).await?;
        Ok(())
    }
}

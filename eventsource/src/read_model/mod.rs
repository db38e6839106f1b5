//! Read models without SQL: rows of a struct, which projections write through a [`Repository`], on every backend.
//!
//! A *read model* is one table of rows that a projection keeps up to date, so that other code can query them. A struct
//! with `#[derive(ReadModel)]` describes a row. A handler asks for a `&mut Repository<Row>` to write rows. Any other
//! code reads the committed rows through a [`ReadRepository`]:
//!
//! ```standalone_crate
//! # #[cfg(feature = "macros")]
//! # tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap().block_on(async {
//! use eventsource::prelude::*;
//! use serde::{Deserialize, Serialize};
//! use uuid::Uuid;
//!
//! #[derive(Serialize, Deserialize, DomainEvent)]
//! #[event(aggregate = "Order")]
//! struct OrderPlaced { customer: String, total: i64 }
//!
//! #[derive(ReadModel)]
//! #[read_model(table = "orders")]
//! struct OrderRow {
//!     #[read_model(id)]
//!     id: Uuid,
//!     #[read_model(index)]
//!     customer: String,
//!     total: i64,
//! }
//!
//! struct Orders;
//!
//! #[projection(read_models(OrderRow))]
//! impl Orders {
//!     #[handles(OrderPlaced)]
//!     async fn placed(
//!         &self,
//!         event: &Event<OrderPlaced>,
//!         orders: &mut Repository<OrderRow>,
//!     ) -> Result<(), ReadModelError> {
//!         orders.save(OrderRow { id: event.aggregate_id(), customer: event.customer.clone(), total: event.total }).await
//!     }
//! }
//!
//! let (store, checkpoints) = (MemoryEventStore::new(), MemoryCheckpoints::new());
//! let models = MemoryReadModels::new(&checkpoints);
//! models.ensure_tables(&Orders).await?;
//! let manager = SubscriptionManager::new(store.clone(), MemoryEventBus::new(), checkpoints);
//! let subscription = manager.subscribe(Orders, SubscriptionConfig::from_beginning()).await?;
//! manager.start().await?;
//!
//! let order = StreamId::new("Order", Uuid::now_v7());
//! let event = NewEvent::of(&OrderPlaced { customer: "Ada".into(), total: 150 })?;
//! let appended = store.append(&order, ExpectedVersion::NoStream, vec![event]).await?;
//! subscription.wait_for(&appended).await?;
//!
//! let orders = models.repository::<OrderRow>();
//! let largest = Query::from(OrderRow::CUSTOMER.eq("Ada")).order_by(OrderRow::TOTAL.desc()).limit(10);
//! assert_eq!(orders.find(largest).await?[0].total, 150);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! # }).unwrap();
//! ```
//!
//! # When to use what
//!
//! Use a read model if you look rows up by id, filter and order them by their columns, and show them in pages. Write
//! SQL instead, in a handler that asks for a connection, if you need joins, aggregates or statements of your database.
//! Such projections are [transactional](crate::guide::kinds#transactional) too. One handler gets repositories or one
//! connection, and not both. A projection in which a handler gets a connection cannot be rebuilt side by side.
//!
//! | you want to | use |
//! | --- | --- |
//! | describe a row | `#[derive(ReadModel)]`, [`ReadModel`] |
//! | store an enum or a type of your own in a column | `#[derive(ColumnType)]`, [`ColumnType`]; any type that serde knows with `#[read_model(json)]` |
//! | write rows in a handler | [`Repository`] |
//! | read rows anywhere else | [`ReadRepository`], from [`MemoryReadModels`](crate::MemoryReadModels), `SqliteReadModels` or `PostgresReadModels` |
//! | filter, order and limit | [`Column`], [`Query`] |
//! | show pages | [`Query::after`] with a [`Cursor`] |
//! | see the version and the times of a row | [`Stored`] |
//! | create tables, or deploy a changed model | `ensure_tables`, and the guide [deployment](crate::guide::deployment) |
//!
//! # Questions
//!
//! - **Is the row there after my append?** Wait with
//!   [`SubscriptionHandle::wait_for`](crate::SubscriptionHandle::wait_for) first. After it has returned `Ok`, every
//!   reader of the database finds the row, also in another process.
//! - **Do two reads see one state?** Each call is one statement and sees one committed state, complete or not yet
//!   changed by a batch. Two calls, such as `find` and `count`, can see two states. A switch to a rebuilt read model
//!   can come between them.
//! - **May I read the table with SQL?** Yes, on the pool of the database. [`ColumnType`] lists the types of the
//!   columns. Add `WHERE deleted_at IS NULL` to leave out soft-deleted rows. Views on the
//!   table prevent a rebuild side by side: see [deployment](crate::guide::deployment).
//! - **May other code write rows?** No. A rebuild deletes what no event has written. Keep such facts in a table of your
//!   own, or append an event. If an operator must correct a row by SQL, the statement also adds 1 to `version`: a batch
//!   that has read the row then notices the change.
//! - **How do I count or sum over many events?** `get` the row of the counter, change it and `save` it. No update is
//!   lost: one process at a time runs a subscription, and a batch is one transaction.
//! - **How do I store order lines?** As a `Vec` with `#[read_model(json)]`, or as a second read model whose id is a
//!   text such as `"{order}/{line}"`. A handler can ask for several repositories.
//! - **How do I separate tenants?** With a column `tenant` in the row and in each query. The name of a table is a
//!   constant of its struct, so a table for each tenant needs a struct for each tenant.
//! - **What is not there?** Joins, sums, `NOT`, `LIKE`, ids of several columns, indexes on several columns, unique
//!   indexes, foreign keys and updates by a query. Create indexes and constraints by SQL: in PostgreSQL, rebuilds keep
//!   them ([list](crate::guide::deployment#what-the-switch-replaces-and-what-prevents-it)). For a search without regard
//!   to case, or in the order of a language, add a column with a prepared text, such as the name in lower case.

mod base64;
mod column;
mod column_type;
pub(crate) mod compare;
mod cursor;
#[cfg(feature = "decimal")]
pub(crate) mod decimal;
mod deployment;
mod entry;
mod error;
mod field;
mod map;
mod model;
pub mod port;
mod query;
mod reader;
mod repository;
pub(crate) mod scope;
pub(crate) mod select;
pub(crate) mod session;
pub(crate) mod stored;
pub(crate) mod tables;
pub(crate) mod trial_rows;
mod value;
mod variant;

pub use column::{Column, IntoColumnValue};
pub use column_type::{ColumnType, Comparable, IdType, Json};
pub use cursor::{Cursor, CursorError};
pub use deployment::Deployment;
pub use error::{InvalidField, InvalidValue, ReadModelError};
#[doc(hidden)]
pub use field::{Field, field, id_field, json_field};
pub use model::ReadModel;
pub use query::{After, Condition, Order, Query};
pub use reader::{ReadFuture, ReadRepository};
pub use repository::Repository;
#[cfg(feature = "decimal")]
pub use rust_decimal::Decimal;
pub use stored::Stored;
pub use value::Value;
#[doc(hidden)]
pub use variant::{text_value, unknown_variant, value_text};

pub use crate::projection::{ColumnDef, ColumnKind, Table};

#[cfg(feature = "macros")]
pub use crate::macros::{ColumnType, ReadModel};

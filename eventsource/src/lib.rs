//! Turns an append-only log of domain events into read models.
//!
//! You write a plain `impl` block and mark its methods with `#[handles(SomeEvent)]`. The runtime reads the log, calls
//! the methods, stores how far it has come, retries failures, and says where it stands:
//!
//! ```standalone_crate
//! # #[cfg(feature = "macros")]
//! # tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap().block_on(async {
//! use eventsource::prelude::*;
//! use serde::{Deserialize, Serialize};
//!
//! #[derive(Serialize, Deserialize, DomainEvent)]
//! #[event(aggregate = "Order")]
//! struct OrderPlaced { total: u64 }
//!
//! #[derive(Clone, Default)]
//! struct Revenue(u64);
//!
//! #[projection]
//! impl Revenue {
//!     #[handles(OrderPlaced)]
//!     fn placed(&mut self, order: &OrderPlaced) { self.0 += order.total }
//! }
//!
//! let store = MemoryEventStore::new();
//! let manager = SubscriptionManager::new(store.clone(), MemoryEventBus::new(), MemoryCheckpoints::new());
//! let revenue = manager.subscribe(Revenue::default(), SubscriptionConfig::from_beginning()).await?;
//! manager.start().await?;
//!
//! let order = StreamId::new("Order", uuid::Uuid::now_v7());
//! let event = NewEvent::of(&OrderPlaced { total: 150 })?;
//! let appended = store.append(&order, ExpectedVersion::NoStream, vec![event]).await?;
//! revenue.wait_for(&appended).await?;
//! assert_eq!(revenue.read().await.0, 150);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! # }).unwrap();
//! ```
//!
//! # Where to look
//!
//! | module | what is in it |
//! | --- | --- |
//! | [`event`] | events: [`DomainEvent`], [`Event`], [`RecordedEvent`], [`Metadata`], [`Registry`] |
//! | [`store`] | the log: the trait [`EventStore`], and the stores in memory, SQLite and PostgreSQL |
//! | [`bus`] | wake-ups ([`Notifier`]) and published events ([`EventBus`]) |
//! | [`aggregate`](mod@aggregate) | the write side: [`Aggregate`], [`AggregateRepository`] |
//! | [`projection`](mod@projection) | projections: kinds, the parameters of handlers, checkpoints, units of work, errors |
//! | [`read_model`] | read models without SQL: `#[derive(ReadModel)]`, [`Repository`], queries |
//! | [`subscription`] | running projections: [`SubscriptionManager`] |
//! | [`engine`] | projections that are assembled at run time, from closures |
//! | [`fold`](mod@fold) | a projection over a part of the log, once: past states, reports, tests |
//! | [`trace`](mod@trace) | trace contexts in the metadata of events |
//! | [`guarantees`] | what this crate promises, where each promise ends, and which tests fail without it |
//! | [`guide`] | guides: [which kind of projection](guide::kinds) to use, how to [deploy](guide::deployment) a changed one, read models in [another database](guide::databases) |
//! | [`prelude`] | the names that most programs use |
//!
//! # Features
//!
//! | feature | default | what it adds |
//! | --- | --- | --- |
//! | `macros` | yes | `#[derive(DomainEvent)]`, `#[derive(ReadModel)]`, `#[projection]`, `#[handles]`, `#[truncate]`, `#[aggregate]`, `#[applies]` |
//! | `inventory` | yes | [`Registry::global`] contains every linked event |
//! | `signals` | yes | [`SubscriptionManager::run_until_signal`](subscription::SubscriptionManager::run_until_signal), for services: SIGINT and SIGTERM |
//! | `sqlite` | no | event store, checkpoints and read models in a SQLite file; handlers use the driver as `eventsource::sqlx` |
//! | `metrics` | no | `eventsource::metrics`: metrics of the write side and of the subscriptions, for any recorder of the crate `metrics` |
//! | `decimal` | no | columns of read models with the type `rust_decimal::Decimal` |
//! | `postgres` | no | event store, checkpoints and read models in PostgreSQL 15 or newer; handlers use the driver as `eventsource::sqlx` |
//! | `postgres-tls` | no | `postgres`, with TLS (rustls) for servers on other machines: write `sslmode=require` into the URL |
//! | `testing` | no | given/when/then for projections and aggregates, the shapes of stored events, contract suites for stores |
//!
//! # Logs
//!
//! The crate logs with [`tracing`](https://docs.rs/tracing), under targets that begin with `eventsource::`. A table in
//! [`subscription`](mod@subscription#what-is-logged) lists the levels.
//!
//! # Metrics and traces
//!
//! [`Observer`](subscription::Observer) and [`WriteObserver`](store::WriteObserver) are the ports for measurements; the
//! feature `metrics` is an implementation. [`trace`] says how traces are followed through events; the crate
//! `eventsource-otel` connects them with OpenTelemetry.
//!
//! # Versions
//!
//! All documented items follow semantic versioning. `__private` and the code that macros generate do not. Stored data
//! is part of the interface: the stored names of events and aggregates, the layout of the tables, and the defaults of
//! the macros change only with a migration and an entry in the changelog. The minimum Rust version can rise in a minor
//! version.

#![warn(unreachable_pub)]
#![cfg_attr(docsrs, feature(doc_cfg))]

extern crate self as eventsource;

#[doc(hidden)]
pub mod __private;
pub mod admin;
pub mod aggregate;
mod backend;
mod backoff;
pub mod bus;
pub mod catalogue;
mod causes;
pub mod engine;
pub mod event;
pub mod fold;
pub mod guarantees;
pub mod guide;
#[cfg(feature = "macros")]
mod macros;
#[cfg(feature = "metrics")]
pub mod metrics;
mod panics;
pub mod prelude;
pub mod projection;
mod random;
pub mod read_model;
pub mod store;
pub mod subscription;
#[cfg(feature = "testing")]
pub mod testing;
// What the command line and the page share: not part of the interface.
#[doc(hidden)]
pub mod text;
pub mod trace;

pub use aggregate::{
    Aggregate, AggregateError, AggregateRepository, AggregateRoot, Applies, ExecuteError, Executed, Saved,
};
/// The attribute for implementations of [`EventStore`], [`CheckpointStore`], [`EventBus`] and [`Notifier`], in version
/// 0.1 of its crate.
///
/// ```
/// use std::sync::Arc;
///
/// use eventsource::RecordedEvent;
/// use eventsource::async_trait::async_trait;
/// use eventsource::bus::{BusError, BusSubscription, Notifier, Wake};
///
/// struct NoWakeUps;
///
/// #[async_trait]
/// impl Notifier for NoWakeUps {
///     async fn notify(&self, _: &[Arc<RecordedEvent>]) -> Result<(), BusError> {
///         Ok(())
///     }
///
///     async fn listen(&self, _: Wake) -> Result<BusSubscription, BusError> {
///         Ok(BusSubscription::new(|| ()))
///     }
/// }
/// ```
pub use async_trait;
pub use backend::memory;
pub use backend::memory::{MemoryCheckpoints, MemoryReadModels};
#[cfg(feature = "postgres")]
pub use backend::postgres;
#[cfg(feature = "sqlite")]
pub use backend::sqlite;
pub use backoff::Retries;
pub use bus::{EventBus, MemoryEventBus, Notifier};
pub use catalogue::{AnyEvent, Registry, RegistryError};
pub use causes::causes;
/// The crate of times in this API ([`RecordedEvent::recorded_at`], columns of read models), in version 0.4.
///
/// ```
/// use eventsource::chrono::{DateTime, Utc};
///
/// let start: DateTime<Utc> = "2026-01-31T12:00:00Z".parse()?;
/// # Ok::<(), eventsource::chrono::ParseError>(())
/// ```
pub use chrono;
pub use event::{
    DecodeError, DomainEvent, EncodeError, Event, EventDescriptor, EventFilter, Metadata, NewEvent, Position,
    RecordedEvent, StreamId, Unstorable,
};
#[cfg(feature = "macros")]
pub use macros::{DomainEvent, aggregate, applies, handles, projection, truncate};
pub use projection::{
    Checkpoint, CheckpointStore, EventSubscriber, HandlerError, Inject, ProjectionKind, Subscriber, UnitOfWork,
};
pub use read_model::{ColumnType, Query, ReadModel, ReadModelError, ReadRepository, Repository};
/// The crate of the decimal numbers in columns of read models ([`read_model::Decimal`]), in version 1. To use its
/// features, such as `serde` or `maths`, add the same version to your own `Cargo.toml`.
#[cfg(feature = "decimal")]
pub use rust_decimal;
/// The crate of JSON values in this API (columns of read models, metadata), in version 1.
///
/// ```
/// let labels = eventsource::serde_json::json!({ "fragile": true });
/// # let _ = labels;
/// ```
pub use serde_json;
/// The database driver, in the version of the connections that handlers get.
///
/// It contains queries, pools and transactions of the databases whose features are on. The derives `sqlx::FromRow` and
/// `sqlx::Type` and the macro `sqlx::query!` generate code that names `::sqlx`, so they do not work through this
/// re-export. To use them, add the same version to your own `Cargo.toml`, with the features that you need:
///
/// ```toml
/// [dependencies]
/// sqlx = { version = "0.9", default-features = false, features = ["derive"] }
/// ```
///
/// Without them, read a row by hand:
///
/// ```
/// # #[cfg(feature = "sqlite")] {
/// use eventsource::sqlx::{FromRow, Row, sqlite::SqliteRow};
///
/// struct Order { id: i64, total: f64 }
///
/// impl FromRow<'_, SqliteRow> for Order {
///     fn from_row(row: &SqliteRow) -> Result<Self, eventsource::sqlx::Error> {
///         Ok(Self { id: row.try_get("id")?, total: row.try_get("total")? })
///     }
/// }
/// # }
/// ```
#[cfg(feature = "_sql")]
pub use sqlx;
pub use store::{
    AppendError, Appended, EventLog, EventStore, ExpectedVersion, LogPage, MemoryEventStore, PageLimit, ReadStream,
    StoreError,
};
pub use subscription::{
    SubscriptionConfig, SubscriptionHandle, SubscriptionManager, SubscriptionState, SubscriptionStatus, WaitError,
};
/// The crate of spans in this API ([`TraceBridge`](trace::TraceBridge)), in version 0.1.
///
/// ```
/// let span = eventsource::tracing::Span::none();
/// # let _ = span;
/// ```
pub use tracing;
/// The crate of ids in this API ([`RecordedEvent::id`], [`StreamId::new`]), in version 1, with its features `serde`, `v5`
/// and `v7`.
///
/// ```
/// use eventsource::StreamId;
/// use eventsource::uuid::Uuid;
///
/// let order = StreamId::new("Order", Uuid::now_v7());
/// # let _ = order;
/// ```
pub use uuid;

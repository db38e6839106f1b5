//! A web page for operators: [`Dashboard`] is an axum router over the port
//! [`Admin`](eventsource::admin::Admin).
//!
//! It shows the subscriptions of every process, their dead letters, the events, and what operators did. It asks owners to
//! pause, resume, restart and rebuild, and to retry and dismiss dead letters. Every page is complete without a script, and
//! is JSON for a client that accepts only that (`Accept: application/json`).
//!
//! ```
//! # tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap().block_on(async {
//! use std::sync::Arc;
//!
//! use axum::Router;
//! use eventsource::admin::ManagerAdmin;
//! use eventsource::prelude::*;
//! use eventsource_dashboard::Dashboard;
//!
//! let manager = SubscriptionManager::new(MemoryEventStore::new(), MemoryEventBus::new(), MemoryCheckpoints::new());
//! let admin = ManagerAdmin::new(Arc::new(manager));
//! let app: Router = Router::new().nest("/admin", Dashboard::new(admin).title("shop").router());
//! # let _ = app;
//! # });
//! ```
//!
//! It can be nested at any path, and is then at that path without a slash at its end: `/admin`.
//!
//! # Who may see it
//!
//! Without [`Dashboard::access`], only a browser on the same machine: its address is a loopback address, the `Host` is
//! `localhost`, `127.0.0.1` or `[::1]`, and no proxy has forwarded the request. The router must know the address:
//! serve it with `into_make_service_with_connect_info::<SocketAddr>()`.
//!
//! With `access`, your function decides for each request. A request that changes something must also come from the same
//! page: the browser says so in `Sec-Fetch-Site`, or in `Origin`.
//!
//! # Live updates
//!
//! An open page shows changes within a second or two, by server-sent events. [`Dashboard::live_updates`] ends them when the
//! server stops. If the database does not answer, the page shows what it knew last, and since when.
//!
//! # What it shows
//!
//! Payloads and metadata are masked: keys and types, no values. [`Payloads::Shown`] shows them. Text of the log and of
//! errors is data: it is escaped, control characters and characters that change the direction of text are made visible,
//! and it is cut at 64 KiB. A payload that is not JSON, since another program has stored or changed it, is shown as text, and the
//! page says so.
//!
//! The page of an event shows which subscriptions have applied it. For that it asks for the letters of its stream, and
//! for the events that operators skipped.
//!
//! The page of a stream shows what each event changes in a projection. For that it calls the handlers of this process in a
//! transaction that is never committed: see [`steps`](eventsource::SubscriptionManager::steps).

mod access;
mod address;
mod assets;
mod dashboard;
mod guard;
mod layout;
mod live;
mod pages;
mod payload;
mod respond;
mod text;

pub use access::{Access, Change};
pub use dashboard::Dashboard;
pub use live::LiveUpdates;
pub use payload::Payloads;

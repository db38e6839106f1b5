//! Sees and steers the subscriptions of every process.
//!
//! [`Admin`] is what operators need: a page, a command line and a service name only this trait. It has two
//! implementations:
//!
//! - [`DatabaseAdmin`], from any process that reaches the database, also from one that runs no projections;
//! - [`ManagerAdmin`], in a process with a [`SubscriptionManager`](crate::SubscriptionManager): it also knows the
//!   projections in its memory, and shows the states of its own subscriptions without a delay.
//!
//! A change is a request, which is stored and which the owner of the subscription serves: [`Admin::carry_out`]. All
//! requests together are the record of what operators did. A pause is stored next to the checkpoint, and outlives
//! restarts.
//!
//! ```
//! # tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap().block_on(async {
//! use std::time::Duration;
//!
//! use eventsource::admin::{Admin, DatabaseAdmin};
//! use eventsource::{MemoryCheckpoints, MemoryEventStore};
//!
//! let admin = DatabaseAdmin::new(MemoryCheckpoints::new(), MemoryEventStore::new());
//! for subscription in admin.overview().await?.subscriptions {
//!     println!("{} is {} at position {}", subscription.name, subscription.state, subscription.position);
//! }
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! # }).unwrap();
//! ```
//!
//! # Read your own write in any process
//!
//! [`Admin::wait_for`] waits until a subscription has applied an event, whichever process runs it: the process that
//! answers HTTP requests needs no projection.

mod asked;
mod database;
mod diagnose;
mod error;
mod forget;
mod letters;
mod log;
mod manager;
mod port;
mod requests;
mod sampler;
mod stored;
mod view;
mod wait;

pub use self::asked::Asked;
pub use self::database::DatabaseAdmin;
pub use self::error::AdminError;
pub use self::manager::ManagerAdmin;
pub use self::port::Admin;
pub use self::view::{
    CorrelatedView, DecodedView, Diagnosis, EventPage, EventTypesView, EventView, LetterCountView, LetterGroupsView,
    LetterPageView, LetterView, ManagerView, Overview, OverviewSample, OwnerView, PlaceView, SkippedView,
    StreamListView, StreamPageView, StreamView, SubscriptionView,
};

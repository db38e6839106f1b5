//! Subscriptions: named projections at work. Stands on everything else and is the only module that knows the whole.

mod backoff;
mod config;
mod core;
mod error;
mod handle;
mod in_memory;
mod inside;
mod manager;
mod progress;
mod runner;
mod shared;
mod slot;
mod state;
mod status;
mod subscribe;
mod wait;

pub use config::{ConfigError, RetryPolicy, StartFrom, SubscriptionConfig};
pub use error::{ManagerError, ResetError, SubscribeError, WaitError};
pub use handle::{SubscriptionHandle, View};
pub use manager::SubscriptionManager;
pub use state::{Failure, StopReason, SubscriptionState};
pub use status::{Lag, SubscriptionStatus};
pub use subscribe::Subscribe;
pub use wait::Wait;

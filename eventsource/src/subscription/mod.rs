//! Subscriptions: named projections at work. Stands on everything else and is the only module that knows the whole.

mod catalogue;
mod config;
mod dead_letters;
mod erased;
mod error;
mod handle;
mod heads;
mod health;
mod in_memory;
mod inside;
mod inspect;
mod log;
mod manager;
mod policy;
mod progress;
mod rebuild;
mod rebuilds;
mod recognise;
mod report;
mod requests;
mod runner;
mod state;
mod status;
mod subscribe;
mod subscription_shared;
mod supervised;
mod transitions;
mod unknown_types;
mod wait;

pub use config::{ConfigError, OnChange, StartFrom, SubscriptionConfig, UnknownEvents};
pub use dead_letters::{DeadLetterError, DeadLetters, LetterSelection, RetryReport};
pub use error::{HandOverError, InsideHandler, ManagerError, RebuildError, ResetError, SubscribeError, WaitError};
pub use handle::{SubscriptionHandle, View};
pub use health::{Health, HealthLimits};
pub use manager::SubscriptionManager;
#[cfg(feature = "signals")]
pub use manager::{Shutdown, Signal, shutdown_signal};
pub use policy::{FailureLimit, FailurePolicy, RetryPolicy};
pub use rebuild::{Rebuild, RebuildKind, RebuildProgress};
pub use state::{Failure, StopReason, SubscriptionState};
pub use status::{Lag, SubscriptionStatus};
pub use subscribe::Subscribe;
pub use wait::Wait;

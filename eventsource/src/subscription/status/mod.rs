//! What probes, pages and operators see of a subscription.
//!
//! A snapshot is read from memory. A status also asks the stores.

mod health;
pub(super) mod inspect;
pub(super) mod sampled;
pub(super) mod snapshot;
mod subscription_status;
mod watch;

pub use self::health::{Health, HealthLimits, SubscriptionHealth};
pub use self::sampled::{Sample, SampledRebuild, SampledSubscription, Sampler};
pub use self::snapshot::SubscriptionSnapshot;
pub use self::subscription_status::{Lag, SubscriptionStatus};
pub use self::watch::StateChanges;

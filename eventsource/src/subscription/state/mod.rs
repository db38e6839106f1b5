//! The state of a subscription, its reasons, and its progress.

pub(super) mod bell;
pub(super) mod progress;
mod rate;
mod serialise;
mod stop_reason;
mod subscription_state;
mod texts;

pub use self::stop_reason::StopReason;
pub use self::subscription_state::SubscriptionState;

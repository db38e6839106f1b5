//! What operators see, for pages and as JSON.

mod event;
mod letter;
mod overview;
mod subscription;

pub use self::event::{EventPage, EventView, StreamPageView};
pub use self::letter::LetterView;
pub use self::overview::Overview;
pub use self::subscription::{ManagerView, OwnerView, SubscriptionView};

/// The version of the views as JSON. Keys are added without a new version.
pub(super) const FORMAT: u32 = 1;

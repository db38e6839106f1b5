//! What operators see, for pages and as JSON.

mod decoded;
mod diagnosis;
mod event;
mod letter;
mod letters;
mod overview;
mod sample;
mod streams;
mod subscription;

pub use self::decoded::DecodedView;
pub use self::diagnosis::Diagnosis;
pub use self::event::{CorrelatedView, EventPage, EventView, StreamPageView};
pub use self::letter::LetterView;
pub use self::letters::{LetterCountView, LetterGroupsView, LetterPageView};
pub use self::overview::Overview;
pub use self::sample::OverviewSample;
pub use self::streams::{EventTypesView, PlaceView, StreamListView, StreamView};
pub use self::subscription::{ManagerView, OwnerView, SkippedView, SubscriptionView};

/// The version of the views as JSON. Keys are added without a new version.
pub(super) const FORMAT: u32 = 1;

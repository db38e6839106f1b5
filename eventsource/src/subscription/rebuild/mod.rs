//! A rebuild as its handles, its runner and its reports see it: its kind, and how far it is.

mod kind;
mod progress;
pub(super) mod tracked;

pub use self::kind::RebuildKind;
pub use self::progress::RebuildProgress;

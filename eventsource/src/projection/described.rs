//! What `#[projection]` says of a projection beside how it runs.

use crate::event::ProjectionDescriptor;

/// A projection that `#[projection]` made: it can say what it handles without being there.
pub trait Projection {
    /// How the catalogue knows it.
    const DESCRIPTOR: ProjectionDescriptor;
}

/// `#[projection]` made a handler of `Self` for `E`, which is its handler number `AT`.
///
/// Where it is asked for, the compiler refuses events that a projection does not handle. The number keeps two handlers for
/// one event apart, which are an error of their own.
#[diagnostic::on_unimplemented(
    message = "the projection `{Self}` does not handle `{E}`",
    label = "`{Self}` has no handler for it",
    note = "add a method with `#[handles({E})]` to the `#[projection]` block of `{Self}`, or leave the event out"
)]
pub trait Handles<E, const AT: usize> {}

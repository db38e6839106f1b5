//! What `#[projection]` states about a projection for the catalogue and for the compiler.

use crate::event::ProjectionDescriptor;

/// A projection that `#[projection]` made. It describes what it handles without an instance.
pub trait Projection {
    /// The entry of the catalogue.
    const DESCRIPTOR: ProjectionDescriptor;
}

/// States that `Self` handles `E` with its handler number `AT`. `#[projection]` implements it.
///
/// It is a bound where a projection must handle an event, so that the compiler rejects one that does not. The number
/// lets the macro report two handlers for the same event.
#[diagnostic::on_unimplemented(
    message = "the projection `{Self}` does not handle `{E}`",
    label = "`{Self}` has no handler for it",
    note = "add a method with `#[handles({E})]` to the `#[projection]` block of `{Self}`, or leave the event out"
)]
pub trait Handles<E, const AT: usize> {}

//! The version of the program that built a table.

use std::fmt;

use crate::event::Position;

/// The version of the program that built a table which does not match its model, as far as the database knows it.
/// [`ReadModelError::Mismatch`](crate::ReadModelError::Mismatch) contains it.
///
/// A *generation* is one copy of the tables of a projection. A rebuild side by side fills the *next* generation while
/// the *present* one serves. A [fingerprint](crate::projection::fingerprint()) is a text such as
/// `orders v2: OrderPlaced; orders (id Uuid, total I64)`.
///
/// ```
/// use eventsource::ReadModelError;
/// use eventsource::read_model::Deployment;
///
/// fn built_by(error: &ReadModelError) -> Option<&str> {
///     match error {
///         ReadModelError::Mismatch { deployment: Deployment::Serves { fingerprint, .. }, .. } => Some(fingerprint),
///         _ => None,
///     }
/// }
/// # assert_eq!(built_by(&ReadModelError::NoTable { table: "orders" }), None);
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Deployment {
    /// The database does not know it, for example because no subscription owns the table.
    #[default]
    Unknown,
    /// The table was built by this projection.
    Serves {
        /// The subscription that owns the table.
        subscription: String,
        /// The [fingerprint](crate::projection::fingerprint()) of the projection that built the table.
        fingerprint: String,
    },
    /// The present table was built by another version, and the next generation of the table is being built. The fields
    /// describe the next generation. Read with the older version of the program until it has replaced the table.
    Builds {
        /// The subscription that owns the table.
        subscription: String,
        /// The fingerprint of the projection that builds the next generation.
        fingerprint: String,
        /// The position up to which the next generation is built.
        position: Position,
        /// The position at which it replaces the table, at the earliest. It also waits until it has reached the
        /// checkpoint of the present generation.
        target: Position,
    },
}

impl fmt::Display for Deployment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unknown => Ok(()),
            Self::Serves { subscription, fingerprint } => write!(
                f,
                "; the table was built by the subscription `{subscription}` as `{fingerprint}`: deploy that version of the \
                 program here, or, if this version is the newer one, let it rebuild the table \
                 (`SubscriptionConfig::on_change`)"
            ),
            Self::Builds { subscription, fingerprint, position, target } => write!(
                f,
                "; the subscription `{subscription}` is building its next generation as `{fingerprint}`, and is at \
                 position {position} of {target}: read with the older version of the program until it is finished"
            ),
        }
    }
}

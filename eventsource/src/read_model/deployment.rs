//! Which version of a program a table is from.

use std::fmt;

use crate::event::Position;
#[cfg(any(feature = "postgres", feature = "sqlite"))]
use crate::projection::Built;

/// Which version of the program a table is from that does not match its model, as far as the database tells.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Deployment {
    /// No subscription owns the table.
    #[default]
    Unknown,
    /// The table is the one that this projection built, by its [fingerprint](crate::projection::fingerprint).
    Serves {
        /// The subscription that owns the table.
        subscription: String,
        /// The projection as it was when it built the table.
        fingerprint: String,
    },
    /// The same, and the next generation of the table is being built beside it.
    Builds {
        /// The subscription that owns the table.
        subscription: String,
        /// The projection whose generation is being built.
        fingerprint: String,
        /// How far the next generation is.
        position: Position,
        /// Where it takes the place of the table that serves, at the earliest.
        target: Position,
    },
}

#[cfg(any(feature = "postgres", feature = "sqlite"))]
impl From<Built> for Deployment {
    fn from(built: Built) -> Self {
        let position = |value: i64| Position::new(u64::try_from(value).unwrap_or_default());
        match built {
            Built { subscription, next: Some((fingerprint, at, target)), .. } => Self::Builds {
                subscription,
                fingerprint,
                position: position(at),
                target: position(target.unwrap_or(at)),
            },
            Built { subscription, fingerprint: Some(fingerprint), .. } => Self::Serves { subscription, fingerprint },
            _ => Self::Unknown,
        }
    }
}

impl fmt::Display for Deployment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unknown => Ok(()),
            Self::Serves { subscription, fingerprint } => write!(
                f,
                "; the table that serves was built by the subscription `{subscription}` as `{fingerprint}`: deploy that \
                 version of the program here, or, where this version is the newer one, let it rebuild the table \
                 (`SubscriptionConfig::on_change`)"
            ),
            Self::Builds { subscription, fingerprint, position, target } => write!(
                f,
                "; the subscription `{subscription}` is building its next generation as `{fingerprint}`, and is at \
                 position {position} of {target}: read with the version of the program before until that serves"
            ),
        }
    }
}

//! Why a subscription was not handed over to another name.

use crate::projection::CheckpointError;

/// Why a subscription was not handed over to another name. Nothing was changed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum HandOverError {
    /// The manager has a subscription of one of the two names.
    #[error("`{subscription}` is subscribed: hand over before you subscribe, or unsubscribe it first")]
    Subscribed {
        /// The name.
        subscription: String,
    },
    /// The new name is what next generations are called.
    #[error("`{subscription}` is what the next generation of something is called: choose another name")]
    ReservedName {
        /// The name.
        subscription: String,
    },
    /// There is no checkpoint of that name.
    #[error("there is no checkpoint of `{subscription}`: what it is called now is listed by `CheckpointStore::list`")]
    Missing {
        /// The name.
        subscription: String,
    },
    /// The new name has a checkpoint already.
    #[error("`{subscription}` has a checkpoint already: reset it first, or choose another name")]
    Exists {
        /// The name.
        subscription: String,
    },
    /// A process runs the subscription.
    #[error("`{subscription}` is run by {owner}: stop it there first")]
    Held {
        /// The name.
        subscription: String,
        /// The process.
        owner: String,
    },
    /// The checkpoint store cannot do it.
    #[error(
        "`{subscription}` cannot be handed over: its checkpoint store does not know who owns the tables of read models"
    )]
    Unsupported {
        /// The name.
        subscription: String,
    },
    /// The checkpoint store failed.
    #[error("`{subscription}` cannot be handed over: {source}")]
    Checkpoint {
        /// The name.
        subscription: String,
        /// Why.
        source: CheckpointError,
    },
}

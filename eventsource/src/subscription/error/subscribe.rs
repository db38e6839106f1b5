//! Why a projection was not subscribed.

use crate::event::{DuplicateEvent, Position, Unstorable};
use crate::projection::{CheckpointError, TableTaken};

/// Why a projection was not subscribed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SubscribeError {
    /// The manager has a subscription of this name.
    #[error(
        "there is a subscription `{subscription}` already: give one of them another name (`SubscriptionConfig::name`)"
    )]
    DuplicateName {
        /// The name.
        subscription: String,
    },
    /// Its name, or that of a table that it declares, is what next generations are called.
    #[error(
        "`{subscription}` cannot be subscribed: `{reserved}` is what the next generation of something is called while it \
         is being built; give it another name"
    )]
    ReservedName {
        /// The name of the subscription.
        subscription: String,
        /// The name that it cannot have.
        reserved: String,
    },
    /// The projection declares a read model whose table belongs to another subscription, in this or another process. Two
    /// projections that declared one table would empty each other's rows in a rebuild.
    #[error(
        "`{subscription}` cannot be subscribed, because {taken}: give its read model another table \
         (`#[read_model(table = \"…\")]`); where the subscription was renamed, hand it over \
         (`SubscriptionManager::hand_over`); where the other one is not needed any more, reset it"
    )]
    TableTaken {
        /// The name of the subscription.
        subscription: String,
        /// The table, and the subscription that owns it.
        taken: TableTaken,
    },
    /// Its name cannot be stored by every database.
    #[error("{subscription:?} cannot be subscribed: {name}; give it another name (`SubscriptionConfig::name`)")]
    InvalidName {
        /// The name of the subscription.
        subscription: String,
        /// What is wrong with the name.
        name: Unstorable,
    },
    /// The filter of the subscriber asks for another tenant than
    /// [`SubscriptionConfig::tenant`](crate::SubscriptionConfig::tenant): no event passes both.
    #[error(
        "`{subscription}` cannot be subscribed: its subscriber asks for events of the tenant {own:?} \
         (`Subscriber::subscribed_to`), and its configuration for those of {configured:?} \
         (`SubscriptionConfig::tenant`); ask for a tenant in one of the two"
    )]
    ForeignTenant {
        /// The name of the subscription.
        subscription: String,
        /// The tenant that the subscriber's own filter asks for.
        own: String,
        /// The tenant that the configuration asks for.
        configured: String,
    },
    /// The stored name of an event that the projection handles is claimed by several types.
    #[error("`{subscription}` cannot be subscribed: {duplicate}; give one of them another `#[event(name = \"…\")]`")]
    DuplicateEvent {
        /// The name of the subscription.
        subscription: String,
        /// The event, and the places that declare it.
        duplicate: DuplicateEvent,
    },
    /// [`SubscriptionConfig::require_fresh`](crate::SubscriptionConfig::require_fresh) was asked for, and there is a durable
    /// checkpoint.
    #[error(
        "`{subscription}` cannot be subscribed: its configuration requires a fresh start, and it has a checkpoint at \
         position {position}; leave `require_fresh()` out to go on from there (a `rebuild()` then replays the log, if the \
         projection has a truncate hook), or give the subscription another name (`SubscriptionConfig::name`)"
    )]
    CheckpointExists {
        /// The name of the subscription.
        subscription: String,
        /// Where the checkpoint is.
        position: Position,
    },
    /// The projection has changed since its checkpoint was made ([changes are noticed](crate::guarantees#changes-are-noticed)).
    #[error(
        "`{subscription}` cannot be subscribed, because the projection has changed: its checkpoint was made by \
         `{stored}`, and it is `{current}` now; go back to the projection as it was, give the subscription another name \
         (`SubscriptionConfig::name`), or say what is to happen (`SubscriptionConfig::on_change`)"
    )]
    Changed {
        /// The name of the subscription.
        subscription: String,
        /// The fingerprint of the projection that made the checkpoint.
        stored: String,
        /// The fingerprint of the projection as it is.
        current: String,
    },
    /// A higher version of the projection made the checkpoint.
    #[error(
        "`{subscription}` cannot be subscribed: its read model was made by version {stored} of the projection, and this \
         program has version {version}; deploy version {stored} or a newer one, or go back on purpose with \
         `SubscriptionConfig::allow_older_version` and an `on_change` that rebuilds"
    )]
    OlderVersion {
        /// The name of the subscription.
        subscription: String,
        /// The version of the projection that made the checkpoint.
        stored: u32,
        /// The version of the projection in this program.
        version: u32,
    },
    /// The checkpoint store failed.
    #[error("`{subscription}` cannot be subscribed: {source}")]
    Checkpoint {
        /// The name of the subscription.
        subscription: String,
        /// Why.
        source: CheckpointError,
    },
}

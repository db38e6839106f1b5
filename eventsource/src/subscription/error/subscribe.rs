//! What `subscribe` fails with.

use crate::catalogue::DuplicateEvent;
use crate::event::{Position, Unstorable};
use crate::projection::{CheckpointError, TableTaken};
use crate::subscription::InvalidOption;

/// The reason why a projection was not subscribed.
///
/// ```standalone_crate
/// # #[cfg(feature = "macros")]
/// # tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap().block_on(async {
/// # use eventsource::prelude::*;
/// # use serde::{Deserialize, Serialize};
/// # #[derive(Serialize, Deserialize, DomainEvent)]
/// # #[event(aggregate = "Order")]
/// # struct OrderPlaced { total: u64 }
/// # #[derive(Clone, Default)]
/// # struct Revenue { total: u64 }
/// # #[projection]
/// # impl Revenue {
/// #     #[handles(OrderPlaced)]
/// #     fn placed(&mut self, event: &OrderPlaced) { self.total += event.total }
/// # }
/// # let manager = SubscriptionManager::new(MemoryEventStore::new(), MemoryEventBus::new(), MemoryCheckpoints::new());
/// use eventsource::subscription::SubscribeError;
///
/// manager.subscribe(Revenue::default(), SubscriptionConfig::default()).await?;
/// let error = manager.subscribe(Revenue::default(), SubscriptionConfig::default()).await.unwrap_err();
/// assert!(matches!(error, SubscribeError::DuplicateName { .. }), "{error}");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # }).unwrap();
/// ```
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SubscribeError {
    /// The manager has a subscription with this name. Give one of them another
    /// [name](crate::SubscriptionConfig::name).
    #[error(
        "there is a subscription `{subscription}` already: give one of them another name (`SubscriptionConfig::name`)"
    )]
    DuplicateName {
        /// The name.
        subscription: String,
    },
    /// Options of its configuration are out of their range. Change each of them.
    #[error("`{subscription}` cannot be subscribed, because of its configuration: {}", listed(options))]
    InvalidConfig {
        /// The name of the subscription.
        subscription: String,
        /// Every option that is out of its range, in the order of their declaration.
        options: Vec<InvalidOption>,
    },
    /// Its name, or the name of a table that it declares, ends with `~next` or `__next`, or with a range such as
    /// `~0-511`. These are the names of the checkpoints and tables that a rebuild side by side builds, and of the
    /// checkpoints of parts. Choose another name.
    #[error(
        "`{subscription}` cannot be subscribed: `{reserved}` is a reserved name, used for the parts of a subscription \
         and while a next generation is built; choose another name"
    )]
    ReservedName {
        /// The name of the subscription.
        subscription: String,
        /// The reserved name.
        reserved: String,
    },
    /// The projection declares a read model whose table belongs to another subscription, in this or another process.
    /// With a shared table, a rebuild of one projection would delete the rows of the other. Give its read model another
    /// table, [hand over](crate::SubscriptionManager::hand_over) a subscription that was renamed, or
    /// [reset](crate::SubscriptionHandle::reset) the other one if it is not needed any more.
    #[error(
        "`{subscription}` cannot be subscribed, because {taken}: give its read model another table \
         (`#[read_model(table = \"…\")]`); if the subscription was renamed, hand it over \
         (`SubscriptionManager::hand_over`); if the other one is not needed any more, reset it"
    )]
    TableTaken {
        /// The name of the subscription.
        subscription: String,
        /// The table, and the subscription that owns it.
        taken: TableTaken,
    },
    /// Its name contains something that not every database can store: a NUL character. Choose another name.
    #[error("{subscription:?} cannot be subscribed: {name}; give it another name (`SubscriptionConfig::name`)")]
    InvalidName {
        /// The name of the subscription.
        subscription: String,
        /// What is wrong with the name.
        name: Unstorable,
    },
    /// The filter of the subscriber asks for another tenant than
    /// [`SubscriptionConfig::tenant`](crate::SubscriptionConfig::tenant), so no event would match both. Ask for a
    /// tenant in one of the two places.
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
    /// Several types declare the stored name of an event that the projection handles. Give one of them another name.
    #[error("`{subscription}` cannot be subscribed: {duplicate}; give one of them another `#[event(name = \"…\")]`")]
    DuplicateEvent {
        /// The name of the subscription.
        subscription: String,
        /// The event, and the places that declare it.
        duplicate: DuplicateEvent,
    },
    /// [`SubscriptionConfig::require_fresh`](crate::SubscriptionConfig::require_fresh) was set, and there is a durable
    /// checkpoint. Leave it out to continue from there, or choose another name to begin again.
    #[error(
        "`{subscription}` cannot be subscribed: its configuration requires a fresh start, and it has a checkpoint at \
         position {position}; leave `require_fresh()` out to continue from there (a `rebuild()` then replays the log, if \
         the projection has a truncate hook), or give the subscription another name (`SubscriptionConfig::name`)"
    )]
    CheckpointExists {
        /// The name of the subscription.
        subscription: String,
        /// The position of the checkpoint.
        position: Position,
    },
    /// The projection has changed since its checkpoint was stored
    /// ([changes are noticed](crate::guarantees#changes-are-noticed)). Choose how to rebuild it
    /// ([`SubscriptionConfig::on_change`](crate::SubscriptionConfig::on_change)), or deploy the projection as it was.
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
    /// A higher version of the projection stored the checkpoint. Deploy that version, or go back on purpose
    /// ([`SubscriptionConfig::allow_older_version`](crate::SubscriptionConfig::allow_older_version)).
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
    /// The checkpoint store failed, for example because the database is down. Subscribe again after a delay.
    #[error("`{subscription}` cannot be subscribed: its checkpoint store failed")]
    Checkpoint {
        /// The name of the subscription.
        subscription: String,
        /// The error of the store.
        source: CheckpointError,
    },
}

fn listed(options: &[InvalidOption]) -> String {
    let options: Vec<_> = options.iter().map(ToString::to_string).collect();
    options.join("; ")
}

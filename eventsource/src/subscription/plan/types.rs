//! The event types in the log that nothing decodes or nothing handles.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::PlanError;
use crate::event::Position;
use crate::store::{EventLog, StoredType};
use crate::subscription::log::catalogue::{Catalogue, NO_TYPES};
use crate::subscription::subscription_shared::SubscriptionShared;

/// The largest number of types that are named.
const MOST: usize = 100;

/// Returns the types up to `head` that the program does not know.
pub(super) async fn unknown(
    catalogue: &Catalogue,
    log: &dyn EventLog,
    head: Position,
) -> Result<Vec<StoredType>, PlanError> {
    Ok(catalogue.unknown_in(log, Position::START, head, MOST, &NO_TYPES).await?)
}

/// Returns the types up to `head` that no subscription handles, without those in `unknown`.
pub(super) async fn unhandled(
    cores: &[Arc<SubscriptionShared>],
    log: &dyn EventLog,
    head: Position,
    unknown: &[StoredType],
) -> Result<Vec<StoredType>, PlanError> {
    let mut handled: BTreeSet<&str> = unknown.iter().map(|stored| &*stored.name).collect();
    for core in cores {
        match core.filter.event_types() {
            Some(types) => handled.extend(types),
            None => return Ok(Vec::new()),
        }
    }
    let handled: Vec<_> = handled.into_iter().collect();
    let found = log.event_types_except(&handled, Position::START, head, MOST).await?;
    // More types can be unknown than are named.
    Ok(if unknown.len() < MOST { found } else { Vec::new() })
}

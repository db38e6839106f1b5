//! The statements on checkpoints and dead letters that each database writes in its own SQL.

use super::SearchStatements;
use crate::backend::sql::database::SqlDatabase;

/// A database that keeps checkpoints and dead letters.
pub(in crate::backend) trait CheckpointDatabase: SqlDatabase {
    const LETTERS: LetterStatements;

    const SEARCH: SearchStatements;

    /// Moves a checkpoint: `advance_checkpoint`.
    const ADVANCE: &'static str;

    /// Renews the leases of `$2` with the epoch `$3`, until `$1`. No two checkpoints of a subscription have one epoch.
    const RENEW: &'static str;

    /// Selects the owner of the checkpoint `$1` and its name, if the owner has a lease by the clock that ends leases.
    const LEASED: &'static str;

    /// Selects the name and the owner of each table that the database does not have, although its owner has a checkpoint.
    const MISSING: &'static str;

    /// Locks the checkpoints `$1` and `$2`; `None` if each transaction that writes has locked all of them.
    const LOCK_BOTH: Option<&'static str>;
}

/// The statements on dead letters. The first parameter is the subscription. A letter is returned as its text and the
/// number of held events.
#[derive(Debug)]
pub(in crate::backend) struct LetterStatements {
    /// The pages of letters: `$2` is the position after which a page begins, and `$3` its limit.
    pub(in crate::backend) all: &'static str,
    pub(in crate::backend) parking: &'static str,
    pub(in crate::backend) released: &'static str,
    pub(in crate::backend) dismissed: &'static str,
    /// A page too. `$4` is a text that the letters contain.
    pub(in crate::backend) failed: &'static str,
    /// A page too. `$4` is a text that the letters contain.
    pub(in crate::backend) of_event: &'static str,
    /// Parameters: subscription, position.
    pub(in crate::backend) at: &'static str,
    /// Parameters: subscription, streams.
    pub(in crate::backend) parked: &'static str,
    /// Counts at most `$2` letters of each of the subscriptions in the list `$1`.
    pub(in crate::backend) counts: &'static str,
    /// Parameters: subscription, position, aggregate type, aggregate id, whether it parks, held events, the letter, event
    /// type, first line of the error, time of the last failure.
    pub(in crate::backend) insert: &'static str,
    /// Parameters: subscription, aggregate type, aggregate id, how many more events wait.
    pub(in crate::backend) hold: &'static str,
    /// Parameters: subscription, streams.
    pub(in crate::backend) release: &'static str,
}

//! What a consumer group is asked for, by the group and by its consumers.

use std::time::Duration;

use crate::RedisClient;

/// The settings of a consumer group.
#[derive(Debug, Clone)]
pub(crate) struct GroupSettings {
    pub(crate) client: RedisClient,
    pub(crate) name: String,
    pub(crate) begins_at: Begin,
    /// How often a failing subscriber gets an event.
    pub(crate) attempts: u32,
    /// After which time another consumer gets an unacknowledged event.
    pub(crate) claim_after: Duration,
}

/// Where a new group starts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Begin {
    Oldest,
    End,
}

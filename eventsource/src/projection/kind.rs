//! Where a subscriber's effects go, and what follows from it.

use std::fmt;

use serde::Serialize;

/// Where a subscriber's effects go. It decides what is promised (see [`ProjectionKind::guarantee`]) and where the checkpoint lives.
///
/// Memory and transactions do not mix: a transaction rolls back, a field does not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ProjectionKind {
    /// Into what the unit of work lends, and nowhere else. The checkpoint moves in the same transaction.
    Transactional,
    /// Into the subscriber's own fields. The checkpoint lives as long as they do: a new process replays from the beginning.
    /// State behind an `Arc` needs a truncate hook: see [`Subscriber::pristine`](super::Subscriber::pristine).
    Memory,
    /// Into the subscriber's own fields, whose serialised state is stored together with the checkpoint, every so many
    /// events and at a stop: a new process goes on from there.
    DurableMemory,
    /// Into the outside world. The checkpoint is saved after the batch.
    Effects,
}

/// How often an event's effects happen, over crashes and restarts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[non_exhaustive]
#[serde(rename_all = "snake_case")]
pub enum Guarantee {
    /// Once: the effects and the checkpoint commit together ([exactly once](crate::guarantees#exactly-once)).
    ExactlyOnce,
    /// Once in the state of this process, which a new process builds anew from the log.
    ExactlyOnceInProcess,
    /// Once or more: a crash between a batch and its checkpoint repeats the batch.
    AtLeastOnce,
}

impl ProjectionKind {
    /// Whether the effects go into the subscriber's own fields.
    pub(crate) const fn is_memory(self) -> bool {
        matches!(self, Self::Memory | Self::DurableMemory)
    }

    /// What is promised to a subscriber of this kind.
    #[must_use]
    pub const fn guarantee(self) -> Guarantee {
        match self {
            Self::Transactional | Self::DurableMemory => Guarantee::ExactlyOnce,
            Self::Memory => Guarantee::ExactlyOnceInProcess,
            Self::Effects => Guarantee::AtLeastOnce,
        }
    }
}

impl fmt::Display for ProjectionKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Transactional => "transactional",
            Self::Memory => "memory",
            Self::DurableMemory => "durable memory",
            Self::Effects => "effects",
        })
    }
}

impl fmt::Display for Guarantee {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::ExactlyOnce => "exactly once",
            Self::ExactlyOnceInProcess => "exactly once in this process",
            Self::AtLeastOnce => "at least once",
        })
    }
}

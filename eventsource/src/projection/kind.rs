//! Where the effects of a subscriber go, and what is promised for them.

use std::fmt;

use serde::Serialize;

/// The kind of a subscriber: where its effects go. It decides what is promised ([`ProjectionKind::guarantee`]) and
/// where the checkpoint is stored.
///
/// The guide [the kinds of projection](crate::guide::kinds) helps to choose. A projection is never both transactional
/// and memory: a transaction can be rolled back, a field cannot.
///
/// ```
/// use eventsource::projection::{Guarantee, ProjectionKind};
///
/// assert_eq!(ProjectionKind::Transactional.guarantee(), Guarantee::ExactlyOnce);
/// assert_eq!(ProjectionKind::Effects.guarantee(), Guarantee::AtLeastOnce);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ProjectionKind {
    /// The effects go into the transaction of the unit of work, and nowhere else. The checkpoint moves in the same
    /// transaction.
    Transactional,
    /// The effects go into the subscriber's own fields. The checkpoint is lost together with them: a new process
    /// replays the log from the start. State behind an `Arc` needs a truncate hook: see
    /// [`Subscriber::pristine`](super::Subscriber::pristine).
    Memory,
    /// The effects go into the subscriber's own fields. Their serialised state is stored with the checkpoint, after a
    /// number of events ([`snapshot_every`](crate::SubscriptionConfig::snapshot_every)) and at a stop. A new process
    /// continues from there.
    DurableMemory,
    /// The effects go to the outside world, such as a broker or a mail server. The checkpoint is saved after the batch.
    Effects,
    /// The effects go to the outside world, and must not be repeated. The checkpoint is saved before the handler of each
    /// event is called, and a handler that failed is not called again by itself: its event becomes a dead letter at
    /// once, or what the [policy](crate::subscription::FailurePolicy) says.
    EffectsAtMostOnce,
}

/// The guarantee for the effects of an event: how often they happen, across crashes and restarts.
///
/// ```
/// use eventsource::projection::{Guarantee, ProjectionKind};
///
/// assert_eq!(ProjectionKind::Memory.guarantee(), Guarantee::ExactlyOnceInProcess);
/// assert_eq!(Guarantee::AtLeastOnce.to_string(), "at least once");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[non_exhaustive]
#[serde(rename_all = "snake_case")]
pub enum Guarantee {
    /// Once: the effects and the checkpoint commit together ([exactly once](crate::guarantees#exactly-once)).
    ExactlyOnce,
    /// Once in the state of this process. A new process builds the state again from the log.
    ExactlyOnceInProcess,
    /// Once or more often: a crash between a batch and its checkpoint repeats the batch.
    AtLeastOnce,
    /// Once or never: the checkpoint is saved before the handler of each event is called. A crash in a handler loses the
    /// effect of its event.
    AtMostOnce,
}

/// What follows from a kind. Everything outside `delivery/` asks for these facts, and not for the kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct KindFacts {
    /// Whether the effects go into the transaction of the unit of work.
    pub(crate) is_transactional: bool,
    /// Whether the effects go into the subscriber's own fields.
    pub(crate) keeps_state: bool,
    /// Whether the checkpoint is stored, so that another process can continue from there.
    pub(crate) has_stored_checkpoint: bool,
}

impl KindFacts {
    /// Whether the state of the subscriber is stored with the checkpoint.
    pub(crate) const fn stores_state(self) -> bool {
        self.keeps_state && self.has_stored_checkpoint
    }
}

impl ProjectionKind {
    /// Returns what follows from the kind.
    pub(crate) const fn facts(self) -> KindFacts {
        let (is_transactional, keeps_state, has_stored_checkpoint) = match self {
            Self::Transactional => (true, false, true),
            Self::Memory => (false, true, false),
            Self::DurableMemory => (false, true, true),
            Self::Effects | Self::EffectsAtMostOnce => (false, false, true),
        };
        KindFacts { is_transactional, keeps_state, has_stored_checkpoint }
    }

    /// Returns the guarantee for the effects of a subscriber of this kind.
    #[must_use]
    pub const fn guarantee(self) -> Guarantee {
        match self {
            Self::Transactional | Self::DurableMemory => Guarantee::ExactlyOnce,
            Self::Memory => Guarantee::ExactlyOnceInProcess,
            Self::Effects => Guarantee::AtLeastOnce,
            Self::EffectsAtMostOnce => Guarantee::AtMostOnce,
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
            Self::EffectsAtMostOnce => "effects, at most once",
        })
    }
}

impl fmt::Display for Guarantee {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::ExactlyOnce => "exactly once",
            Self::ExactlyOnceInProcess => "exactly once in this process",
            Self::AtLeastOnce => "at least once",
            Self::AtMostOnce => "at most once",
        })
    }
}

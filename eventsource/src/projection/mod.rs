//! What a projection is to the runtime: who handles which events, what it is lent, and how its progress is kept.

mod checkpoint;
mod checkpoint_reset;
mod checkpoint_update;
mod claim;
mod dead_letter;
mod described;
mod error;
mod fingerprint;
pub(crate) mod generation;
mod inject;
mod kind;
mod letters;
mod memory;
mod output;
mod owner;
#[cfg(feature = "postgres")]
pub mod postgres;
pub(crate) mod scope;
#[cfg(any(feature = "postgres", feature = "sqlite"))]
pub(crate) mod sql;
#[cfg(feature = "sqlite")]
pub mod sqlite;
mod subscriber;
mod table;
mod unit;

pub use checkpoint::{Checkpoint, CheckpointError, CheckpointStore};
pub use checkpoint_reset::CheckpointReset;
pub use checkpoint_update::{CheckpointUpdate, ProjectionSnapshot};
pub use claim::{Claim, ClaimError, Lease};
pub(crate) use dead_letter::times;
pub use dead_letter::{DeadLetter, LetterChange, LetterCounts, LetterState};
pub use described::{Handles, Projection};
pub use error::{
    ChangesRefused, ErrorClass, HandlerError, HandlerPanicked, HandlerTimedOut, NoSnapshot, NoTruncateHook, NotSetUp,
    Permanent,
};
pub use fingerprint::fingerprint;
pub(crate) use fingerprint::{fingerprint_of, stored_version};
pub use generation::{Generations, Switch, Switched};
pub use inject::{ConnectionPool, FromEvent, HoldsChanges, Inject, RawConnection};
pub use kind::{Guarantee, ProjectionKind};
pub(crate) use letters::Letters;
pub use letters::{LetterFilter, LetterQuery};
pub use memory::{MemoryCheckpoints, MemoryUnit};
pub use output::HandlerOutput;
#[cfg(any(feature = "postgres", feature = "sqlite"))]
pub(crate) use owner::Built;
pub use owner::{HandedOver, TableOwners, TableTaken};
pub use subscriber::{EventSubscriber, Subscriber};
pub use table::{ColumnDef, ColumnKind, Table};
pub use unit::{CommitError, UnitOfWork};

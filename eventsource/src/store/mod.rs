//! The log: the port to it, and the stores that implement it.

mod appended;
pub(crate) mod attached;
mod check;
pub(crate) mod clock;
mod error;
mod expected;
mod limit;
mod log_id;
mod log_stall;
mod lookup;
mod memory;
mod port;
#[cfg(feature = "postgres")]
pub mod postgres;
mod read;
mod reentrancy;
mod shared;
#[cfg(any(feature = "postgres", feature = "sqlite"))]
pub(crate) mod sql;
#[cfg(feature = "sqlite")]
pub mod sqlite;
mod stream_append;
mod verdict;
mod wakeup;

pub use crate::event::EventFilter;
pub use appended::Appended;
pub(crate) use check::check_name;
pub use check::{check_append, check_append_all};
pub use error::{AppendError, StoreError};
pub use expected::{ExpectedVersion, StreamVersion};
pub use limit::PageLimit;
pub(crate) use limit::{PAGE_BYTES, Room};
pub use log_id::{LogId, LogMark};
pub use log_stall::LogStall;
pub use lookup::{BackwardPage, StoredStream};
pub use memory::MemoryEventStore;
pub use port::EventStore;
pub use read::{Backlog, Direction, LogPage, ReadStream, StoredType, StreamPage};
pub use reentrancy::ReentrancyMark;
pub use stream_append::StreamAppend;
pub use verdict::Verdict;
pub use wakeup::{WakeUpReceiver, WakeUpSender};

//! What the stores on SQL databases share.

mod action;
mod append;
mod failure;
mod given_back;
mod kept;
mod page;
mod queue;
mod row;
pub(crate) mod verdict;

pub(crate) use action::Action;
pub(crate) use append::{Append, Outcome, Place, Refusal, Together, UnitOutcome, answered, as_one, of_one};
pub(crate) use failure::{Failure, clamped, metadata_json, no_identity, unsigned};
pub(crate) use given_back::has_no_transaction;
pub(crate) use kept::{Borrowed, Kept};
pub(crate) use page::{Filling, Found, SMALL, large};
#[cfg(feature = "sqlite")]
pub(crate) use queue::Waiting;
pub(crate) use queue::{Answer, Entry, Lead, Queue};
pub(crate) use row::{EventRow, RawRow};

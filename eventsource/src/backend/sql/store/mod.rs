//! Code that the stores on SQL databases share.

mod action;
mod append;
mod bisection;
mod connection_cache;
pub(crate) mod driver_internals;
mod failure;
mod given_back;
mod migration;
mod page;
pub(crate) mod queue;
mod row;
mod script;
pub(crate) mod verdict;

pub(crate) use action::Action;
pub(crate) use append::{Append, Outcome, Place, Refusal, Together, UnitOutcome, answered, as_one, of_one};
pub(crate) use bisection::{Bisection, Probe, Probed, micros_at};
pub(crate) use connection_cache::{Borrowed, ConnectionCache};
pub(crate) use failure::{Failure, clamped, metadata_json, no_identity, unsigned};
pub(crate) use given_back::has_no_transaction;
pub(crate) use migration::{Index, Migration, edited, indexes, migrations, newest};
pub(crate) use page::{Filling, Found, SMALL, large};
pub(crate) use queue::{CommitAnswer, Entry, Lead, Queue};
pub(crate) use row::{EventRow, RawRow};
pub(crate) use script::{Records, script};

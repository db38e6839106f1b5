//! One test for each trap that a widely used library for the same purpose was found to have: how it loses, doubles or
//! stalls events in silence, or does not tell the truth. Each shows that it cannot happen here, and is named after the
//! trap.
//!
//! Those that cannot apply, and why:
//! * brokers that commit offsets of events which were not retained, or past a delayed one, and retries that a broker
//!   schedules: no broker carries data here, a bus only wakes (wake-ups carry no data);
//! * circuit breakers that one part shares with another, or that count as a handler's failure: there are none;
//! * sync handlers that have failed after they succeeded, subscribers that can only take batches, narrowed constructors,
//!   handlers that are silently dropped where two claim an event, subclasses of events: there is one generated `match`,
//!   and the compiler refuses the rest;
//! * a severity that is compared as text, callbacks and error handlers that are never called: what goes
//!   wrong is in the state, the last error and the dead letters, and nowhere else;
//! * a tenant's filter that is dropped when live: there is one loop and one filter for history and what is new;
//! * gap detection, low-water marks and readers that skip what commits late: a law of the stores, whose contract suite
//!   and `concurrency.rs` hold them to it;
//! * snapshots of state that is not committed, publishing that fails after the commit, versions that are raised by an
//!   `apply` that failed: the write side, in `behaviour/aggregates.rs`.
//!
//! Those that are shown elsewhere, since they need a database or a process: a feed that is read into memory as a whole (the
//! example `git_history`), a live view that goes stale behind the horizon (`postgres/tell.rs`, `postgres/horizon.rs`),
//! times that are compared as text, decimals and lists that do not survive (`read_models/types.rs`), an unchecked order
//! (`read_models/queries.rs`; a column is typed), constraints by whose names a conflict is known or not (the contract suite
//! on each database), a write that is torn (`sqlite/`, `read_models/together.rs`), what is to be done every n events and
//! never is (`failures/durable.rs`), two processes that both process (`kills/`).

mod checkpoints;
mod delivery;
mod failures;
mod handover;
mod read_models;
mod replays;
mod restart;
mod status;
mod world;

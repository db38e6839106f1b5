//! Appends of one process that come together share a commit, and none of them is told less, or waits longer, for that.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod commits;
mod outcomes;
mod runtime_shutdown;
mod world;

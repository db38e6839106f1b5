//! Processes that retry dead letters, own a subscription, stand by for it or run engines are killed and frozen, again and
//! again, on both databases: nothing is lost, nothing doubled, and dead letters account for the rest.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod at_most_once;
mod commands;
mod engines;
mod forgets;
mod frozen;
mod place;
mod requests;
mod retries;
mod takeovers;
mod waits;
mod watched;
mod world;

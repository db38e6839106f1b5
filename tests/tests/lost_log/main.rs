//! A log that has gone back, or is another one: a subscription whose checkpoint belongs to what is lost never runs on it,
//! is never ready and ends its waits with an error, until its read model is rebuilt or reset.

#![allow(clippy::unwrap_used)]

mod claims;
mod remedies;
mod rolling;
mod rolling_slices;
mod running;
mod world;

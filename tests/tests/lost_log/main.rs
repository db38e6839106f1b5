//! A log that has gone back, or is another one: a subscription whose checkpoint belongs to what is lost never runs on it,
//! never is ready and lets nobody wait in vain, until its read model is rebuilt or reset.

#![allow(clippy::unwrap_used)]

mod claims;
mod remedies;
mod rolling;
mod running;
mod world;

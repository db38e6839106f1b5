//! Pauses, restarts and streams of states: what operators do with one subscription, and what they see of it.

mod inspected;
mod policy;
mod restarts;
mod watched;
mod world;

//! Observers: they are told of each batch, commit, failure, dead letter, state, rebuild and lease, and nothing that they do
//! stops a subscription. Metrics are such observers. Traces are linked to the events that a batch reads.

mod listed;
mod measured;
mod panics;
mod recent;
mod recorder;
mod told;
mod traced;
mod world;

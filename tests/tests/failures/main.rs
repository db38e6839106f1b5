//! What becomes of events that cannot be applied: dead letters, parked streams, retries, limits, timeouts, standby.

mod anywhere;
mod at_most_once;
mod cut_off;
mod diagnoses;
mod durable;
mod fenced;
mod following;
mod held;
mod letters;
mod limits;
mod many;
mod newer;
mod operators;
mod paused;
mod questions;
mod restart;
mod retries;
mod scene;
mod searched;
mod searches;
mod shared_state;
mod skips;
mod standby;
mod unknown;
mod world;

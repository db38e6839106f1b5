//! Projections that are assembled at run time.

#![allow(clippy::panic)]

mod by_hand;
mod events;
mod replays;
mod states;
mod subscribed;

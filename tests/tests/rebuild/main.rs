//! Rebuilds, in place and side by side, and projections that have changed: alike on every backend.

mod changed;
mod crash;
mod in_place;
mod memory;
mod side_by_side;
mod versions;
mod world;

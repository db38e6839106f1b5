//! Rebuilds, in place and side by side, and projections that have changed: alike on every backend.

mod changed;
mod crash;
mod dependents;
mod deployment;
mod in_place;
mod memory;
mod owners;
mod shape;
mod side_by_side;
mod versions;
mod world;

//! What a hostile user does: cancels calls half-way, races them, panics in odd places, calls the manager from handlers.

mod callers;
mod cancelled;
mod crowds;
mod ends;
mod file;
mod more;
mod resets;
mod states;
mod world;

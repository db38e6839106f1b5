//! What a hostile user does: cancels calls half-way, races them, panics in odd places, calls the manager from handlers.

mod callers;
mod cancelled;
mod crowds;
mod ends;
mod file;
mod resets;
mod start_at_end;
mod states;
mod world;

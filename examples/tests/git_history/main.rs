//! `git_history` against git itself, on repositories that each test makes.

#![allow(clippy::unwrap_used)]

mod again;
mod kill;
mod kinds;
mod memory;
mod odd;
mod output;
mod reference;
mod refusals;
mod repository;
mod run;

//! What a program would do to a database: alike on every backend, and without a change.

mod content;
mod dry_run;
mod plan;
mod programs;
mod verify;

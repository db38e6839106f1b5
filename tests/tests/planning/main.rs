//! What a program would do to a database: alike on every backend, and without a change.

mod content;
mod plan;
mod programs;

//! What the tests share: a small domain, stores that misbehave on purpose, and waiting with a deadline.

pub mod domain;
pub mod faults;
pub mod wait;

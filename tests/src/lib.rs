//! What the tests share: a small domain, stores that misbehave on purpose, randomness with a seed, and waiting with a
//! deadline.

pub mod domain;
pub mod faults;
pub mod orphan;
pub mod postgres;
pub mod postgres_rows;
pub mod random;
pub mod rows;
pub mod soak;
pub mod sums;
pub mod wait;

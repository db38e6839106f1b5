//! What helps to test (feature `testing`): the contract suites that hold adapters to the laws of their ports, stores in
//! which things go wrong, and randomness that can be repeated.

pub mod contract;
pub mod faults;
mod random;

pub use random::Random;

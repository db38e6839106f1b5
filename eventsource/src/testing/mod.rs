//! What helps to test (feature `testing`): the contract suites that hold adapters to the laws of their ports.

pub mod contract;

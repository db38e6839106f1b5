//! The write side: what happens in the business, and its rules.

pub mod order;

//! Guides: how the parts of this crate are used together.

#[doc = include_str!("deployment.md")]
pub mod deployment {}

//! Guides: how to use the parts of this crate together.

#[doc = include_str!("databases.md")]
pub mod databases {}

#[doc = include_str!("deployment.md")]
pub mod deployment {}

#[doc = include_str!("kinds.md")]
pub mod kinds {}

//! What the stores on SQL databases share.

mod action;
mod failure;

pub(crate) use action::Action;
pub(crate) use failure::{Failure, clamped, metadata_json, unsigned};

//! What the stores on SQL databases share.

mod action;
mod failure;
mod row;

pub(crate) use action::Action;
pub(crate) use failure::{Failure, clamped, metadata_json, unsigned};
pub(crate) use row::EventRow;

//! What the SQL databases share.

pub(crate) mod projection;
pub(super) mod read_model;
pub(super) mod states;
pub(crate) mod store;

//! What the SQL databases share.

pub(super) mod database;
pub(crate) mod projection;
pub(super) mod read_model;
pub(super) mod states;
pub(crate) mod store;
pub(super) mod values;

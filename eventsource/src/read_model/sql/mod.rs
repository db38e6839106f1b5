//! What the read models in SQL databases share. It names no driver.

mod dialect;
mod schema;
mod statements;

pub(super) use dialect::Dialect;
pub(super) use schema::{Found, Matching, compare, create};
pub(super) use statements::{Argument, Sql, count, joined, load, names, quoted, replaced, select, with_ids};

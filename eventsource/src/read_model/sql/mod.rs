//! Code that the read models in SQL databases share. It depends on no driver.

mod dialect;
mod schema;
mod statements;

pub(super) use dialect::{Dialect, quoted};
pub(super) use schema::{Found, FoundRow, Matching, OfOther, Use, create, differences};
#[cfg(feature = "sqlite")]
pub(super) use statements::with_ids;
pub(super) use statements::{Argument, Sql, count, joined, load, names, own, replaced, select};

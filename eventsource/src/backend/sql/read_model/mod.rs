//! Code that the read models in SQL databases share. It depends on no driver.

mod dialect;
mod schema;
mod statements;

pub(in crate::backend) use dialect::{Dialect, quoted};
pub(in crate::backend) use schema::{Found, FoundRow, Matching, OfOther, Use, create, differences};
#[cfg(feature = "sqlite")]
pub(in crate::backend) use statements::with_ids;
pub(in crate::backend) use statements::{Argument, Sql, count, joined, load, names, own, replaced, select};

//! Code that the read models in SQL databases share. It depends on no driver.

mod dialect;
mod rows;
mod schema;
mod statements;
mod table_ref;

pub(in crate::backend) use dialect::{Dialect, quoted};
pub(in crate::backend) use rows::row;
pub(in crate::backend) use schema::{Found, FoundRow, Matching, OfOther, Use, create, differences, refuse_dependents};
#[cfg(feature = "sqlite")]
pub(in crate::backend) use statements::with_ids;
pub(in crate::backend) use statements::{Sql, count, joined, load, names, own, replaced, select};
pub(in crate::backend) use table_ref::{Generation, TableRef};

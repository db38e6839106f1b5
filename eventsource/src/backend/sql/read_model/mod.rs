//! Code that the read models in SQL databases share. It depends on no driver.

mod dialect;
mod rows;
mod schema;
mod statements;
mod table_ref;

pub(in crate::backend) use dialect::{Dialect, quoted};
pub(in crate::backend) use rows::row;
pub(in crate::backend) use schema::{Found, FoundRow, Matching, OfOther, Use, create, differences, refuse_dependents};
pub(in crate::backend) use statements::*;
pub(in crate::backend) use table_ref::{Generation, TableRef};

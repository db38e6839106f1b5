//! What a process knows about the tables of read models in a database.

use super::plans::Plans;
use crate::backend::sql::read_model::Matching;

/// The tables that match their models, and the plans of their statements.
#[derive(Debug, Default)]
pub(in crate::backend) struct TableCache {
    pub(in crate::backend) matching: Matching<()>,
    pub(in crate::backend) plans: Plans,
}

//! Repeats reads while another connection locks the file.

use super::SqliteDatabase;
use super::busy::{Failure, retry_while_busy};
use crate::backend::sql::store::Action;
use crate::store::StoreError;

impl SqliteDatabase {
    /// Runs a read, and repeats it while another connection locks the file, up to the deadline of `action`.
    pub(crate) async fn read<T, F>(&self, action: Action<'_>, ask: impl Fn() -> F) -> Result<T, StoreError>
    where
        F: Future<Output = Result<T, Failure>>,
    {
        self.check_read(action)?;
        let patience = self.patience(action);
        retry_while_busy!(patience, ask())
    }
}

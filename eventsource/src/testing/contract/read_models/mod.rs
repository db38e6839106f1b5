//! The contract of read models: what a repository keeps, and that rows and checkpoint commit together.

pub(super) mod batch;
mod changes;
mod queries;
pub(super) mod row;

use std::future::Future;

use self::changes::{
    a_checked_save_compares_versions, a_clear_commits_with_a_truncation, a_committed_row_is_read_back,
    a_fenced_batch_leaves_nothing, a_rollback_leaves_nothing, a_save_without_a_read_keeps_what_is_there,
    a_truncation_takes_all, deletion_leaves_nothing, many_rows_are_read_in_the_order_asked,
    soft_deletion_hides_until_restored, values_come_back_equal, versions_and_times_are_those_of_the_events,
};
use self::queries::{
    a_query_sees_what_the_batch_has_changed, conditions_select_rows, null_compares_with_null_alone,
    pages_by_cursor_miss_nothing, rows_come_in_the_order_asked,
};
pub use self::row::ContractRow;
use super::Violation;
use super::listed::{dispatch, names};
use crate::projection::{CheckpointStore, HandlerError, Inject};
use crate::read_model::{ReadRepository, Repository};

/// The cases of the contract of read models, handed to another macro.
#[doc(hidden)]
#[macro_export]
macro_rules! __read_model_cases {
    ([$($then:tt)*] $($with:tt)*) => {
        $($then)*! { {$($with)*}
            a_committed_row_is_read_back
            a_rollback_leaves_nothing
            a_fenced_batch_leaves_nothing
            values_come_back_equal
            many_rows_are_read_in_the_order_asked
            deletion_leaves_nothing
            soft_deletion_hides_until_restored
            a_checked_save_compares_versions
            versions_and_times_are_those_of_the_events
            a_save_without_a_read_keeps_what_is_there
            a_truncation_takes_all
            a_clear_commits_with_a_truncation
            conditions_select_rows
            null_compares_with_null_alone
            rows_come_in_the_order_asked
            pages_by_cursor_miss_nothing
            a_query_sees_what_the_batch_has_changed
        }
    };
}

/// The names of the cases of the contract of read models, for [`run_on_read_models`].
///
/// ```
/// use eventsource::testing::contract::READ_MODEL_CASES;
///
/// assert!(READ_MODEL_CASES.contains(&"a_query_sees_what_the_batch_has_changed"));
/// ```
pub const READ_MODEL_CASES: &[&str] = crate::__read_model_cases!([names]);

/// A unit of work of the fixture `F`.
pub(super) type Unit<F> = <<F as ReadModelFixture>::Checkpoints as CheckpointStore>::Unit;

/// Checkpoints, and an empty read model of [`ContractRow`]s that their units of work give to handlers. The tuple
/// `(checkpoints, repository, value)` is a fixture; the value must outlive the others, such as a temporary directory.
///
/// ```
/// # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
/// use eventsource::memory::MemoryUnit;
/// use eventsource::projection::CheckpointStore;
/// use eventsource::testing::contract::{ContractRow, ReadModelFixture};
/// use eventsource::{MemoryCheckpoints, MemoryReadModels};
///
/// let checkpoints = MemoryCheckpoints::new();
/// let rows = MemoryReadModels::new(&checkpoints).repository::<ContractRow>();
/// let fixture = (checkpoints, rows, ());///
/// let mut unit: MemoryUnit = fixture.checkpoints().begin().await.unwrap();
/// assert_eq!(fixture.rows().count(eventsource::Query::all()).await.unwrap(), 0);
/// # drop(unit);
/// # });
/// ```
pub trait ReadModelFixture: Send + Sync {
    /// The checkpoint store.
    type Checkpoints: CheckpointStore;

    /// Returns the checkpoint store.
    fn checkpoints(&self) -> &Self::Checkpoints;

    /// Returns the rows that are committed.
    fn rows(&self) -> &ReadRepository<ContractRow>;

    /// Returns the rows of `unit`, as a handler gets them.
    ///
    /// # Errors
    /// The [`HandlerError`] of the unit of work, such as for a unit that has ended.
    fn lend(unit: &mut Unit<Self>) -> impl Future<Output = Result<Box<Repository<ContractRow>>, HandlerError>> + Send
    where
        Self: Sized;
}

impl<C, K> ReadModelFixture for (C, ReadRepository<ContractRow>, K)
where
    C: CheckpointStore,
    K: Send + Sync,
    Repository<ContractRow>: Inject<C::Unit, Guard = Box<Repository<ContractRow>>>,
{
    type Checkpoints = C;

    fn checkpoints(&self) -> &C {
        &self.0
    }

    fn rows(&self) -> &ReadRepository<ContractRow> {
        &self.1
    }

    async fn lend(unit: &mut C::Unit) -> Result<Box<Repository<ContractRow>>, HandlerError> {
        Repository::<ContractRow>::inject(unit).await
    }
}

/// Runs the case `name` of the contract of read models on a fresh, empty read model.
/// [`read_model_contract!`](crate::read_model_contract) creates a test for each case.
///
/// ```
/// # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
/// use eventsource::testing::contract::{READ_MODEL_CASES, run_on_read_models};
/// use eventsource::{MemoryCheckpoints, MemoryReadModels};
///
/// let checkpoints = MemoryCheckpoints::new();
/// let rows = MemoryReadModels::new(&checkpoints).repository();
/// run_on_read_models(READ_MODEL_CASES[0], &(checkpoints, rows, ())).await.unwrap();
/// # });
/// ```
///
/// # Errors
/// [`Violation`] if the read model breaks the contract, or there is no such case.
pub async fn run_on_read_models<F: ReadModelFixture>(name: &str, fixture: &F) -> Result<(), Violation> {
    crate::__read_model_cases!([dispatch] name fixture)
}

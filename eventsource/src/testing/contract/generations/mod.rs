//! The contract of next generations of read models: they are built side by side with the live one and replace it in one
//! transaction.

mod building;
mod switching;
mod world;

use self::building::{
    a_changed_projection_begins_the_next_generation_again, a_claim_continues_the_next_generation,
    a_claim_of_another_owner_than_the_live_one_changes_nothing, a_discarded_generation_leaves_nothing,
    a_lease_keeps_other_builders_out, a_next_generation_begins_empty, a_next_generation_is_hidden_until_the_switch,
    a_table_of_the_same_shape_keeps_its_rows,
};
use self::switching::{
    a_held_next_generation_is_not_switched, a_switch_behind_the_live_generation_changes_nothing,
    a_switch_fences_the_owner_of_the_live_generation, a_switch_of_a_former_builder_changes_nothing,
    a_switch_replaces_only_the_fingerprint_that_it_names, a_switch_replaces_the_live_generation,
    letters_of_the_next_generation_replace_the_live_ones,
};
use super::listed::{dispatch, names};
use super::{ReadModelFixture, Violation};

/// The cases of the contract of next generations, handed to another macro.
#[doc(hidden)]
#[macro_export]
macro_rules! __generation_cases {
    ([$($then:tt)*] $($with:tt)*) => {
        $($then)*! { {$($with)*}
            a_next_generation_begins_empty
            a_next_generation_is_hidden_until_the_switch
            a_claim_continues_the_next_generation
            a_changed_projection_begins_the_next_generation_again
            a_lease_keeps_other_builders_out
            a_claim_of_another_owner_than_the_live_one_changes_nothing
            a_discarded_generation_leaves_nothing
            a_table_of_the_same_shape_keeps_its_rows
            a_switch_replaces_the_live_generation
            a_switch_fences_the_owner_of_the_live_generation
            a_switch_behind_the_live_generation_changes_nothing
            a_switch_of_a_former_builder_changes_nothing
            a_switch_replaces_only_the_fingerprint_that_it_names
            a_held_next_generation_is_not_switched
            letters_of_the_next_generation_replace_the_live_ones
        }
    };
}

/// The names of the cases of the contract of next generations, for [`run_on_generations`].
///
/// ```
/// use eventsource::testing::contract::GENERATION_CASES;
///
/// assert!(GENERATION_CASES.contains(&"a_switch_replaces_the_live_generation"));
/// ```
pub const GENERATION_CASES: &[&str] = crate::__generation_cases!([names]);

/// Runs the case `name` of the contract of next generations on a fresh, empty read model whose checkpoint store has
/// [`generations`](crate::CheckpointStore::generations).
/// [`generation_contract!`](crate::generation_contract) creates a test for each case.
///
/// ```
/// # #[cfg(feature = "sqlite")]
/// # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
/// use eventsource::sqlite::{SqliteCheckpoints, SqliteDatabase, SqliteOptions, SqliteReadModels};
/// use eventsource::testing::contract::{ContractRow, GENERATION_CASES, run_on_generations};
///
/// let db = SqliteDatabase::open_with(SqliteOptions::new(":memory:").connections(1)).await.unwrap();
/// let models = SqliteReadModels::new(&db);
/// models.create_table::<ContractRow>().await.unwrap();
/// let fixture = (SqliteCheckpoints::new(&db), models.repository(), ());
/// run_on_generations(GENERATION_CASES[0], &fixture).await.unwrap();
/// # });
/// ```
///
/// # Errors
/// [`Violation`] if the store breaks the contract or has no generations, or there is no such case.
pub async fn run_on_generations<F: ReadModelFixture>(name: &str, fixture: &F) -> Result<(), Violation> {
    crate::__generation_cases!([dispatch] name fixture)
}

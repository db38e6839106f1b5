//! The list of the cases of the event store's contract.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use super::filled_log::{EventLogFixture, FilledLog};
use super::{
    Verdict, Violation, append, append_all, commands, concurrent, identity, lookups, pages, read_log, read_stream,
    round_trip, slices, values,
};
use crate::store::EventStore;

/// Passes the cases of the contracts of logs and of event stores to another macro. Each name is a function and a test.
/// The cases of a log are also cases of an event store, which fills its log itself.
#[doc(hidden)]
#[macro_export]
macro_rules! __event_store_cases {
    ([$($then:tt)*] $($with:tt)*) => {
        $($then)*! { {$($with)*}
            log {
                pages::a_page_of_the_log_ends_at_its_bytes
                pages::an_event_larger_than_a_page_is_read_alone
                read_log::the_log_reads_in_pages
                read_log::a_filter_by_event_type_is_applied
                read_log::a_filter_by_aggregate_type_is_applied
                read_log::a_filter_by_tenant_is_applied
                read_log::the_parts_of_a_filter_are_joined
                read_log::a_filter_may_be_long
                read_log::the_horizon_tells_how_far_was_searched
                read_log::the_head_is_the_last_position
                read_log::the_backlog_counts_all_events
                read_log::types_that_are_not_known_are_found
                lookups::an_event_is_found_by_its_id
                lookups::the_log_reads_backwards
                pages::a_page_read_backwards_ends_at_its_bytes
                slices::an_event_has_the_slice_of_its_key
                identity::the_log_has_one_identity
                identity::the_last_event_is_found
                identity::a_page_tells_the_events_around_it
                concurrent::an_append_wakes_who_listens
            }
            store {
                append::any_version_is_always_allowed
                append::no_stream_is_allowed_once
                append::an_existing_stream_must_exist
                append::an_exact_version_must_be_the_streams
                append::a_stale_version_is_a_conflict
                append::any_number_of_events_is_one_append
                append::a_stored_id_is_refused
                append::an_id_twice_in_one_append_is_refused
                append::a_refused_append_leaves_nothing
                append::an_empty_append_is_refused
                append::an_event_of_another_aggregate_is_refused
                append::the_answer_is_what_is_stored
                append::positions_and_versions_increase
                append_all::several_streams_are_appended_as_one
                append_all::a_refused_part_leaves_nothing_of_the_others
                append_all::parts_that_no_store_takes_are_refused
                append_all::opposite_orders_of_streams_lose_nothing
                read_stream::a_stream_reads_in_both_directions
                read_stream::a_stream_reads_from_and_to_a_version
                read_stream::a_stream_reads_up_to_a_limit
                read_stream::an_absent_stream_has_no_events
                pages::a_page_of_a_stream_ends_at_its_events
                commands::a_repeated_command_answers_the_first_result
                commands::a_command_executed_at_the_same_time_is_stored_once
                lookups::the_event_of_a_refused_append_is_not_found
                lookups::streams_of_a_type_are_listed_by_pages
                round_trip::an_event_comes_back_as_it_was
                round_trip::metadata_comes_back_as_it_was
                round_trip::times_come_back_to_the_microsecond
                round_trip::payloads_come_back_to_the_byte
                values::nested_values_come_back_or_are_refused
                values::values_that_json_does_not_have_are_refused
                values::names_that_not_every_store_holds_are_refused
                values::times_come_back_as_normalised_or_are_refused
                concurrent::one_writer_wins_each_version
                concurrent::many_writers_lose_nothing
                concurrent::a_reader_sees_whole_appends_and_skips_nothing
            }
        }
    };
}

type Run = fn(Arc<dyn EventStore>) -> Pin<Box<dyn Future<Output = Verdict> + Send>>;

/// A case of the event store's contract. [`event_store_contract!`](crate::event_store_contract) creates a test for
/// each.
///
/// ```
/// use std::sync::Arc;
///
/// use eventsource::MemoryEventStore;
/// use eventsource::testing::contract::Case;
///
/// # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
/// let case = Case::named("a_stale_version_is_a_conflict").unwrap();
/// case.run(Arc::new(MemoryEventStore::new())).await.unwrap();
/// # });
/// ```
#[derive(Clone, Copy)]
pub struct Case {
    name: &'static str,
    run: Run,
}

macro_rules! list {
    ({} log { $($of_log:ident :: $log_case:ident)* } store { $($module:ident :: $case:ident)* }) => {
        &[
            $(Case { name: stringify!($log_case), run: |store| Box::pin($of_log::$log_case(FilledLog::of(&store))) },)*
            $(Case { name: stringify!($case), run: |store| Box::pin($module::$case(store)) },)*
        ]
    };
}

macro_rules! log_names {
    ({} log { $($module:ident :: $case:ident)* } store { $($of_store:ident :: $store_case:ident)* }) => {
        &[$(stringify!($case)),*]
    };
}

macro_rules! dispatch_log {
    ({ $name:ident $filled:ident } log { $($module:ident :: $case:ident)* } store { $($of_store:ident :: $store_case:ident)* }) => {
        match $name {
            $(stringify!($case) => $module::$case($filled).await,)*
            _ => Err(Violation::new(format_args!("there is no case {}", $name))),
        }
    };
}

/// The names of the cases of the contract of logs. [`event_log_contract!`](crate::event_log_contract) creates a test
/// for each.
pub const EVENT_LOG_CASES: &[&str] = crate::__event_store_cases!([log_names]);

/// Runs one case of the contract of logs on a fresh, empty log. It needs a Tokio runtime with time enabled.
///
/// ```
/// # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
/// use eventsource::MemoryEventStore;
/// use eventsource::testing::contract::{EVENT_LOG_CASES, run_on_event_log};
///
/// for case in EVENT_LOG_CASES {
///     let store = MemoryEventStore::new();
///     run_on_event_log(case, &(store.clone(), store)).await.unwrap();
/// }
/// # });
/// ```
///
/// # Errors
/// [`Violation`] if the log breaks the contract, or if there is no case `name`.
pub async fn run_on_event_log(name: &str, fixture: &impl EventLogFixture) -> Result<(), Violation> {
    let filled = FilledLog::new(fixture);
    crate::__event_store_cases!([dispatch_log] name filled)
}

const CASES: &[Case] = crate::__event_store_cases!([list]);

impl Case {
    /// Returns all cases.
    ///
    /// ```
    /// use eventsource::testing::contract::Case;
    ///
    /// for case in Case::all() {
    ///     println!("{}", case.name());
    /// }
    /// ```
    #[must_use]
    pub const fn all() -> &'static [Self] {
        CASES
    }

    /// Returns the case with this name; `None` if there is none.
    ///
    /// ```
    /// use eventsource::testing::contract::Case;
    ///
    /// assert!(Case::named("a_stale_version_is_a_conflict").is_some());
    /// assert!(Case::named("a_case_that_does_not_exist").is_none());
    /// ```
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        CASES.iter().copied().find(|case| case.name == name)
    }

    /// Returns the name, which says in a few words what the contract demands.
    ///
    /// ```
    /// use eventsource::testing::contract::Case;
    ///
    /// let case = Case::named("a_stale_version_is_a_conflict").unwrap();
    /// assert_eq!(case.name(), "a_stale_version_is_a_conflict");
    /// ```
    #[must_use]
    pub const fn name(&self) -> &'static str {
        self.name
    }

    /// Runs the case on a fresh, empty store. It needs a Tokio runtime with time enabled.
    ///
    /// # Errors
    /// [`Violation`] if the store breaks the contract.
    ///
    /// # Examples
    /// ```
    /// # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// use std::sync::Arc;
    ///
    /// use eventsource::MemoryEventStore;
    /// use eventsource::testing::contract::Case;
    ///
    /// Case::named("the_log_reads_in_pages").unwrap().run(Arc::new(MemoryEventStore::new())).await.unwrap();
    /// # });
    /// ```
    pub async fn run(&self, store: Arc<dyn EventStore>) -> Result<(), Violation> {
        (self.run)(store).await
    }
}

impl fmt::Debug for Case {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Case").field(&self.name).finish()
    }
}

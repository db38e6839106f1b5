//! The macros that create a test for each case.

/// Creates a `#[test]` for each [`Case`](crate::testing::contract::Case). The expression creates a fresh store, alone
/// or in a tuple with a value that must outlive it
/// ([`EventStoreFixture`](crate::testing::contract::EventStoreFixture)). It may await, and is evaluated once for each
/// test.
///
/// ```
/// mod on_memory {
///     eventsource::event_store_contract!(eventsource::MemoryEventStore::new());
/// }
/// ```
#[macro_export]
macro_rules! event_store_contract {
    ($fresh:expr) => {
        $crate::__event_store_cases!([$crate::__event_store_tests] $fresh);
    };
}

/// Creates a `#[test]` for each case of the contract of logs, for a log that only reads. The expression creates an
/// [`EventLogFixture`](crate::testing::contract::EventLogFixture): an empty log and its
/// [writer](crate::testing::contract::LogWriter), alone or with a value that must outlive them. It may await, and is
/// evaluated once for each test.
///
/// [`event_store_contract!`](crate::event_store_contract) contains these cases.
///
/// ```
/// mod on_memory {
///     eventsource::event_log_contract!({
///         let store = eventsource::MemoryEventStore::new();
///         (store.clone(), store)
///     });
/// }
/// ```
#[macro_export]
macro_rules! event_log_contract {
    ($fresh:expr) => {
        $crate::__event_store_cases!([$crate::__event_log_tests] $fresh);
    };
}

/// Creates a `#[test]` for each case of the contract of [`EventQueries`](crate::store::EventQueries), for a log that
/// returns them from [`queries`](crate::EventLog::queries). The expression creates the fixture of
/// [`event_log_contract!`](crate::event_log_contract). It may await, and is evaluated once for each test.
///
/// ```
/// mod on_memory {
///     eventsource::event_queries_contract!({
///         let store = eventsource::MemoryEventStore::new();
///         (store.clone(), store)
///     });
/// }
/// ```
#[macro_export]
macro_rules! event_queries_contract {
    ($fresh:expr) => {
        $crate::__event_queries_cases!([$crate::__bus_tests] run_on_event_queries, $fresh);
    };
}

/// Creates a `#[test]` for each case of the checkpoint store's contract, as
/// [`event_store_contract!`](crate::event_store_contract) does.
///
/// ```
/// mod on_memory {
///     eventsource::checkpoint_store_contract!(eventsource::memory::MemoryCheckpoints::new());
/// }
/// ```
#[macro_export]
macro_rules! checkpoint_store_contract {
    ($fresh:expr) => {
        $crate::__checkpoint_store_cases!([$crate::__checkpoint_tests] run_on_checkpoints(store => &*store), $fresh);
    };
}

/// Creates a `#[test]` for each case of the contract of leases on checkpoints, as
/// [`checkpoint_store_contract!`](crate::checkpoint_store_contract) does.
///
/// ```
/// mod on_memory {
///     eventsource::lease_contract!(eventsource::memory::MemoryCheckpoints::new());
/// }
/// ```
#[macro_export]
macro_rules! lease_contract {
    ($fresh:expr) => {
        $crate::__lease_cases!([$crate::__checkpoint_tests] run_on_leases(store => &store), $fresh);
    };
}

/// Creates a `#[test]` for each case of the contract of the owners of tables, as
/// [`checkpoint_store_contract!`](crate::checkpoint_store_contract) does. Run it on a checkpoint store that has
/// [`owners`](crate::CheckpointStore::owners).
///
/// ```
/// mod on_memory {
///     eventsource::table_owner_contract!(eventsource::memory::MemoryCheckpoints::new());
/// }
/// ```
#[macro_export]
macro_rules! table_owner_contract {
    ($fresh:expr) => {
        $crate::__table_owner_cases!([$crate::__checkpoint_tests] run_on_table_owners(store => &*store), $fresh);
    };
}

/// Creates a `#[test]` for each case of the contract of operations, as
/// [`checkpoint_store_contract!`](crate::checkpoint_store_contract) does. Run it on a checkpoint store that has
/// [`operations`](crate::CheckpointStore::operations).
///
/// ```
/// mod on_memory {
///     eventsource::operation_contract!(eventsource::memory::MemoryCheckpoints::new());
/// }
/// ```
#[macro_export]
macro_rules! operation_contract {
    ($fresh:expr) => {
        $crate::__operation_cases!([$crate::__checkpoint_tests] run_on_operations(store => &*store), $fresh);
    };
}

/// Creates a `#[test]` for each case of the contract of next generations. The expression creates the fixture of
/// [`read_model_contract!`](crate::read_model_contract), whose checkpoint store has
/// [`generations`](crate::CheckpointStore::generations).
///
/// ```
/// # #[cfg(feature = "sqlite")]
/// mod on_sqlite {
///     use eventsource::sqlite::{SqliteCheckpoints, SqliteDatabase, SqliteOptions, SqliteReadModels};
///     use eventsource::testing::contract::ContractRow;
///
///     eventsource::generation_contract!({
///         let db = SqliteDatabase::open_with(SqliteOptions::new(":memory:").connections(1)).await.unwrap();
///         let models = SqliteReadModels::new(&db);
///         models.create_table::<ContractRow>().await.unwrap();
///         (SqliteCheckpoints::new(&db), models.repository(), ())
///     });
/// }
/// ```
#[macro_export]
macro_rules! generation_contract {
    ($fresh:expr) => {
        $crate::__generation_cases!([$crate::__bus_tests] run_on_generations, $fresh);
    };
}

/// Creates a `#[test]` for each case of the contract of read models. The expression creates a
/// [`ReadModelFixture`](crate::testing::contract::ReadModelFixture): a tuple of checkpoints, the repository of the
/// committed rows, and a value that must outlive them. It may await, and is evaluated once for each test.
///
/// ```
/// mod on_memory {
///     use eventsource::{MemoryCheckpoints, MemoryReadModels};
///
///     eventsource::read_model_contract!({
///         let checkpoints = MemoryCheckpoints::new();
///         let rows = MemoryReadModels::new(&checkpoints).repository();
///         (checkpoints, rows, ())
///     });
/// }
/// ```
#[macro_export]
macro_rules! read_model_contract {
    ($fresh:expr) => {
        $crate::__read_model_cases!([$crate::__bus_tests] run_on_read_models, $fresh);
    };
}

/// Creates a `#[test]` for each case of the contract of stores of the progress of engines. The expression creates a
/// [`ProjectionStateStoreFixture`](crate::testing::contract::ProjectionStateStoreFixture): a store that is `Clone`,
/// alone or in a tuple with a value that must outlive it. It may await, and is evaluated once for each test.
///
/// ```
/// mod on_memory {
///     eventsource::projection_state_store_contract!(eventsource::engine::MemoryProjectionStates::new());
/// }
/// ```
#[macro_export]
macro_rules! projection_state_store_contract {
    ($fresh:expr) => {
        $crate::__projection_state_store_cases!([$crate::__bus_tests] run_on_projection_states, $fresh);
    };
}

/// Creates a `#[test]` for each case of the contract of aggregate snapshot stores. The expression creates a
/// [`SnapshotStoreFixture`](crate::testing::contract::SnapshotStoreFixture): a store that is `Clone`, alone or in a
/// tuple with a value that must outlive it. It may await, and is evaluated once for each test.
///
/// ```
/// mod on_memory {
///     eventsource::snapshot_store_contract!(eventsource::aggregate::MemorySnapshots::new());
/// }
/// ```
#[macro_export]
macro_rules! snapshot_store_contract {
    ($fresh:expr) => {
        $crate::__snapshot_store_cases!([$crate::__bus_tests] run_on_snapshots, $fresh);
    };
}

//! Read models in another database than the log.

use eventsource::Inject;
use eventsource::admin::{Admin as _, DatabaseAdmin};
use eventsource::postgres::{PostgresCheckpoints, PostgresReadModels};
use eventsource::prelude::*;
use eventsource_tests::backend::{Backend as _, Postgres, Sql, Sqlite};
use eventsource_tests::domain::Bumped;
use eventsource_tests::postgres::Schema;
use eventsource_tests::sums::{BumpSums, SumRow};
use eventsource_tests::wait::DEADLINE;
use uuid::Uuid;

/// Appends the numbers of `bumps`. Returns the position of the last one.
async fn append(store: &impl EventStore, bumps: std::ops::RangeInclusive<u64>) -> Position {
    let mut last = Position::START;
    for by in bumps {
        let stream = StreamId::new("Counter", Uuid::from_u128(u128::from(by % 7)));
        let event = NewEvent::of(&Bumped { by }).unwrap();
        last = store.append(&stream, ExpectedVersion::Any, vec![event]).await.unwrap().position();
    }
    last
}

/// Each event was applied once: compares the rows with the log.
async fn check(store: &impl EventLog, rows: &ReadRepository<SumRow>) {
    let page = store.read_log(Position::START, &EventFilter::all(), PageLimit::events(1_000)).await.unwrap();
    let by = |event: &RecordedEvent| serde_json::from_str::<Bumped>(event.payload()).unwrap().by;
    let bumps = page.events.iter().map(|event| (event.position().value().cast_signed(), by(event).cast_signed()));
    let found = rows.find_stored(Query::all().order_by(SumRow::DIGIT.asc())).await.unwrap();
    assert!(BumpSums::counted_once(&found), "{found:#?}");
    let found: Vec<_> = found.into_iter().map(|row| row.into_inner()).collect();
    assert_eq!(found, BumpSums::fold(&bumps.collect::<Vec<_>>()));
}

async fn rows_follow_a_log_in_another_database<L: Sql, R: Sql>()
where
    Repository<SumRow>: Inject<<R::Checkpoints as CheckpointStore>::Unit>,
{
    let (log, rows) = (L::open().await, R::open().await);
    rows.ensure_tables(&BumpSums).await;
    let managers = [(); 2].map(|()| SubscriptionManager::new(log.store(), MemoryEventBus::new(), rows.checkpoints()));
    let [owner, standby] = &managers;
    let sums = owner.subscribe(BumpSums, SubscriptionConfig::from_beginning()).await.unwrap();
    owner.start().await.unwrap();
    sums.wait_for(append(&log.store(), 1..=40).await).within(DEADLINE).await.unwrap();
    check(&log.store(), &rows.rows()).await;

    let next = standby.subscribe(BumpSums, SubscriptionConfig::from_beginning()).await.unwrap();
    standby.start().await.unwrap();
    owner.stop().await.unwrap();
    let last = append(&log.store(), 41..=60).await;
    DatabaseAdmin::new(rows.checkpoints(), log.store()).wait_for("bump-sums", last.into(), DEADLINE).await.unwrap();
    next.rebuild_side_by_side().await.unwrap().await.unwrap();
    check(&log.store(), &rows.rows()).await;
    standby.stop().await.unwrap();

    assert!(log.checkpoints().list().await.unwrap().is_empty(), "the database of the log has no checkpoint");
    assert!(log.names().await.is_empty(), "the database of the log has no table of a read model");
}

#[tokio::test]
async fn rows_in_postgres_follow_a_log_in_a_file() {
    rows_follow_a_log_in_another_database::<Sqlite, Postgres>().await;
}

#[tokio::test]
async fn rows_in_a_file_follow_a_log_in_postgres() {
    rows_follow_a_log_in_another_database::<Postgres, Sqlite>().await;
}

/// The log goes on while the server of the rows is killed and comes back.
#[tokio::test]
async fn outage_of_the_rows_delays_them_and_not_the_log() {
    let log = Postgres::open().await;
    let (schema, server) = Schema::on_its_own_server().await;
    let mut server = server.unwrap();
    let db = schema.open().await;
    let models = PostgresReadModels::new(&db);
    models.ensure_tables(&BumpSums).await.unwrap();
    let manager = SubscriptionManager::new(log.store(), MemoryEventBus::new(), PostgresCheckpoints::new(&db));
    let sums = manager.subscribe(BumpSums, SubscriptionConfig::from_beginning()).await.unwrap();
    manager.start().await.unwrap();
    sums.wait_for(append(&log.store(), 1..=20).await).within(DEADLINE).await.unwrap();
    server.stop();
    let last = append(&log.store(), 21..=60).await;
    server.resume();
    sums.wait_for(last).within(DEADLINE).await.unwrap();
    check(&log.store(), &models.repository()).await;
    manager.stop().await.unwrap();
}

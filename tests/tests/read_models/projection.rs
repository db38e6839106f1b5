//! Projections into read models, at work in a manager.

use std::time::Duration;

use eventsource::prelude::*;
use eventsource::read_model::{ReadModel, Stored};
use eventsource::subscription::{FailurePolicy, RetryPolicy};
use eventsource_tests::domain::{Bumped, Cleared};
use uuid::Uuid;

use crate::world::{Batch, World, id};

crate::on_every_backend! {
    rows_follow_their_events
    a_rebuild_gives_the_same_rows
    a_failing_event_leaves_nothing_of_itself
    several_repositories_in_one_handler
}

/// How far a counter is.
#[derive(Debug, Clone, PartialEq, ReadModel)]
#[read_model(table = "counters")]
pub(crate) struct CounterRow {
    #[read_model(id)]
    pub(crate) id: Uuid,
    pub(crate) total: u64,
    #[read_model(json)]
    pub(crate) bumps: Vec<u64>,
}

/// How often anything has happened.
#[derive(Debug, Clone, PartialEq, ReadModel)]
#[read_model(table = "activity")]
pub(crate) struct ActivityRow {
    #[read_model(id)]
    pub(crate) what: String,
    pub(crate) times: u64,
}

/// Keeps both. A bump by 13 fails after it has written, as long as it is told to.
pub(crate) struct Counters;

#[projection(name = "counters", read_models(CounterRow, ActivityRow))]
impl Counters {
    #[handles(Bumped)]
    async fn bumped(
        &self,
        event: &Event<Bumped>,
        counters: &mut Repository<CounterRow>,
        activity: &mut Repository<ActivityRow>,
    ) -> Result<(), HandlerError> {
        let id = event.aggregate_id();
        let mut row = counters.get(id).await?.unwrap_or(CounterRow { id, total: 0, bumps: vec![] });
        row.total += event.by;
        row.bumps.push(event.by);
        counters.save(&row).await?;
        let times = activity.get("bump").await?.map_or(0, |row| row.times);
        activity.save(ActivityRow { what: "bump".to_owned(), times: times + 1 }).await?;
        if event.by == 13 {
            return Err(HandlerError::permanent("thirteen"));
        }
        Ok(())
    }

    #[handles(Cleared)]
    async fn cleared(
        &self,
        event: &Event<Cleared>,
        counters: &mut Repository<CounterRow>,
    ) -> Result<(), ReadModelError> {
        counters.soft_delete(event.aggregate_id()).await?;
        Ok(())
    }
}

pub(crate) async fn bump(store: &dyn EventStore, counter: u128, numbers: &[u64]) -> Position {
    let events = numbers.iter().map(|&by| NewEvent::of(&Bumped { by }).unwrap()).collect();
    append(store, counter, events).await
}

pub(crate) async fn append(store: &dyn EventStore, counter: u128, events: Vec<NewEvent>) -> Position {
    let stream = StreamId::new("Counter", id(counter));
    store.append(&stream, ExpectedVersion::Any, events).await.unwrap().position()
}

pub(crate) fn config(batch: usize) -> SubscriptionConfig {
    let policy = RetryPolicy::new(2, Duration::from_millis(1), Duration::from_millis(1));
    SubscriptionConfig::default().retry(policy).on_failure(FailurePolicy::Stop).batch_size(batch)
}

async fn subscribe<W: World>(
    world: &W,
    batch: usize,
) -> (SubscriptionManager<W::Checkpoints>, SubscriptionHandle<Counters>)
where
    Counters: EventSubscriber<W::Unit>,
{
    world.create::<CounterRow>().await;
    world.create::<ActivityRow>().await;
    let manager = SubscriptionManager::new(world.shared_store(), MemoryEventBus::new(), world.checkpoints());
    let handle = manager.subscribe(Counters, config(batch)).await.unwrap();
    (manager, handle)
}

async fn all<W: World>(world: &W) -> (Vec<Stored<CounterRow>>, Vec<Stored<ActivityRow>>) {
    let counters = world.rows::<CounterRow>().find_stored(Query::all().with_deleted()).await.unwrap();
    (counters, world.rows::<ActivityRow>().find_stored(Query::all()).await.unwrap())
}

async fn rows_follow_their_events<W: World>(world: &W)
where
    Counters: EventSubscriber<W::Unit>,
{
    let (manager, handle) = subscribe(world, 3).await;
    let store = world.store();
    bump(&*store, 1, &[1, 2, 3, 4]).await;
    bump(&*store, 2, &[5]).await;
    manager.start().await.unwrap();
    let position = append(&*store, 2, vec![NewEvent::of(&Cleared {}).unwrap()]).await;
    handle.wait_for(position).await.unwrap();
    let rows = world.rows::<CounterRow>();
    assert_eq!(rows.get(id(1)).await.unwrap().unwrap(), CounterRow { id: id(1), total: 10, bumps: vec![1, 2, 3, 4] });
    assert_eq!(rows.get(id(2)).await.unwrap(), None);
    let cleared = rows.get_stored(id(2)).await.unwrap().unwrap();
    let last = store
        .read_log(Position::START, &EventFilter::all(), PageLimit::events(100))
        .await
        .unwrap()
        .events
        .pop()
        .unwrap();
    assert_eq!((cleared.deleted_at(), cleared.updated_at()), (Some(last.occurred_at()), last.occurred_at()));
    assert_eq!(world.rows::<ActivityRow>().get("bump").await.unwrap().unwrap().times, 5);
    manager.stop().await.unwrap();
}

async fn a_rebuild_gives_the_same_rows<W: World>(world: &W)
where
    Counters: EventSubscriber<W::Unit>,
{
    let store = world.store();
    for round in 0..10 {
        bump(&*store, round % 4, &[1, 2, 3]).await;
        if round == 5 {
            append(&*store, 1, vec![NewEvent::of(&Cleared {}).unwrap()]).await;
        }
    }
    let mut models = Vec::new();
    for batch in [1, 7, 1000] {
        let (manager, handle) = subscribe(world, batch).await;
        if !models.is_empty() {
            handle.reset().await.unwrap();
            assert_eq!(all(world).await, (vec![], vec![]));
            assert_eq!(world.checkpoints().load("counters").await.unwrap(), None);
        }
        manager.start().await.unwrap();
        handle.caught_up().await.unwrap();
        manager.stop().await.unwrap();
        models.push(all(world).await);
    }
    assert_eq!(models[0].0.len(), 4);
    assert!(models.iter().all(|model| *model == models[0]), "whatever the size of the batches: {models:#?}");
}

async fn a_failing_event_leaves_nothing_of_itself<W: World>(world: &W)
where
    Counters: EventSubscriber<W::Unit>,
{
    let (manager, handle) = subscribe(world, 100).await;
    let store = world.store();
    let position = bump(&*store, 1, &[1, 2, 13, 4]).await;
    manager.start().await.unwrap();
    let error = handle.wait_for(position).await.unwrap_err().to_string();
    assert!(error.contains("position 3") && error.contains("thirteen"), "{error}");
    let row = world.rows::<CounterRow>().get_stored(id(1)).await.unwrap().unwrap();
    assert_eq!((row.total, row.version()), (3, 2));
    assert_eq!(world.rows::<ActivityRow>().get("bump").await.unwrap().unwrap().times, 2);
    let checkpoint = world.checkpoints().load("counters").await.unwrap().unwrap();
    assert_eq!(checkpoint.position, Position::new(2));
}

async fn several_repositories_in_one_handler<W: World>(world: &W) {
    world.create::<CounterRow>().await;
    world.create::<ActivityRow>().await;
    let mut batch: Batch<W::Unit> = world.batch().await;
    let mut counters = W::lend::<CounterRow>(&mut batch.unit).await;
    let mut activity = W::lend::<ActivityRow>(&mut batch.unit).await;
    let mut again = W::lend::<CounterRow>(&mut batch.unit).await;
    counters.save(CounterRow { id: id(1), total: 1, bumps: vec![] }).await.unwrap();
    activity.save(ActivityRow { what: "x".to_owned(), times: 1 }).await.unwrap();
    assert_eq!(again.get(id(1)).await.unwrap().unwrap().total, 1, "it is one identity map");
    again.save(CounterRow { id: id(1), total: 2, bumps: vec![] }).await.unwrap();
    assert_eq!(counters.get(id(1)).await.unwrap().unwrap().total, 2);
    batch.commit().await.unwrap();
    assert_eq!(all(world).await.0[0].version(), 2);
}

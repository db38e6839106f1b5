//! What the database refuses when the batch is written is blamed on the event whose change it was.

use eventsource::causes;
use eventsource::prelude::*;
use eventsource::projection::{ChangesRefused, CommitError, ErrorClass};
use eventsource::read_model::ReadModel;
use eventsource::subscription::{FailurePolicy, SubscriptionState};
use eventsource_tests::domain::Bumped;

use crate::projection::{bump, config};
use crate::world::{Database, Item, id, item};

/// A row for each bump; with `counting`, each handler also asks how many there are.
struct Bumps {
    counting: bool,
}

#[derive(Debug, Clone, PartialEq, ReadModel)]
#[read_model(table = "bump_rows")]
struct BumpRow {
    #[read_model(id)]
    position: u64,
    by: u64,
}

#[projection(name = "bumps", read_models(BumpRow))]
impl Bumps {
    #[handles(Bumped)]
    async fn bumped(&self, event: &Event<Bumped>, rows: &mut Repository<BumpRow>) -> Result<(), ReadModelError> {
        rows.save(BumpRow { position: event.position().value(), by: event.by }).await?;
        if self.counting && event.position().value().is_multiple_of(5) {
            rows.count(Query::all()).await?;
        }
        Ok(())
    }
}

crate::on_every_database! {
    the_event_is_found_and_those_before_it_are_kept
    the_same_where_handlers_also_count
    when_the_rule_is_gone_all_follows
    a_forgotten_table_puts_no_event_aside
    a_refused_batch_stays_refused_and_leaves_nothing
    an_operation_that_is_given_up_while_it_writes_is_never_written_twice
}

/// The table of [`BumpRow`], which refuses 13.
async fn refuse_13<D: Database>(world: &D) {
    let sql = world.table_sql::<BumpRow>().replace("\"bump_rows\"", "{schema}bump_rows");
    let by = format!("\"by\" {} NOT NULL", D::TYPES[1]);
    assert!(sql.contains(&by), "{sql}");
    world.run(&sql.replace(&by, &format!("{by} CHECK (by <> 13)"))).await.unwrap();
}

async fn the_event_is_found_and_those_before_it_are_kept<D: Database>(world: &D)
where
    Bumps: EventSubscriber<D::Unit>,
{
    the_event_is_found(world, false).await;
}

async fn the_same_where_handlers_also_count<D: Database>(world: &D)
where
    Bumps: EventSubscriber<D::Unit>,
{
    the_event_is_found(world, true).await;
}

async fn the_event_is_found<D: Database>(world: &D, counting: bool)
where
    Bumps: EventSubscriber<D::Unit>,
{
    refuse_13(world).await;
    let mut numbers: Vec<u64> = (100..200).collect();
    numbers[61] = 13;
    let position = bump(&*world.store(), 1, &numbers).await;
    let manager = SubscriptionManager::new(world.shared_store(), MemoryEventBus::new(), world.checkpoints());
    let handle = manager.subscribe(Bumps { counting }, config(1000)).await.unwrap();
    manager.start().await.unwrap();
    let error = handle.wait_for(position).await.unwrap_err();
    let SubscriptionState::Faulted { failure } = handle.inspect().await.state else { panic!("{error}") };
    assert_eq!((failure.position, failure.attempts), (Position::new(62), 1), "{error}");
    assert_eq!(failure.error.class(), ErrorClass::Permanent, "{error}");
    assert!(failure.error.is_caused_by::<ChangesRefused>() && error.to_string().contains("bump_rows"), "{error}");
    assert_eq!(world.rows::<BumpRow>().count(Query::all()).await.unwrap(), 61);
    let checkpoint = world.checkpoints().load("bumps").await.unwrap().unwrap();
    assert_eq!(checkpoint.position, Position::new(61));
}

async fn when_the_rule_is_gone_all_follows<D: Database>(world: &D)
where
    Bumps: EventSubscriber<D::Unit>,
{
    refuse_13(world).await;
    let position = bump(&*world.store(), 1, &[1, 13, 2, 13, 3]).await;
    let manager = SubscriptionManager::new(world.shared_store(), MemoryEventBus::new(), world.checkpoints());
    let handle = manager.subscribe(Bumps { counting: true }, config(1000)).await.unwrap();
    manager.start().await.unwrap();
    handle.wait_for(position).await.unwrap_err();
    manager.stop().await.unwrap();
    world.run("DROP TABLE {schema}bump_rows").await.unwrap();
    world.create::<BumpRow>().await;
    manager.start().await.unwrap();
    handle.wait_for(position).await.unwrap();
    let rows = world.rows::<BumpRow>().find(Query::all()).await.unwrap();
    assert_eq!(
        rows.iter().map(|row| row.by).collect::<Vec<_>>(),
        [13, 2, 13, 3],
        "the first one was in the other table"
    );
}

async fn a_forgotten_table_puts_no_event_aside<D: Database>(world: &D)
where
    Bumps: EventSubscriber<D::Unit>,
{
    let position = bump(&*world.store(), 1, &[1, 2, 3]).await;
    let manager = SubscriptionManager::new(world.shared_store(), MemoryEventBus::new(), world.checkpoints());
    let config = config(1000).on_failure(FailurePolicy::DeadLetter);
    let handle = manager.subscribe(Bumps { counting: false }, config).await.unwrap();
    manager.start().await.unwrap();
    let error = handle.wait_for(position).await.unwrap_err().to_string();
    assert!(error.contains("there is no table `bump_rows`") && error.contains("set it up"), "{error}");
    let status = handle.inspect().await;
    let SubscriptionState::Faulted { failure } = &status.state else { panic!("{status:?}") };
    assert_eq!((failure.position, failure.attempts, status.dead_letters.unwrap()), (Position::new(1), 1, 0));
    world.create::<BumpRow>().await;
    manager.start().await.unwrap();
    handle.wait_for(position).await.unwrap();
    assert_eq!(world.rows::<BumpRow>().count(Query::all()).await.unwrap(), 3);
    manager.stop().await.unwrap();
}

async fn a_refused_batch_stays_refused_and_leaves_nothing<D: Database>(world: &D) {
    world.run("CREATE UNIQUE INDEX one_name ON {schema}items (name)").await.unwrap();
    let mut batch = world.batch().await;
    let mut items = D::lend::<Item>(&mut batch.unit).await;
    items.save_many([item(1, "same", 1), item(2, "same", 2)]).await.unwrap();
    let error = items.find(Query::all()).await.unwrap_err();
    assert!(matches!(&error, ReadModelError::Refused(_)), "{error}");
    assert!(causes(&error).to_string().to_lowercase().contains("unique"), "{error}");
    // The handler may not look away.
    items.delete(id(2)).await.unwrap();
    let error = batch.commit().await.unwrap_err();
    assert!(matches!(error, CommitError::Refused(_)), "{error}");
    assert!(causes(&error).to_string().to_lowercase().contains("unique"), "{error}");
    assert!(world.names().await.is_empty());
    world.save([item(1, "same", 1)]).await;
}

async fn an_operation_that_is_given_up_while_it_writes_is_never_written_twice<D: Database>(world: &D) {
    world.save([item(1, "a", 1)]).await;
    let mut batch = world.batch().await;
    let mut items = D::lend::<Item>(&mut batch.unit).await;
    // So many that they cannot be written at the first go.
    items.save_many((1..20_000).map(|n| item(n, "b", 2)).collect::<Vec<_>>()).await.unwrap();
    {
        let mut counting = std::pin::pin!(items.count(Query::all()));
        std::future::poll_fn(|context| {
            assert!(counting.as_mut().poll(context).is_pending());
            std::task::Poll::Ready(())
        })
        .await;
    }
    let error = items.count(Query::all()).await.unwrap_err();
    assert!(causes(&error).to_string().contains("cancelled an operation while rows were being written"), "{error}");
    let error = batch.commit().await.unwrap_err();
    assert!(matches!(error, CommitError::Refused(_)), "{error}");
    assert_eq!(world.names().await, ["a"]);
}

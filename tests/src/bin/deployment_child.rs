//! `deployment_child sqlite FILE 1|2` and `deployment_child postgres URL SCHEMA 1|2`: one version of a service with a read
//! model, as the guide of a deployment starts it. It answers each line of its input with one line:
//! `rows`, `old` (the column that version 2 dropped), `new` (the column that version 2 added), `state`, `caught up`, `pause`,
//! `resume`, `stop`.

use std::error::Error;
use std::fmt::Display;
use std::io::BufRead as _;
use std::time::Duration;

use eventsource::postgres::{
    PostgresCheckpoints, PostgresDatabase, PostgresEventStore, PostgresOptions, PostgresReadModels,
};
use eventsource::prelude::*;
use eventsource::projection::EventSubscriber;
use eventsource::sqlite::{SqliteCheckpoints, SqliteDatabase, SqliteEventStore, SqliteReadModels};
use eventsource::subscription::OnChange;
use eventsource_tests::deployment::{First, FirstRow, Second, SecondRow, SharedRow};

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let mut argument = || arguments.next().ok_or("usage: see the first lines of this program");
    let (backend, place) = (argument()?, argument()?);
    if backend == "sqlite" {
        let db = SqliteDatabase::open(place).await?;
        let models = SqliteReadModels::new(&db);
        let version = argument()?;
        match &*version {
            "1" => models.ensure_tables(&First).await?,
            _ => models.ensure_tables(&Second).await?,
        }
        let rows = Rows { shared: models.repository(), first: models.repository(), second: models.repository() };
        let (store, checkpoints) = (SqliteEventStore::new(&db), SqliteCheckpoints::new(&db));
        let manager = SubscriptionManager::new(store, MemoryEventBus::new(), checkpoints);
        return run(manager, rows, &version).await;
    }
    let db = PostgresDatabase::open_with(PostgresOptions::new(&place)?.schema(argument()?)).await?;
    let models = PostgresReadModels::new(&db);
    let version = argument()?;
    match &*version {
        "1" => models.ensure_tables(&First).await?,
        _ => models.ensure_tables(&Second).await?,
    }
    let rows = Rows { shared: models.repository(), first: models.repository(), second: models.repository() };
    let (store, checkpoints) = (PostgresEventStore::new(&db), PostgresCheckpoints::new(&db));
    let manager = SubscriptionManager::new(store, MemoryEventBus::new(), checkpoints);
    run(manager, rows, &version).await
}

/// The read model as both versions read it.
struct Rows {
    shared: ReadRepository<SharedRow>,
    first: ReadRepository<FirstRow>,
    second: ReadRepository<SecondRow>,
}

async fn run<C: CheckpointStore>(
    manager: SubscriptionManager<C>,
    rows: Rows,
    version: &str,
) -> Result<(), Box<dyn Error>>
where
    First: EventSubscriber<C::Unit>,
    Second: EventSubscriber<C::Unit>,
{
    let config = SubscriptionConfig::default().batch_size(3).poll_interval(Duration::from_millis(5));
    let config = config.lease(Duration::from_millis(300)).on_change(OnChange::RebuildSideBySide);
    match version {
        "1" => answer(&manager, manager.subscribe(First, config).await, rows).await,
        _ => answer(&manager, manager.subscribe(Second, config).await, rows).await,
    }
}

/// Answers until the input ends. A version that is refused at `subscribe` says so, and reads on.
async fn answer<C: CheckpointStore, P: Send + Sync + 'static, E: Display>(
    manager: &SubscriptionManager<C>,
    subscribed: Result<SubscriptionHandle<P>, E>,
    rows: Rows,
) -> Result<(), Box<dyn Error>> {
    let handle = match subscribed {
        Ok(handle) => {
            manager.start().await?;
            Ok(handle)
        }
        Err(error) => Err(format!("refused: {error}")),
    };
    println!("started");
    for line in std::io::stdin().lock().lines() {
        let said = match (&*line?, &handle) {
            ("rows", _) => {
                said(rows.shared.find(Query::all()).await.map(|rows| rows.iter().map(|row| row.total).sum()))
            }
            ("old", _) => said(rows.first.find(Query::all()).await.map(|rows| rows.iter().map(|row| row.bumps).sum())),
            ("new", _) => {
                said(rows.second.find(Query::all()).await.map(|rows| rows.iter().map(|row| row.double).sum()))
            }
            // A pause would hold for the other process too.
            ("halt", _) => {
                manager.stop_one("bump-digits").await?;
                "halted".to_owned()
            }
            ("go on", _) => {
                manager.start_one("bump-digits").await?;
                "goes on".to_owned()
            }
            ("stop", _) => {
                manager.stop().await?;
                "stopped".to_owned()
            }
            (_, Err(refused)) => refused.clone(),
            ("caught up", Ok(handle)) => match handle.caught_up().within(Duration::from_secs(20)).await {
                Ok(_) => "caught up".to_owned(),
                Err(error) => error.to_string(),
            },
            (_, Ok(handle)) => handle.inspect().await.state.to_string(),
        };
        println!("{}", said.replace('\n', " "));
    }
    Ok(())
}

fn said(sum: Result<u64, ReadModelError>) -> String {
    sum.map_or_else(|error| error.to_string(), |sum| sum.to_string())
}

//! The program, in several versions.

use std::process::ExitCode;
use std::sync::Arc;

use eventsource::Inject;
use eventsource::postgres::{PostgresDatabase, PostgresReadModels};
use eventsource::prelude::*;
use eventsource::sqlite::{SqliteDatabase, SqliteReadModels};
use eventsource::subscription::SubscribeError;
use eventsource_cli::{App, Code, Stop};
use eventsource_tests::deployment::{First, FirstRow, Second, SecondRow};
use eventsource_tests::domain::{Bumped, Seen};
use eventsource_tests::orphan::end_with_parent;
use eventsource_tests::sums::{BumpSums, SumRow};

/// Runs a version of the program with the arguments of this process.
pub(crate) async fn run(version: &str) -> ExitCode {
    if version != "without code" && std::env::args().any(|argument| argument == "run") {
        end_with_parent();
    }
    let app = App::new("shop");
    match version {
        "1" => {
            let sqlite = Code::new(|_: SqliteDatabase, manager| first(manager)).prepare(|db| async move {
                let models = SqliteReadModels::new(&db);
                models.ensure_tables(&First).await?;
                models.ensure_tables(&BumpSums).await
            });
            let postgres = Code::new(|_: PostgresDatabase, manager| first(manager)).prepare(|db| async move {
                let models = PostgresReadModels::new(&db);
                models.ensure_tables(&First).await?;
                models.ensure_tables(&BumpSums).await
            });
            app.sqlite(sqlite.serve(|_, _, stop| serve(stop))).postgres(postgres).run().await
        }
        "2" => {
            let sqlite = Code::new(|_: SqliteDatabase, manager| second(manager));
            let postgres = Code::new(|_: PostgresDatabase, manager| second(manager));
            app.sqlite(sqlite).postgres(postgres).run().await
        }
        "slow" => {
            let sqlite = Code::new(|_: SqliteDatabase, manager| slow(manager));
            let postgres = Code::new(|_: PostgresDatabase, manager| slow(manager));
            app.sqlite(sqlite).postgres(postgres).run().await
        }
        "without code" => app.run().await,
        version => panic!("unknown version {version}"),
    }
}

async fn first<C: CheckpointStore>(manager: Arc<SubscriptionManager<C>>) -> Result<(), SubscribeError>
where
    Repository<FirstRow>: Inject<C::Unit>,
    Repository<SumRow>: Inject<C::Unit>,
{
    manager.subscribe(First, SubscriptionConfig::from_beginning()).await?;
    manager.subscribe(BumpSums, SubscriptionConfig::from_beginning()).await?;
    Ok(())
}

async fn second<C: CheckpointStore>(manager: Arc<SubscriptionManager<C>>) -> Result<(), SubscribeError>
where
    Repository<SecondRow>: Inject<C::Unit>,
{
    manager.subscribe(Second, SubscriptionConfig::from_beginning()).await?;
    manager.subscribe(Seen::default(), SubscriptionConfig::from_beginning()).await?;
    Ok(())
}

async fn slow<C: CheckpointStore>(manager: Arc<SubscriptionManager<C>>) -> Result<(), SubscribeError>
where
    Repository<SlowRow>: Inject<C::Unit>,
{
    manager.subscribe(Slow, SubscriptionConfig::from_beginning()).await?;
    Ok(())
}

/// The row of [`Slow`].
#[derive(Debug, Clone, PartialEq, Eq, ReadModel)]
#[read_model(table = "slow_bumps")]
struct SlowRow {
    #[read_model(id)]
    position: u64,
}

/// Tells by a file that its first event has come, and never ends with it: the file that `SHOP_CALLED` names.
struct Slow;

#[projection(name = "slow", read_models(SlowRow))]
impl Slow {
    #[handles(Bumped)]
    async fn bumped(&self, event: &Event<Bumped>, rows: &mut Repository<SlowRow>) -> Result<(), HandlerError> {
        rows.save(SlowRow { position: event.position().value() }).await?;
        if let Some(called) = std::env::var_os("SHOP_CALLED") {
            std::fs::write(called, "").map_err(HandlerError::transient)?;
            std::future::pending::<()>().await;
        }
        Ok(())
    }
}

async fn serve(stop: Stop) -> Result<(), std::io::Error> {
    println!("serving");
    stop.requested().await;
    println!("stopping");
    Ok(())
}

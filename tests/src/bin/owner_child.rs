//! `owner_child sqlite FILE FAULTS STEP SIGNAL` and `owner_child postgres URL SCHEMA FAULTS STEP SIGNAL`: projects the sums of
//! bumps and serves requests. It sends the signal to itself before the call STEP of a request; 0 sends none. Bumps by the
//! numbers in the file FAULTS fail, and those in a line that ends with ` stop` fault the subscription.
//!
//! With `forget` as FAULTS it is an operator who forgets the subscription `sums`, and the calls of that are counted.

use std::error::Error;
use std::time::Duration;

use eventsource::Inject;
use eventsource::admin::{Admin as _, Asked, DatabaseAdmin};
use eventsource::postgres::{PostgresCheckpoints, PostgresDatabase, PostgresEventStore, PostgresOptions};
use eventsource::prelude::*;
use eventsource::sqlite::{SqliteCheckpoints, SqliteDatabase, SqliteEventStore};
use eventsource::subscription::{Action, FailurePolicy, RetryPolicy};
use eventsource_tests::at_step::AtStep;
use eventsource_tests::domain::Bumped;
use eventsource_tests::orphan::end_with_parent;
use eventsource_tests::sums::SumRow;
use eventsource_tests::wait::DEADLINE;

type Done = Result<(), Box<dyn Error>>;

/// Sums, and fails as its file says.
struct Sums(String);

#[projection(name = "sums", read_models(SumRow))]
impl Sums {
    #[handles(Bumped)]
    async fn bumped(&self, event: &Event<Bumped>, sums: &mut Repository<SumRow>) -> Result<(), HandlerError> {
        let faults = std::fs::read_to_string(&self.0).unwrap_or_default();
        if faults.lines().any(|by| by == event.by.to_string()) {
            return Err(HandlerError::permanent("never"));
        }
        if faults.lines().any(|line| line == format!("{} stop", event.by)) {
            return Err(HandlerError::transient("not yet"));
        }
        let digit = event.by % 10;
        let row = sums.get(digit).await?.unwrap_or(SumRow { digit, total: 0, bumps: 0, last: 0 });
        let (total, bumps, last) = (row.total + event.by, row.bumps + 1, event.position().value());
        Ok(sums.save(SumRow { digit, total, bumps, last }).await?)
    }
}

#[tokio::main]
async fn main() -> Done {
    let arguments: Vec<_> = std::env::args().skip(1).collect();
    let arguments: Vec<_> = arguments.iter().map(String::as_str).collect();
    end_with_parent();
    match arguments[..] {
        ["sqlite", file, faults, step, signal] => {
            let db = SqliteDatabase::open(file).await?;
            let checkpoints = AtStep::new(SqliteCheckpoints::new(&db), step.parse()?, signal);
            work(SqliteEventStore::new(&db), checkpoints, faults).await
        }
        ["postgres", url, schema, faults, step, signal] => {
            let options = PostgresOptions::new(url)?.schema(schema);
            let options = options.idle_in_transaction_session_timeout(Duration::from_secs(2));
            let db = PostgresDatabase::open_with(options).await?;
            let checkpoints = AtStep::new(PostgresCheckpoints::new(&db), step.parse()?, signal);
            work(PostgresEventStore::new(&db), checkpoints, faults).await
        }
        _ => Err("usage: see the first lines of this program".into()),
    }
}

async fn forget<C: CheckpointStore>(store: impl EventStore, checkpoints: AtStep<C>) -> Done {
    let admin = DatabaseAdmin::new(checkpoints.from_now(), store);
    println!("started");
    admin.carry_out("sums", Action::Forget {}, Asked::by("ada").within(DEADLINE)).await?;
    println!("forgotten");
    std::future::pending().await
}

async fn work<C: CheckpointStore>(store: impl EventStore, checkpoints: AtStep<C>, faults: &str) -> Done
where
    Repository<SumRow>: Inject<C::Unit>,
{
    if faults == "forget" {
        return forget(store, checkpoints).await;
    }
    let manager = SubscriptionManager::new(store, MemoryEventBus::new(), checkpoints);
    let retry = RetryPolicy::new(1, Duration::from_millis(1), Duration::from_millis(1));
    let config = SubscriptionConfig::default().batch_size(5).lease(Duration::from_millis(300)).retry(retry);
    let config = config.poll_interval(Duration::from_millis(20)).on_transient_failure(FailurePolicy::Stop);
    manager.subscribe(Sums(faults.to_owned()), config).await?;
    manager.start().await?;
    println!("started");
    std::future::pending().await
}

//! The bank under kills: a child process does the work and is killed at random moments, until the work is done.

use std::io::Read as _;
use std::process::Stdio;
use std::time::Duration;

use eventsource::fold::project;
use eventsource::prelude::*;
use tokio::process::{Child, Command};
use tokio::time::{Instant, sleep};

use crate::audit::audit;
use crate::balances::Balances;
use crate::branch::{Branch, Result};
use crate::ledger::Ledger;
use crate::place::Place;
use crate::plan::{Plan, Random};
use crate::print::{self, dollars};
use crate::statements::Statements;
use crate::transfers::Transfers;
use crate::{postgres, sqlite};

const OPERATIONS: u64 = 300;

/// About so many events does a plan append, so that the kills are spread over all of it.
const EVENTS: u64 = 800;

/// What a child must have done within this time.
const DEADLINE: Duration = Duration::from_secs(60);

/// Runs children on `place` and kills so many of them, runs one to its end, and audits.
pub async fn kill(place: &Place, seed: u64, kills: u64) -> Result<()> {
    println!("seed {seed}: --kill --kills {kills} --seed {seed} draws the same operations and moments");
    match place {
        Place::Sqlite { file } => {
            let db = sqlite::open(file).await?;
            kill_children(place, &db.event_store(), seed, kills).await?;
            finish(&sqlite::start(&db, config()?).await?).await?;
            db.close().await;
        }
        Place::Postgres { url, schema } => {
            let db = postgres::open(url, schema).await?;
            kill_children(place, &db.event_store(), seed, kills).await?;
            finish(&postgres::start(&db, config()?).await?).await?;
            postgres::remove(&db, schema).await?;
        }
    }
    Ok(())
}

async fn kill_children(place: &Place, store: &impl EventStore, seed: u64, kills: u64) -> Result<()> {
    let mut random = Random(seed);
    let mut half_done = 0;
    for number in 1..=kills {
        let mut child = start(place, seed)?;
        let before = store.head().await?.value();
        let begun = Instant::now();
        if number % 4 == 0 {
            // At any moment: also before the child has opened the database.
            sleep(Duration::from_millis(random.below(200))).await;
        } else {
            let some = before + 1 + random.below((2 * EVENTS / kills).max(1));
            while store.head().await?.value() < some && child.try_wait()?.is_none() {
                require(begun.elapsed() < DEADLINE, "a child did nothing")?;
                sleep(Duration::from_millis(1)).await;
            }
        }
        child.kill().await?;
        let unfinished = print_log(store, number).await?;
        half_done += u64::from(unfinished > 0);
    }
    println!("{half_done} of {kills} kills left transfers half done");

    let mut last = start(place, seed)?;
    // Kept open: a child ends where its parent does.
    let _alive = last.stdin.take();
    let status = tokio::time::timeout(DEADLINE, last.wait()).await??;
    require(status.success(), "the last child failed")
}

/// Audits what the children have left.
async fn finish<C: CheckpointStore>(branch: &Branch<C>) -> Result<()>
where
    Statements: EventSubscriber<C::Unit>,
    Transfers: EventSubscriber<C::Unit>,
{
    println!("the last child has done the rest; the audit:");
    branch.settled().await?;
    print::audit(&audit(branch).await?)?;
    branch.stop().await
}

/// The child: the policy, the projections and the plan, until all is done. It ends with its parent.
pub async fn work(place: &Place, seed: u64) -> Result<()> {
    std::thread::spawn(|| {
        let _ = std::io::stdin().read(&mut [0]);
        std::process::exit(1);
    });
    match place {
        Place::Sqlite { file } => {
            let db = sqlite::open(file).await?;
            run(&sqlite::start(&db, config()?).await?, seed).await?;
            db.close().await;
        }
        Place::Postgres { url, schema } => {
            let db = postgres::open(url, schema).await?;
            run(&postgres::start(&db, config()?).await?, seed).await?;
            db.close().await;
        }
    }
    Ok(())
}

async fn run<C: CheckpointStore>(branch: &Branch<C>, seed: u64) -> Result<()>
where
    Statements: EventSubscriber<C::Unit>,
    Transfers: EventSubscriber<C::Unit>,
{
    Plan { seed, operations: OPERATIONS }.run(&branch.bank).await?;
    branch.settled().await?;
    branch.stop().await
}

/// A child takes over the checkpoints of the one that was killed after this time, in place of 4 s.
fn config() -> Result<SubscriptionConfig> {
    Ok(SubscriptionConfig::default().lease(Duration::from_millis(300)))
}

fn start(place: &Place, seed: u64) -> Result<Child> {
    let mut command = Command::new(std::env::current_exe()?);
    command.arg("--work").args(place.arguments()).arg("--seed").arg(seed.to_string());
    Ok(command.stdin(Stdio::piped()).stdout(Stdio::null()).kill_on_drop(true).spawn()?)
}

/// Prints where the log stands after a kill, and returns how many transfers have not ended.
async fn print_log(store: &impl EventStore, number: u64) -> Result<usize> {
    let head = store.head().await?;
    let ledger = project::<Ledger>(store).run().await?.state;
    let balances = project::<Balances>(store).run().await?.state;
    let total = ledger.check_total(&balances)?;
    require(ledger.faults.is_empty(), &ledger.faults.join("\n"))?;
    let (unfinished, under_way) = (ledger.unfinished.len(), dollars(ledger.money_under_way()));
    println!(
        "   kill {number:>2} at position {head:>4}: {unfinished:>3} transfers half done, {under_way:>8} under way, total {}",
        dollars(total)
    );
    Ok(unfinished)
}

fn require(holds: bool, otherwise: &str) -> Result<()> {
    if holds { Ok(()) } else { Err(otherwise.into()) }
}

//! The bank under kills: a child process does the work and is killed at random moments, until the work is done.

use std::io::Read as _;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use eventsource::fold::project;
use eventsource::prelude::*;
use eventsource::store::sqlite::SqliteEventStore;
use tokio::process::{Child, Command};
use tokio::time::{Instant, sleep};

use crate::audit::audit;
use crate::balances::Balances;
use crate::branch::Result;
use crate::ledger::Ledger;
use crate::plan::{Plan, Random};
use crate::print::{self, dollars};
use crate::sqlite;

const OPERATIONS: u64 = 300;

/// About so many events does a plan append, so that the kills are spread over all of it.
const EVENTS: u64 = 800;

/// What a child must have done within this time.
const DEADLINE: Duration = Duration::from_secs(60);

/// Runs children on `file` and kills so many of them, runs one to its end, and audits.
pub async fn kill(file: &Path, seed: u64, kills: u64) -> Result<()> {
    println!("seed {seed}: --kill --kills {kills} --seed {seed} draws the same operations and moments");
    let db = sqlite::open(file).await?;
    let store = SqliteEventStore::new(&db);
    let mut random = Random(seed);
    let mut half_done = 0;
    for number in 1..=kills {
        let mut child = start(file, seed)?;
        let before = store.head().await?.value();
        let begun = Instant::now();
        if number % 4 == 0 {
            // At any moment: also before the child has opened the file.
            sleep(Duration::from_millis(random.below(200))).await;
        } else {
            let some = before + 1 + random.below((2 * EVENTS / kills).max(1));
            while store.head().await?.value() < some && child.try_wait()?.is_none() {
                require(begun.elapsed() < DEADLINE, "a child did nothing")?;
                sleep(Duration::from_millis(1)).await;
            }
        }
        child.kill().await?;
        let unfinished = print_log(&store, number).await?;
        half_done += u64::from(unfinished > 0);
    }
    println!("{half_done} of {kills} kills left transfers half done");

    let mut last = start(file, seed)?;
    // Kept open: a child ends where its parent does.
    let _alive = last.stdin.take();
    let status = tokio::time::timeout(DEADLINE, last.wait()).await??;
    require(status.success(), "the last child failed")?;

    println!("the last child has done the rest; the audit:");
    let branch = sqlite::start(&db, config()?).await?;
    branch.settled().await?;
    print::audit(&audit(&branch).await?)?;
    branch.stop().await?;
    db.close().await;
    Ok(())
}

/// The child: the policy, the projections and the plan, until all is done. It ends with its parent.
pub async fn work(file: &Path, seed: u64) -> Result<()> {
    std::thread::spawn(|| {
        let _ = std::io::stdin().read(&mut [0]);
        std::process::exit(1);
    });
    let db = sqlite::open(file).await?;
    let branch = sqlite::start(&db, config()?).await?;
    Plan { seed, operations: OPERATIONS }.run(&branch.bank).await?;
    branch.settled().await?;
    branch.stop().await?;
    db.close().await;
    Ok(())
}

/// A child takes over the checkpoints of the one that was killed after this time, in place of 4 s.
fn config() -> Result<SubscriptionConfig> {
    Ok(SubscriptionConfig::default().lease(Duration::from_millis(300))?)
}

fn start(file: &Path, seed: u64) -> Result<Child> {
    let mut command = Command::new(std::env::current_exe()?);
    command.arg("--work").arg(file).arg("--seed").arg(seed.to_string());
    Ok(command.stdin(Stdio::piped()).stdout(Stdio::null()).kill_on_drop(true).spawn()?)
}

/// Prints where the log stands after a kill, and returns how many transfers have not ended.
async fn print_log(store: &SqliteEventStore, number: u64) -> Result<usize> {
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

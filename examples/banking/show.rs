//! The demonstration: a transfer that a crash interrupts, transfers that end otherwise, and what the projections tell.

use std::path::Path;

use eventsource::fold::project;
use eventsource::prelude::*;
use eventsource::sqlite::SqliteEventStore;
use uuid::Uuid;

use crate::audit::audit;
use crate::balances::Balances;
use crate::bank::{Bank, Step};
use crate::branch::Result;
use crate::ledger::Ledger;
use crate::print::{self, dollars};
use crate::sqlite;

fn id(name: &str) -> Uuid {
    Uuid::new_v5(&Uuid::NAMESPACE_OID, name.as_bytes())
}

pub async fn show(file: &Path) -> Result<()> {
    let db = sqlite::open(file).await?;
    let [alice, bob, carol, missing] = ["alice", "bob", "carol", "missing"].map(id);

    println!("1. Opening accounts, while neither the policy nor a projection runs");
    let store = db.event_store();
    let bank = Bank::new(store.clone(), MemoryEventBus::new());
    for (account, owner) in [(alice, "Alice"), (bob, "Bob"), (carol, "Carol")] {
        bank.open(account, owner).await?;
    }
    bank.deposit(id("first deposit"), alice, 100_000).await?;
    bank.deposit(id("second deposit"), bob, 50_000).await?;
    let again = bank.deposit(id("second deposit"), bob, 50_000).await?;
    println!("   Bob's deposit was executed twice and is stored once: {}", again.is_repeated);
    bank.empty_and_close(id("close carol"), carol).await?;

    println!("\n2. Alice sends Bob 250.00, and the process dies after the money has left Alice");
    let transfer = id("rent");
    bank.transfer(transfer, alice, bob, 25_000).await?;
    // The first step of the policy, without the ones after it: what a crash leaves.
    bank.account_step(transfer, Step::Send, alice, |alice| alice.send(transfer, bob, 25_000).ok()).await?;
    print_ledger(&store).await?;

    println!("\n3. The policy starts: it repeats the step that is done, and takes the next ones");
    let branch = sqlite::start(&db, SubscriptionConfig::default()).await?;
    branch.settled().await?;
    print::accounts(&branch).await?;
    print_ledger(&store).await?;

    println!("\n4. Transfers to a closed account, to none, and without the money");
    branch.bank.transfer(id("gift"), alice, carol, 10_000).await?;
    branch.settled().await?;
    branch.bank.transfer(id("mistake"), alice, missing, 5_000).await?;
    branch.settled().await?;
    branch.bank.transfer(id("yacht"), bob, alice, 999_900).await?;
    branch.settled().await?;
    print::transfers(&branch).await?;

    println!("\n5. Alice's statement");
    print::statement(&branch, alice).await?;

    println!("\n6. The largest transactions");
    print::largest(&branch).await?;

    println!("\n7. The audit");
    print::audit(&audit(&branch).await?)?;
    branch.stop().await?;
    db.close().await;
    Ok(())
}

async fn print_ledger(store: &SqliteEventStore) -> Result<()> {
    let ledger = project::<Ledger>(store).run().await?.state;
    let balances = project::<Balances>(store).run().await?.state;
    let total = ledger.check_total(&balances)?;
    println!("   in the log: {} under way, total {}", dollars(ledger.money_under_way()), dollars(total));
    Ok(())
}

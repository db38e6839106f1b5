//! Steps of transfers that come twice, late, or from two policies at the same time.

use eventsource::prelude::*;
use uuid::Uuid;

use crate::account::{MoneySent, Reason, SendingDeclined};
use crate::audit::audit;
use crate::bank::{Bank, Step};
use crate::plan::Plan;
use crate::transfers::TransferStatus;
use crate::world::World;

fn id() -> Uuid {
    Uuid::now_v7()
}

async fn bank(world: &World, accounts: [Uuid; 2]) -> Bank {
    let bank = Bank::new(world.store.clone(), MemoryEventBus::new());
    for account in accounts {
        bank.open(account, "owner").await.unwrap();
    }
    bank
}

#[test]
fn declined_step_stays_declined_when_money_arrives() {
    World::new().life(async |world| {
        let (sender, receiver, transfer) = (id(), id(), id());
        let bank = bank(world, [sender, receiver]).await;
        let send = |account: &crate::account::Account| match account.send(transfer, receiver, 100) {
            Ok(sent) => (Some(sent), None),
            Err(declined) => (None, Some(declined)),
        };
        let first = bank.account_step(transfer, Step::Send, sender, send).await.unwrap();
        assert_eq!(first.events[0].event_type(), SendingDeclined::NAME);

        bank.deposit(id(), sender, 100).await.unwrap();
        let again = bank.account_step(transfer, Step::Send, sender, send).await.unwrap();
        assert!(again.is_repeated);
        assert_eq!(again.events[0].event_type(), SendingDeclined::NAME);
    });
}

#[test]
fn refund_reopens_an_account_that_was_closed_meanwhile() {
    World::new().life(async |world| {
        let (sender, receiver, transfer) = (id(), id(), id());
        let bank = bank(world, [sender, receiver]).await;
        bank.deposit(id(), sender, 100).await.unwrap();
        bank.empty_and_close(id(), receiver).await.unwrap();
        bank.transfer(transfer, sender, receiver, 100).await.unwrap();
        let send = |account: &crate::account::Account| account.send(transfer, receiver, 100).ok();
        let sent = bank.account_step(transfer, Step::Send, sender, send).await.unwrap();
        assert_eq!(sent.events[0].event_type(), MoneySent::NAME);
        bank.empty_and_close(id(), sender).await.unwrap();

        let branch = world.start(world.store.clone()).await.unwrap();
        branch.settled().await.unwrap();
        let row = branch.rows.transfers.get(transfer).await.unwrap().unwrap();
        assert_eq!((row.status, row.reason), (TransferStatus::Refunded, Some(Reason::Closed.to_string())));
        assert!(branch.rows.accounts.get(sender).await.unwrap().unwrap().is_open);
        let audit = audit(&branch).await.unwrap();
        assert_eq!((audit.accounts, audit.total, audit.under_way, audit.faults), (2, 100, 0, vec![]));
        bank.withdraw(id(), sender, 100).await.unwrap();
    });
}

#[test]
fn transfers_to_missing_accounts_and_without_money_end_with_a_reason() {
    World::new().life(async |world| {
        let (sender, receiver) = (id(), id());
        let bank = bank(world, [sender, receiver]).await;
        bank.deposit(id(), sender, 100).await.unwrap();
        let branch = world.start(world.store.clone()).await.unwrap();
        for (from, to, cents, status, reason) in [
            (sender, receiver, 101, TransferStatus::Refused, Reason::NotEnoughMoney),
            (id(), receiver, 1, TransferStatus::Refused, Reason::NoSuchAccount),
            (sender, id(), 1, TransferStatus::Refunded, Reason::NoSuchAccount),
        ] {
            let transfer = id();
            bank.transfer(transfer, from, to, cents).await.unwrap();
            branch.settled().await.unwrap();
            let row = branch.rows.transfers.get(transfer).await.unwrap().unwrap();
            assert_eq!((row.status, row.reason), (status, Some(reason.to_string())));
        }
        assert_eq!(branch.balances.read().await.cents[&sender], 100);
        assert!(audit(&branch).await.unwrap().faults.is_empty());
    });
}

#[test]
fn two_policies_at_once_end_each_transfer_once() {
    // The second policy has checkpoints of its own, as one that is fenced and does not know it yet.
    World::new().life(async |world| {
        let other = World::new();
        let branch = world.start(world.store.clone()).await.unwrap();
        let second = other.start(world.store.clone()).await.unwrap();
        let answers = Plan { seed: 7, operations: 60 }.run(&branch.bank).await.unwrap();
        for branch in [&branch, &second] {
            branch.settled().await.unwrap();
        }
        for branch in [&branch, &second] {
            branch.settled().await.unwrap();
            let audit = audit(branch).await.unwrap();
            assert_eq!((audit.total, audit.transfers, audit.faults), (answers.money, answers.transfers, vec![]));
        }
    });
}

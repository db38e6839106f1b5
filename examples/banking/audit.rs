//! The audit: it folds every balance from the log and compares it with all that the projections say.

use std::collections::BTreeMap;

use eventsource::engine::MemoryProjectionStates;
use eventsource::fold::{project, project_from};
use eventsource::prelude::*;

use crate::balances::Balances;
use crate::branch::{Branch, Result};
use crate::largest;
use crate::ledger::Ledger;
use crate::statements::StatementLine;
use crate::transfers::TransferStatus;

/// What an audit has found.
#[derive(Debug)]
pub struct Audit {
    pub total: i64,
    pub accounts: usize,
    pub transfers: usize,
    pub under_way: i64,
    /// What is wrong; empty where all is well.
    pub faults: Vec<String>,
}

/// Audits a branch that has settled: nothing may be half done.
pub async fn audit<C: CheckpointStore>(branch: &Branch<C>) -> Result<Audit> {
    let store = &*branch.store;
    let ledger = project::<Ledger>(store).run().await?.state;
    let folded = project::<Balances>(store).run().await?.state;
    let mut faults = ledger.faults.clone();
    let total = ledger.check_total(&folded).unwrap_or_else(|fault| {
        faults.push(fault);
        0
    });
    for (transfer, position) in &ledger.unfinished {
        faults.push(format!("transfer {transfer}: requested at position {position} and half done"));
    }
    for (account, cents) in folded.cents.iter().filter(|(_, cents)| **cents < 0) {
        faults.push(format!("account {account}: overdrawn by {} cents", -cents));
    }
    compare(branch, &folded, &mut faults).await?;

    let rows = branch.rows.transfers.find(Query::all()).await?;
    let is_open = |status| matches!(status, TransferStatus::Requested | TransferStatus::UnderWay);
    let open = rows.iter().filter(|row| is_open(row.status)).count();
    if open != ledger.unfinished.len() || rows.len() != ledger.unfinished.len() + ledger.ended {
        faults.push(format!("the rows tell {} transfers, {open} of them not ended", rows.len()));
    }
    let (accounts, under_way) = (folded.cents.len(), ledger.money_under_way());
    Ok(Audit { total, accounts, transfers: rows.len(), under_way, faults })
}

/// Compares the projections with what was folded from the log.
async fn compare<C: CheckpointStore>(branch: &Branch<C>, folded: &Balances, faults: &mut Vec<String>) -> Result<()> {
    if *branch.balances.read().await != *folded {
        faults.push("the balances in memory differ from the log".to_owned());
    }

    let accounts = branch.rows.accounts.find(Query::all()).await?;
    let rows: BTreeMap<_, _> = accounts.iter().map(|account| (account.id, account.balance)).collect();
    if rows != folded.cents {
        faults.push("the balances in the accounts' rows differ from the log".to_owned());
    }

    for account in &accounts {
        let mine = Query::from(StatementLine::ACCOUNT.eq(account.id)).order_by(StatementLine::NUMBER.asc());
        let mut balance = 0;
        let mut number = 0;
        for line in branch.rows.lines.find(mine).await? {
            balance += line.cents;
            number += 1;
            if line.balance_after != balance || line.number != number {
                faults.push(format!("line {} in the statement of {} is wrong", line.number, account.owner));
            }
        }
        if balance != account.balance || number != account.lines {
            faults.push(format!("the statement of {} does not end with its balance", account.owner));
        }
    }

    let largest = project_from(largest::engine(MemoryProjectionStates::new()), &*branch.store).run().await?.state;
    if branch.largest.read().await.state() != largest.state() {
        faults.push("the largest transactions differ from the log".to_owned());
    }
    Ok(())
}

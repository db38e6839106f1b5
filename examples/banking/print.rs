//! What the program prints.

use std::collections::BTreeMap;

use eventsource::prelude::*;
use uuid::Uuid;

use crate::audit::Audit;
use crate::branch::{Branch, Result};
use crate::statements::{AccountRow, StatementLine};
use crate::transfers::TransferRow;

/// An amount in cents as dollars, such as `-12.50`.
pub fn dollars(cents: i64) -> String {
    let sign = if cents < 0 { "-" } else { "" };
    let cents = cents.unsigned_abs();
    format!("{sign}{}.{:02}", cents / 100, cents % 100)
}

/// The owners of the accounts.
pub async fn owners<C: CheckpointStore>(branch: &Branch<C>) -> Result<BTreeMap<Uuid, String>> {
    let accounts = branch.rows.accounts.find(Query::all()).await?;
    Ok(accounts.into_iter().map(|account| (account.id, account.owner)).collect())
}

pub async fn accounts<C: CheckpointStore>(branch: &Branch<C>) -> Result<()> {
    for account in branch.rows.accounts.find(Query::all().order_by(AccountRow::OWNER.asc())).await? {
        let state = if account.is_open { "open" } else { "closed" };
        println!("   {:<6} {:>9}  {state}", account.owner, dollars(account.balance));
    }
    Ok(())
}

pub async fn transfers<C: CheckpointStore>(branch: &Branch<C>) -> Result<()> {
    let owners = owners(branch).await?;
    let name = |id: &Uuid| owners.get(id).map_or("(missing)", String::as_str);
    for row in branch.rows.transfers.find(Query::all().order_by(TransferRow::REQUESTED_AT.asc())).await? {
        let reason = row.reason.map_or(String::new(), |reason| format!(": {reason}"));
        let (sender, receiver) = (name(&row.sender), name(&row.receiver));
        println!("   {sender:<6} to {receiver:<9} {:>8}  {}{reason}", dollars(row.cents), row.status);
    }
    Ok(())
}

pub async fn statement<C: CheckpointStore>(branch: &Branch<C>, account: Uuid) -> Result<()> {
    let lines = Query::from(StatementLine::ACCOUNT.eq(account)).order_by(StatementLine::NUMBER.asc());
    for line in branch.rows.lines.find(lines).await? {
        let (cents, after) = (dollars(line.cents), dollars(line.balance_after));
        println!("   {:>2}  {:<10} {cents:>9}  {after:>9}", line.number, line.movement);
    }
    Ok(())
}

pub async fn largest<C: CheckpointStore>(branch: &Branch<C>) -> Result<()> {
    let owners = owners(branch).await?;
    for transaction in &branch.largest.read().await.state().0 {
        let owner = owners.get(&transaction.account).map_or("(missing)", String::as_str);
        println!("   {:>9}  {} by {owner}", dollars(transaction.cents.cast_signed()), transaction.movement);
    }
    Ok(())
}

/// Prints an audit.
///
/// # Errors
/// What the audit has found to be wrong.
pub fn audit(audit: &Audit) -> Result<()> {
    let Audit { total, accounts, transfers, under_way, faults } = audit;
    println!("   {accounts} accounts, {transfers} transfers, {} under way", dollars(*under_way));
    println!("   total {}: what was deposited, less what was withdrawn", dollars(*total));
    if !faults.is_empty() {
        return Err(format!("the audit has found faults:\n   {}", faults.join("\n   ")).into());
    }
    println!("   balances in memory, accounts, statements and largest transactions agree with the log");
    Ok(())
}

//! The bank: what it prints, and that no crash loses money.
#![allow(clippy::unwrap_used, reason = "a test fails by a panic")]

#[path = "../../banking/account.rs"]
mod account;
#[path = "../../banking/audit.rs"]
mod audit;
mod backends;
#[path = "../../banking/balances.rs"]
mod balances;
#[path = "../../banking/bank.rs"]
mod bank;
#[path = "../../banking/branch.rs"]
mod branch;
#[path = "../../banking/largest.rs"]
mod largest;
#[path = "../../banking/ledger.rs"]
mod ledger;
mod life;
mod output;
#[path = "../../banking/plan.rs"]
mod plan;
#[path = "../../banking/policy.rs"]
mod policy;
#[path = "../../banking/postgres.rs"]
mod postgres;
mod property;
#[path = "../../banking/sqlite.rs"]
mod sqlite;
#[path = "../../banking/statements.rs"]
mod statements;
mod steps;
#[path = "../../banking/transfer.rs"]
mod transfer;
#[path = "../../banking/transfers.rs"]
mod transfers;
mod world;

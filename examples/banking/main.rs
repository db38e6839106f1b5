//! A bank: accounts, and transfers between them that survive a crash at any point.
//!
//! `cargo run --bin banking` shows it on a temporary SQLite file; `cargo run --bin banking -- --kill` kills its processes
//! at random moments and audits the accounts afterwards, on PostgreSQL with `--postgres URL`.

mod account;
mod args;
mod audit;
mod balances;
mod bank;
mod branch;
mod kill;
mod largest;
mod ledger;
mod place;
mod plan;
mod policy;
mod postgres;
mod print;
mod show;
mod sqlite;
mod statements;
mod transfer;
mod transfers;

use std::process::ExitCode;

use args::{Args, Mode};
use place::Place;

#[tokio::main]
async fn main() -> ExitCode {
    match run(Args::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("banking: {}", eventsource::causes(&*error));
            ExitCode::FAILURE
        }
    }
}

async fn run(args: Args) -> branch::Result<()> {
    // Removed with the file when the program ends.
    let folder = tempfile::tempdir()?;
    let place = args.place.unwrap_or_else(|| Place::Sqlite { file: folder.path().join("bank.db") });
    match (args.mode, place) {
        (Mode::Show, Place::Sqlite { file }) => show::show(&file).await,
        (Mode::Show, Place::Postgres { .. }) => Err("`--postgres` goes with `--kill`".into()),
        (Mode::Kill { kills }, place) => kill::kill(&place, args.seed, kills).await,
        (Mode::Work, place) => kill::work(&place, args.seed).await,
    }
}

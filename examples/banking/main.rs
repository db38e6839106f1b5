//! A bank: accounts, and transfers between them that survive a crash at any point.
//!
//! `cargo run --bin banking` shows it on a temporary SQLite file; `cargo run --bin banking -- --kill` kills its processes
//! at random moments and audits the accounts afterwards.

mod account;
mod args;
mod audit;
mod balances;
mod bank;
mod branch;
mod kill;
mod largest;
mod ledger;
mod plan;
mod policy;
mod print;
mod show;
mod sqlite;
mod statements;
mod transfer;
mod transfers;

use std::error::Error;
use std::process::ExitCode;

use args::{Args, Mode};

#[tokio::main]
async fn main() -> ExitCode {
    match run(Args::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("banking: {}", with_causes(&*error));
            ExitCode::FAILURE
        }
    }
}

/// Returns the text of an error and of its causes: the causes say why.
fn with_causes(error: &(dyn Error + 'static)) -> String {
    let causes = std::iter::successors(Some(error), |error| error.source());
    causes.map(ToString::to_string).collect::<Vec<_>>().join(": ")
}

async fn run(args: Args) -> branch::Result<()> {
    let folder = tempfile::tempdir()?;
    let file = folder.path().join("bank.db");
    match args.mode {
        Mode::Show => show::show(&file).await,
        Mode::Kill { kills } => kill::kill(&file, args.seed, kills).await,
        Mode::Work { file } => kill::work(&file, args.seed).await,
    }
}

//! The history of a git repository as events, and who, when and what as projections of them.
//!
//! `cargo run --bin git_history` works in any repository; with `--database FILE` the next run adds only what is new.

mod args;
mod database;
mod events;
mod failure;
mod git;
mod import;
mod log;
mod print;
mod project;
mod projections;
mod text;
mod totals;

use std::io::{BufWriter, ErrorKind, Write as _};
use std::process::ExitCode;

use indicatif::{ProgressBar, ProgressStyle};

use args::Args;
use failure::{Failure, Result};
use git::Repository;
use import::Import;

#[tokio::main]
async fn main() -> ExitCode {
    match run(Args::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        // Who reads the output has seen enough, as `head` has.
        Err(error) if is_broken_pipe(&*error) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("git_history: {}", eventsource::causes(&*error));
            Failure::exit_code(&*error)
        }
    }
}

async fn run(args: Args) -> Result<()> {
    let repository = Repository::open(args.path).await?;
    let folder = tempfile::tempdir()?;
    let file = args.database.unwrap_or_else(|| folder.path().join("git_history.db"));
    let db = database::open(&file, args.fresh).await?;

    let mut import = Import::resume(db.event_store()).await?;
    import.check(&repository).await?;
    let bar = progress_bar("importing", "commits")?;
    let imported = import.run(&repository, &bar).await?;
    bar.finish_and_clear();

    projections::create_tables(db.pool()).await?;
    let bar = progress_bar("projecting", "events")?;
    let projected = project::project(&db, &bar).await?;
    bar.finish_and_clear();
    eprintln!("{imported} new commits imported, {projected} events projected");

    let mut out = BufWriter::new(std::io::stdout());
    if args.json {
        print::json(&mut out, db.pool(), &repository, import.commits()).await?;
    } else {
        print::tables(&mut out, db.pool(), &repository, import.commits()).await?;
    }
    out.flush()?;
    db.close().await;
    Ok(())
}

/// On standard error, and only where that is a terminal.
fn progress_bar(what: &'static str, unit: &str) -> Result<ProgressBar> {
    let template = format!("{{prefix:10}} [{{bar:40}}] {{pos}}/{{len}} {unit}, {{eta}} left");
    let style = ProgressStyle::with_template(&template)?.progress_chars("=> ");
    Ok(ProgressBar::no_length().with_style(style).with_prefix(what))
}

fn is_broken_pipe(error: &(dyn std::error::Error + Send + Sync + 'static)) -> bool {
    error.downcast_ref::<std::io::Error>().is_some_and(|error| error.kind() == ErrorKind::BrokenPipe)
}

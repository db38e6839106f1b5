//! The command line.

use std::path::PathBuf;

use clap::{Arg, ArgAction, Command, value_parser};
use uuid::Uuid;

use crate::place::Place;

pub struct Args {
    pub mode: Mode,
    pub seed: u64,
    /// Where the bank is stored; `None` stands for a temporary SQLite file.
    pub place: Option<Place>,
}

pub enum Mode {
    Show,
    Kill {
        kills: u64,
    },
    /// A child of `Kill`.
    Work,
}

const AFTER_HELP: &str =
    "Exit codes: 0 done, 1 something failed or the audit has found a fault, 2 the arguments are wrong.";

impl Args {
    pub fn parse() -> Self {
        let mut matches = command().get_matches();
        let clock = || std::time::UNIX_EPOCH.elapsed().map_or(1, |since| since.as_secs());
        let seed = matches.remove_one("seed").unwrap_or_else(clock);
        let kills = matches.remove_one("kills").unwrap_or(12);
        let schema = matches.remove_one("schema");
        let file = matches.remove_one("file").map(|file| Place::Sqlite { file });
        let postgres = matches.remove_one("postgres").map(|url| {
            let schema = schema.unwrap_or_else(|| format!("banking_{}", Uuid::now_v7().simple()));
            Place::Postgres { url, schema }
        });
        let mode = match (matches.get_flag("work"), matches.get_flag("kill")) {
            (true, _) => Mode::Work,
            (false, true) => Mode::Kill { kills },
            (false, false) => Mode::Show,
        };
        Self { mode, seed, place: file.or(postgres) }
    }
}

fn command() -> Command {
    let kills = value_parser!(u64).range(1..=1_000);
    let hidden = |name: &'static str| Arg::new(name).long(name).hide(true);
    Command::new("banking")
        .about("Accounts, and transfers between them that survive a crash at any point")
        .arg(
            Arg::new("kill")
                .long("kill")
                .action(ArgAction::SetTrue)
                .help("Kills the bank's process at random moments, and audits the accounts afterwards"),
        )
        .arg(
            Arg::new("kills")
                .long("kills")
                .value_name("NUMBER")
                .requires("kill")
                .value_parser(kills)
                .help("How often it is killed, from 1 to 1000 [default: 12]"),
        )
        .arg(Arg::new("postgres").long("postgres").value_name("URL").help(
            "With --kill: stores the bank in this PostgreSQL database, in a schema of its own that is dropped if \
                       the audit is clean [default: a temporary SQLite file]",
        ))
        .arg(
            Arg::new("seed")
                .long("seed")
                .value_name("NUMBER")
                .value_parser(value_parser!(u64))
                .help("Draws operations and moments from this number [default: the time]"),
        )
        .arg(hidden("work").action(ArgAction::SetTrue))
        .arg(hidden("file").value_parser(value_parser!(PathBuf)))
        .arg(hidden("schema").requires("postgres"))
        .after_help(AFTER_HELP)
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_command_line_is_sound() {
        super::command().debug_assert();
    }
}

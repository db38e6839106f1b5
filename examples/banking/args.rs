//! The command line.

use std::path::PathBuf;

use clap::{Arg, ArgAction, Command, value_parser};

pub struct Args {
    pub mode: Mode,
    pub seed: u64,
}

pub enum Mode {
    Show,
    Kill {
        kills: u64,
    },
    /// A child of `Kill`.
    Work {
        file: PathBuf,
    },
}

const AFTER_HELP: &str =
    "Exit codes: 0 done, 1 something failed or the audit has found a fault, 2 the arguments are wrong.";

impl Args {
    pub fn parse() -> Self {
        let mut matches = command().get_matches();
        let clock = || std::time::UNIX_EPOCH.elapsed().map_or(1, |since| since.as_secs());
        let seed = matches.remove_one("seed").unwrap_or_else(clock);
        let kills = matches.remove_one("kills").unwrap_or(12);
        let mode = match matches.remove_one("work") {
            Some(file) => Mode::Work { file },
            None if matches.get_flag("kill") => Mode::Kill { kills },
            None => Mode::Show,
        };
        Self { mode, seed }
    }
}

fn command() -> Command {
    let kills = value_parser!(u64).range(1..=1_000);
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
        .arg(
            Arg::new("seed")
                .long("seed")
                .value_name("NUMBER")
                .value_parser(value_parser!(u64))
                .help("Draws operations and moments from this number [default: the time]"),
        )
        .arg(Arg::new("work").long("work").value_name("FILE").hide(true).value_parser(value_parser!(PathBuf)))
        .after_help(AFTER_HELP)
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_command_line_is_sound() {
        super::command().debug_assert();
    }
}

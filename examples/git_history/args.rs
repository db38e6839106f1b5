//! The command line.

use std::path::PathBuf;

use clap::{Arg, ArgAction, Command, value_parser};

pub struct Args {
    pub path: Option<PathBuf>,
    pub database: Option<PathBuf>,
    pub fresh: bool,
    pub json: bool,
}

const AFTER_HELP: &str = "\
The tables show the first rows; --json shows all. Days are in UTC, by author date. Lines are counted as by
`git log --numstat HEAD`, and authors are named as by `git shortlog -sne HEAD`.

Exit codes: 0 done, 1 something failed, 2 PATH is no git repository, or the arguments are wrong,
3 FILE holds another history than PATH has now.";

impl Args {
    pub fn parse() -> Self {
        let mut matches = command().get_matches();
        Self {
            path: matches.remove_one("path"),
            database: matches.remove_one("database"),
            fresh: matches.get_flag("fresh"),
            json: matches.get_flag("json"),
        }
    }
}

fn command() -> Command {
    Command::new("git_history")
        .about("Reads the history of a git repository as events, and projects contributors, days and files from them")
        .arg(
            Arg::new("path")
                .value_name("PATH")
                .value_parser(value_parser!(PathBuf))
                .help("The repository, which may be bare [default: the one around the current directory]"),
        )
        .arg(
            Arg::new("database")
                .long("database")
                .value_name("FILE")
                .value_parser(value_parser!(PathBuf))
                .help("Keeps the events and the totals, so that the next run only adds what is new [default: a temporary file, removed at the end]"),
        )
        .arg(
            Arg::new("fresh")
                .long("fresh")
                .action(ArgAction::SetTrue)
                .help("Empties FILE first, and imports from the beginning"),
        )
        .arg(
            Arg::new("json")
                .long("json")
                .action(ArgAction::SetTrue)
                .help("Prints one JSON document instead of tables: commits, authors, days, files"),
        )
        .after_help(AFTER_HELP)
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_command_line_is_sound() {
        super::command().debug_assert();
    }
}

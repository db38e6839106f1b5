//! The command line.

use std::path::PathBuf;

use clap::{Arg, ArgAction, Command, value_parser};

/// How the works are run.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Only the works whose names begin with one of these; all where there is none.
    pub works: Vec<String>,
    /// So many events a repeat.
    pub events: usize,
    /// So many repeats that count.
    pub repeats: usize,
    /// Once, with few events: only what comes out is looked at.
    pub tiny: bool,
    /// Where the files are, those of the server as well.
    pub folder: PathBuf,
    /// Whether the events are as many as were asked for, and not the default.
    pub asked: bool,
    /// Only the names of the works.
    pub list: bool,
    /// In a process of its own: catches up over the log at this address, and tells the peak of its memory.
    pub peak_of: Vec<String>,
}

/// The events of a tiny run: several pages of 100 and one that is not full.
const TINY: usize = 250;

impl Settings {
    /// What the command line says.
    #[must_use]
    pub fn parse() -> Self {
        let mut matches = command().get_matches();
        let tiny = matches.get_flag("tiny");
        let events = matches.remove_one("events");
        Self {
            works: matches.remove_many("work").into_iter().flatten().collect(),
            events: if tiny { TINY } else { events.unwrap_or(100_000) },
            asked: tiny || events.is_some(),
            repeats: if tiny { 1 } else { matches.remove_one("repeats").unwrap_or(7) },
            tiny,
            folder: matches.remove_one("folder").unwrap_or_else(quick_folder),
            list: matches.get_flag("list"),
            peak_of: matches.remove_many("peak-of").into_iter().flatten().collect(),
        }
    }

    /// Whether the work of this name is asked for.
    #[must_use]
    pub fn wants(&self, name: &str) -> bool {
        self.works.is_empty() || self.works.iter().any(|work| name.starts_with(work.as_str()))
    }

    /// With a fifth of the default number of events, for what takes long; unless a number was asked for.
    #[must_use]
    pub fn fewer(self) -> Self {
        let events = if self.asked { self.events } else { self.events / 5 };
        Self { events, ..self }
    }
}

/// Files in memory, where there is a folder for them. What a disk takes for a commit is the same for both sides of a
/// comparison, and hides what they take themselves: the quicker the disk, the stricter the ratio.
fn quick_folder() -> PathBuf {
    let memory = PathBuf::from("/dev/shm");
    if memory.is_dir() { memory } else { std::env::temp_dir() }
}

fn command() -> Command {
    Command::new("eventsource-benches")
        .about("Compares the library with plain loops on the raw driver, and prints the table of BENCHMARKS.md")
        .arg(
            Arg::new("work")
                .value_name("WORK")
                .num_args(0..)
                .help("Only the works whose names begin with one of these [default: all]"),
        )
        .arg(
            Arg::new("events")
                .long("events")
                .value_name("N")
                .value_parser(value_parser!(usize))
                .help("So many events a repeat [default: 100000]"),
        )
        .arg(
            Arg::new("repeats")
                .long("repeats")
                .value_name("N")
                .value_parser(value_parser!(usize))
                .help("So many repeats, after one that does not count [default: 7]"),
        )
        .arg(
            Arg::new("tiny")
                .long("tiny")
                .action(ArgAction::SetTrue)
                .help("Runs every work once, with few events, and only looks at what comes out"),
        )
        .arg(
            Arg::new("folder")
                .long("folder")
                .value_name("PATH")
                .value_parser(value_parser!(PathBuf))
                .help("Where databases are kept meanwhile [default: /dev/shm, in memory, where there is one]"),
        )
        .arg(Arg::new("peak-of").long("peak-of").num_args(2..=3).hide(true))
        .arg(Arg::new("list").long("list").action(ArgAction::SetTrue).help("Lists the works"))
}

//! On what was measured.

use std::process::Command;

use crate::places;
use crate::settings::Settings;
use crate::table::thousands;

/// The date, the machine and the versions, as a paragraph above the table.
pub async fn describe(settings: &Settings) -> String {
    let read = |file| std::fs::read_to_string(file).unwrap_or_default();
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    let cpu = read("/proc/cpuinfo");
    let cpu = cpu.lines().find_map(|line| line.strip_prefix("model name")?.split_once(": "));
    let load = read("/proc/loadavg");
    let load = load.split(' ').next().unwrap_or_default();
    format!(
        "Measured on {}, at the commit {}: {cores} cores ({}), under a load of {load} before; Linux {}; PostgreSQL {} with its default settings; SQLite {} with WAL and `synchronous = FULL`; {}. \
         Files in `{}`. {} repeats; {} events a repeat{}.",
        chrono::Utc::now().format("%Y-%m-%d"),
        output("git", &["rev-parse", "--short", "HEAD"]),
        cpu.map_or("unknown", |(_, model)| model),
        read("/proc/sys/kernel/osrelease").trim(),
        places::postgres::version().await,
        rusqlite::version(),
        output("rustc", &["--version"]),
        settings.folder.display(),
        settings.repeats,
        thousands(settings.events as f64),
        if settings.asked { "" } else { ", a fifth of it for appends singly and for tables by a statement an event" },
    )
}

fn output(program: &str, arguments: &[&str]) -> String {
    let output = Command::new(program).args(arguments).output();
    output.map_or_else(|_| "unknown".to_owned(), |output| String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

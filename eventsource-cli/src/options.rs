//! The options of every command.

use std::time::Duration;

use clap::{Args, ValueEnum};

/// The options that every command has.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Options of every command")]
#[non_exhaustive]
pub struct Options {
    /// The database: a PostgreSQL URL, or the path of a SQLite file.
    #[arg(long, value_name = "URL", env = "DATABASE_URL", hide_env_values = true, global = true)]
    pub database: Option<String>,
    /// The schema of the tables in PostgreSQL.
    #[arg(long, value_name = "NAME", default_value = "public", global = true)]
    pub schema: String,
    /// Print JSON.
    #[arg(long, global = true)]
    pub json: bool,
    /// How long to wait, such as 500ms, 30s, 5m or 1h.
    #[arg(long, value_name = "TIME", default_value = "30s", value_parser = parse_time, global = true)]
    pub timeout: Duration,
    /// When to print colors.
    #[arg(long, value_name = "WHEN", default_value = "auto", global = true)]
    pub color: Color,
    /// The operator, for the record; user@host if it is not given.
    #[arg(long = "as", value_name = "NAME", global = true)]
    pub operator: Option<String>,
    /// Do it without asking.
    #[arg(long, global = true)]
    pub yes: bool,
}

/// When to print colors.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Color {
    /// On a terminal, unless `NO_COLOR` is set.
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

impl Options {
    /// Returns the operator, for the record.
    pub(crate) fn operator(&self) -> String {
        self.operator.clone().unwrap_or_else(|| {
            let first = |names: &[&str]| {
                names.iter().find_map(|name| std::env::var(name).ok().filter(|value| !value.is_empty()))
            };
            let user = first(&["USER", "LOGNAME", "USERNAME"]).unwrap_or_else(|| "unknown".to_owned());
            let host = std::fs::read_to_string("/proc/sys/kernel/hostname").ok();
            let host = host.or_else(|| first(&["HOSTNAME", "COMPUTERNAME"])).unwrap_or_else(|| "unknown".to_owned());
            format!("{user}@{}", host.trim())
        })
    }
}

fn parse_time(text: &str) -> Result<Duration, String> {
    let split = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let (number, unit) = text.split_at(split);
    let number: u64 = number.parse().map_err(|_| "write a number and a unit, such as 30s".to_owned())?;
    let millis = match unit {
        "ms" => Some(number),
        "s" | "" => number.checked_mul(1_000),
        "m" => number.checked_mul(60_000),
        "h" => number.checked_mul(3_600_000),
        _ => return Err("the units are ms, s, m and h".to_owned()),
    };
    // A hundred days: longer times cannot be added to the present time everywhere.
    millis
        .filter(|millis| *millis <= 100 * 24 * 3_600_000)
        .map(Duration::from_millis)
        .ok_or_else(|| "the longest time is 2400h".to_owned())
}

//! What is printed.

pub(crate) mod escape;
pub(crate) mod nested;
mod numbers;
mod table;
pub(crate) mod width;

use std::io::{self, IsTerminal as _, Write as _};

use serde::Serialize;

pub(crate) use self::table::Table;
use crate::error::CliError;
use crate::options::{Color, Options};

/// Prints text or JSON.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Output {
    pub(crate) is_json: bool,
    is_colored: bool,
    /// The longest line of a table, in columns.
    width: Option<usize>,
}

impl Output {
    pub(crate) fn of(options: &Options) -> Self {
        let is_colored = match options.color {
            Color::Always => true,
            Color::Never => false,
            Color::Auto => io::stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none(),
        };
        Self { is_json: options.json, is_colored, width: width::of_output() }
    }

    /// Prints a line of text. Its parts from others must be escaped.
    pub(crate) fn line(&self, line: &str) -> Result<(), CliError> {
        let mut out = io::stdout().lock();
        writeln!(out, "{line}")?;
        Ok(out.flush()?)
    }

    /// Prints a line that is cut at the width of the terminal. Its parts from others must be escaped.
    pub(crate) fn cut_line(&self, line: &str) -> Result<(), CliError> {
        match self.width {
            Some(most) => self.line(&width::cut(line, most)),
            None => self.line(line),
        }
    }

    /// Prints a table within the width of the terminal. The line with the names of the columns is bold on a terminal.
    pub(crate) fn table(&self, table: &Table) -> Result<(), CliError> {
        let fitted = table.fit(self.width);
        for (index, line) in fitted.lines.iter().enumerate() {
            match index == 0 && self.is_colored {
                true => self.line(&format!("\u{1b}[1m{line}\u{1b}[0m"))?,
                false => self.line(line)?,
            }
        }
        if !fitted.left_out.is_empty() {
            note(&format!("The terminal is narrow: {} not shown. `--json` has all.", fitted.left_out.join(", ")));
        }
        Ok(())
    }

    /// Prints a JSON document.
    pub(crate) fn document(&self, value: &impl Serialize) -> Result<(), CliError> {
        let value = numbers::exact(serde_json::to_value(value)?);
        self.line(&escape::json(&serde_json::to_string_pretty(&value)?))
    }

    /// Prints an item as one line of JSON.
    pub(crate) fn item(&self, value: &impl Serialize) -> Result<(), CliError> {
        let value = numbers::exact(serde_json::to_value(value)?);
        self.line(&escape::json(&value.to_string()))
    }
}

/// An error as JSON. A map would have the order of its keys by a feature of `serde_json`, which any crate can enable.
#[derive(Serialize)]
struct Report<'a> {
    format: u32,
    error: ErrorView<'a>,
}

#[derive(Serialize)]
struct ErrorView<'a> {
    kind: &'a str,
    code: u8,
    message: &'a str,
    causes: &'a [String],
}

/// Prints an error with its causes to the standard error. A cause whose text is in the text before it is left out.
pub(crate) fn report(error: &CliError, is_json: bool) {
    let (message, exit) = (error.to_string(), error.exit());
    let mut causes: Vec<String> = Vec::new();
    for cause in std::iter::successors(std::error::Error::source(error), |&cause| cause.source()) {
        let text = cause.to_string();
        if !causes.last().unwrap_or(&message).ends_with(&text) {
            causes.push(text);
        }
    }
    let text = if is_json {
        let error = ErrorView { kind: exit.name(), code: exit.code(), message: &message, causes: &causes };
        // It has texts and numbers only.
        escape::json(&serde_json::to_string(&Report { format: 1, error }).unwrap_or_default())
    } else {
        let causes = causes.iter().map(|cause| format!("\n  cause: {}", escape::line(cause, 2_000)));
        format!("error: {}{}", escape::line(&message, 2_000), causes.collect::<String>())
    };
    // There is no other place to report that the standard error is closed.
    let _ = writeln!(io::stderr().lock(), "{text}");
}

/// Prints a note for the operator to the standard error: it is no part of the result.
pub(crate) fn note(text: &str) {
    let _ = writeln!(io::stderr().lock(), "{text}");
}

//! A command line that shows and steers the subscriptions of [`eventsource`], from any machine that reaches their
//! database.
//!
//! The program `eventsource` of this crate needs only the database:
//!
//! ```sh
//! export DATABASE_URL=postgres://operator@db/shop   # or the path of a SQLite file
//! eventsource status
//! eventsource pause orders --reason "an upgrade" --yes
//! eventsource letters list orders
//! ```
//!
//! `eventsource dashboard` serves the web page for operators (feature `dashboard`, on by default), at first to browsers on
//! the same machine only; `--token-file` lets other machines see it.
//!
//! A program can offer the same commands under its own name:
//!
//! ```no_run
//! use std::process::ExitCode;
//!
//! #[tokio::main]
//! async fn main() -> ExitCode {
//!     eventsource_cli::App::new("shop").run().await
//! }
//! ```
//!
//! Commands that only show open the database read-only. A command that changes something says what it would do, and
//! asks; without a terminal it needs `--yes`. [`Exit`] lists the exit codes. With `--json`, the output is one JSON
//! document, or one line for each item of `events tail` and `status --watch`, and errors are JSON on the standard error.

mod app;
mod command;
mod connect;
mod context;
mod error;
mod exit;
mod options;
mod output;

pub use self::app::App;
pub use self::command::Command;
pub use self::error::CliError;
pub use self::exit::Exit;
pub use self::options::Options;

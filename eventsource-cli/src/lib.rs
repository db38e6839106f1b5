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
//! `eventsource top` shows a live table in the terminal. It needs the feature `top`, which is off by default, since its
//! widgets are 30 more crates: `cargo install eventsource-cli --features top`.
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
//! With its [`Code`], the program also lists its projections next to what is stored (`list`), says what it would do to the
//! database before it is deployed (`plan`), and runs (`run`):
//!
//! ```no_run
//! # use std::process::ExitCode;
//! # use std::sync::Arc;
//! # use eventsource::SubscriptionManager;
//! # use eventsource::sqlite::{SqliteCheckpoints, SqliteDatabase};
//! # use eventsource::subscription::SubscribeError;
//! # async fn subscribe(_: SqliteDatabase, _: Arc<SubscriptionManager<SqliteCheckpoints>>) -> Result<(), SubscribeError> { Ok(()) }
//! use eventsource_cli::{App, Code};
//!
//! # #[tokio::main]
//! # async fn main() -> ExitCode {
//! // `subscribe` subscribes the projections to a manager.
//! App::new("shop").sqlite(Code::new(subscribe)).run().await
//! # }
//! ```
//!
//! Commands that only show open the database read-only. A command that changes something says what it would do, and
//! asks; without a terminal it needs `--yes`. Only `resume` and `restart` do not ask. [`Exit`] lists the exit codes.
//!
//! `plan --dry-run` and `verify` work in transactions that are rolled back, and keep no progress. If they are interrupted,
//! they leave nothing in the database, and begin again the next time. A rebuild that is interrupted goes on in its owner.
//!
//! With `--json`, the output is one JSON document, or one line for each item of `events tail` and `status --watch`, and
//! errors are JSON on the standard error. The payload of an event is a part of the document if it is JSON (`payload_format`
//! is `json`), and a text otherwise (`text`). Integers from 2^53 on are texts everywhere, since not every reader reads them
//! exactly.

mod app;
mod code;
mod command;
mod connect;
mod context;
mod database;
mod error;
mod exit;
mod id;
mod options;
mod output;
mod program;
mod stop;
mod time;

pub use self::app::App;
pub use self::code::Code;
pub use self::command::Command;
pub use self::database::Database;
pub use self::error::CliError;
pub use self::exit::Exit;
pub use self::options::Options;
pub use self::stop::Stop;

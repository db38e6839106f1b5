//! The program.

use std::ffi::OsString;
use std::fmt;
use std::process::ExitCode;
use std::sync::Arc;

use clap::{CommandFactory as _, FromArgMatches as _, Parser};
use eventsource::Registry;
use eventsource::postgres::PostgresDatabase;
use eventsource::sqlite::SqliteDatabase;
use eventsource::subscription::shutdown_signal;

use crate::code::Code;
use crate::command::Command;
use crate::context::{Context, Programs};
use crate::error::CliError;
use crate::exit::Exit;
use crate::options::Options;
use crate::output;

/// The part of the help about exit codes: those of [`Exit`].
const EXIT_CODES: &str = "Exit codes: 0 done; 1 failed, with what was done; 2 wrong command line; 3 a check did not pass; \
4 not confirmed, nothing done; 5 no process served it, nothing done; 6 no database; 7 no such subscription, letter, event \
or request; 130 interrupted.";

/// Sees and steers the subscriptions of an event log, from any machine that reaches its database.
#[derive(Debug, Parser)]
#[command(version, propagate_version = true, after_help = EXIT_CODES)]
pub(crate) struct Cli {
    #[command(flatten)]
    options: Options,
    #[command(subcommand)]
    command: Command,
}

/// A program with the commands of this crate.
///
/// ```no_run
/// # use std::process::ExitCode;
/// #[tokio::main]
/// async fn main() -> ExitCode {
///     eventsource_cli::App::new("shop").run().await
/// }
/// ```
#[derive(Clone)]
pub struct App {
    name: &'static str,
    programs: Programs,
}

impl App {
    /// Creates it. Its help and its completions show `name`. Without code, the commands that need only the database work.
    #[must_use]
    pub const fn new(name: &'static str) -> Self {
        Self { name, programs: Programs { sqlite: None, postgres: None, registry: None } }
    }

    /// Sets the code of the program on a SQLite file. See [`Code`] for an example.
    #[must_use]
    pub fn sqlite(mut self, code: Code<SqliteDatabase>) -> Self {
        self.programs.sqlite = Some(Arc::new(code));
        self
    }

    /// Sets the code of the program on PostgreSQL. See [`Code`] for an example. A program can have code for both: the URL
    /// of the database decides.
    #[must_use]
    pub fn postgres(mut self, code: Code<PostgresDatabase>) -> Self {
        self.programs.postgres = Some(Arc::new(code));
        self
    }

    /// Sets the catalogue that `topology` draws. By default it is [`Registry::global`] if the program has code.
    ///
    /// ```
    /// use eventsource::Registry;
    /// use eventsource_cli::App;
    ///
    /// let app = App::new("shop").registry(Registry::of([]));
    /// # let _ = app;
    /// ```
    #[must_use]
    pub fn registry(mut self, registry: Registry) -> Self {
        self.programs.registry = Some(Arc::new(registry));
        self
    }

    /// Runs the command of the arguments of this process, and returns its exit code: one of [`Exit`].
    pub async fn run(self) -> ExitCode {
        self.run_with(std::env::args_os()).await.into()
    }

    /// Runs the command of these arguments. The first one is the name of the program, and is passed over.
    pub async fn run_with(self, arguments: impl IntoIterator<Item = impl Into<OsString>>) -> Exit {
        let arguments: Vec<OsString> = arguments.into_iter().map(Into::into).collect();
        let wants_json = arguments.iter().any(|argument| argument == "--json");
        let parsed = definition(self.name).try_get_matches_from(arguments);
        let cli = match parsed.and_then(|matches| Cli::from_arg_matches(&matches)) {
            Ok(cli) => cli,
            Err(error) if error.use_stderr() && wants_json => {
                let text = error.to_string();
                let text = text.trim().strip_prefix("error: ").unwrap_or(&text);
                output::report(&CliError::Usage(text.to_owned()), true);
                return Exit::Usage;
            }
            Err(error) => {
                let _ = error.print();
                return if error.use_stderr() { Exit::Usage } else { Exit::Done };
            }
        };
        let context = Context::new(cli.options, self.programs);
        let ended = match cli.command {
            // It ends by a signal.
            Command::Run(run) => run.run(&context).await,
            command => interruptible(&context, command, definition(self.name)).await,
        };
        match ended {
            Ok(()) => Exit::Done,
            Err(error) => {
                if error.exit() != Exit::Done {
                    output::report(&error, context.output.is_json);
                }
                error.exit()
            }
        }
    }
}

impl fmt::Debug for App {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("App").field("name", &self.name).finish_non_exhaustive()
    }
}

/// Runs a command until it ends, or until the process is told to end.
async fn interruptible(context: &Context, command: Command, definition: clap::Command) -> Result<(), CliError> {
    if command.ends_in_order() {
        return command.run(context, definition).await;
    }
    let mut running = std::pin::pin!(command.run(context, definition));
    // Where signals cannot be received, they end the process.
    let interruption = async {
        match shutdown_signal() {
            Ok(signal) => drop(signal.await),
            Err(_) => std::future::pending().await,
        }
    };
    tokio::select! {
        ended = &mut running => return ended,
        () = interruption => {}
    }
    // A request that is being stored is stored first: then it is known, and can be withdrawn.
    let request = tokio::select! {
        biased;
        pending = context.pending.lock() => *pending,
        ended = &mut running => return ended,
    };
    Err(context.interrupted(request).await)
}

/// Returns the definition of the command line.
fn definition(program: &'static str) -> clap::Command {
    Cli::command().name(program).bin_name(program)
}

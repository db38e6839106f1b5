//! The commands of operators, on the database of the service: `status`, `letters list mailer`, `plan` and so on.

use std::env::{VarError, var};
use std::ffi::OsString;
use std::process::ExitCode;

use eventsource::postgres::PostgresDatabase;
use eventsource::sqlite::SqliteDatabase;
use eventsource_cli::{App, Code};

use crate::config::DEFAULT_DATABASE;
use crate::projections::mailer::Mailer;
use crate::projections::subscribe;

/// Runs the command of these arguments, the first of which is the name of the program.
pub async fn run(mut arguments: Vec<OsString>) -> ExitCode {
    for (option, variable, default) in
        [("--database", "DATABASE_URL", Some(DEFAULT_DATABASE)), ("--schema", "DATABASE_SCHEMA", None)]
    {
        let is_given = arguments.iter().any(|argument| argument.to_string_lossy().starts_with(option));
        let value = match var(variable) {
            Err(VarError::NotPresent) => default.map(str::to_owned),
            found => found.ok(),
        };
        if let Some(value) = value.filter(|_| !is_given) {
            arguments.splice(1..1, [option.into(), value.into()]);
        }
    }
    App::new("service").sqlite(sqlite()).postgres(postgres()).run_with(arguments).await.into()
}

/// A command only looks at the projections, or runs their handlers in transactions that are rolled back. It sends no mail.
const MAILER: Mailer = Mailer { delivers_poison: false };

fn sqlite() -> Code<SqliteDatabase> {
    Code::new(|_, manager| async move { subscribe(&manager, MAILER).await.map(drop) })
}

fn postgres() -> Code<PostgresDatabase> {
    Code::new(|_, manager| async move { subscribe(&manager, MAILER).await.map(drop) })
}

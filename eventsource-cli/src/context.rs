//! What a running command has.

use std::future::Future;
use std::io::{self, BufRead as _, IsTerminal as _, Write as _};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use eventsource::Registry;
use eventsource::admin::Asked;
use eventsource::projection::operations::StoredRequest;
use eventsource::subscription::Action;
use tokio::sync::Mutex;
use uuid::Uuid;

use crate::connect::{Access, Connected, Target, connect};
use crate::error::CliError;
use crate::options::Options;
use crate::output::{Output, escape, note};
use crate::program::Program;

/// What a wait takes longer than its limit, if the database answers.
const GRACE: Duration = Duration::from_secs(2);

/// How long an interrupted command tries to withdraw its request.
const WITHDRAWAL: Duration = Duration::from_secs(5);

/// What a running command has: its options, its output, and the request that it waits for.
pub(crate) struct Context {
    pub(crate) options: Options,
    pub(crate) output: Output,
    /// Locked while a request is stored, so that an interruption always finds it.
    pub(crate) pending: Mutex<Option<Uuid>>,
    /// What another process does, and an interruption does not end.
    pub(crate) under_way: OnceLock<String>,
    programs: Programs,
}

/// The code of the program, for each kind of database.
#[derive(Clone, Default)]
pub(crate) struct Programs {
    pub(crate) sqlite: Option<Arc<dyn Program>>,
    pub(crate) postgres: Option<Arc<dyn Program>>,
    pub(crate) registry: Option<Arc<Registry>>,
}

/// How a change is confirmed on a terminal.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Confirm<'a> {
    /// With a yes.
    Yes,
    /// With the name, since the change destroys something.
    Name(&'a str),
}

impl Context {
    pub(crate) fn new(options: Options, programs: Programs) -> Self {
        let output = Output::of(&options);
        Self { options, output, pending: Mutex::new(None), under_way: OnceLock::new(), programs }
    }

    /// Returns the code of the program on the database of the options.
    pub(crate) fn program(&self, command: &'static str) -> Result<&dyn Program, CliError> {
        let Programs { sqlite, postgres, .. } = &self.programs;
        let of_none = sqlite.is_none() && postgres.is_none();
        let (program, database, method) = match Target::of(&self.options) {
            Ok(Target::Postgres(_)) => (postgres, "PostgreSQL", "postgres"),
            Ok(Target::Sqlite(_)) => (sqlite, "SQLite", "sqlite"),
            Err(_) if of_none => (sqlite, "SQLite or PostgreSQL", "sqlite"),
            Err(error) => return Err(error),
        };
        program.as_deref().ok_or(CliError::NoCode { command, database, method })
    }

    /// Returns the catalogue of the program. It needs no database.
    pub(crate) fn registry(&self, command: &'static str) -> Result<&Registry, CliError> {
        match &self.programs {
            Programs { registry: Some(registry), .. } => Ok(registry),
            Programs { sqlite: None, postgres: None, .. } => self.program(command).map(|_| Registry::global()),
            _ => Ok(Registry::global()),
        }
    }

    /// Waits for an answer of the database, as long as the options allow.
    pub(crate) async fn answered<T>(&self, asked: impl Future<Output = Result<T, CliError>>) -> Result<T, CliError> {
        self.answered_within(self.options.timeout, asked).await
    }

    /// Waits until a request is stored: it is not known before.
    async fn asked<T>(&self, asked: impl Future<Output = Result<T, CliError>>) -> Result<T, CliError> {
        let waited = self.options.timeout;
        let ended = tokio::time::timeout(waited, asked).await;
        ended.unwrap_or(Err(CliError::NoAnswer { waited, request: None }))
    }

    /// Waits for something that the database limits to `--timeout`, if it answers.
    pub(crate) async fn served<T>(&self, asked: impl Future<Output = Result<T, CliError>>) -> Result<T, CliError> {
        self.answered_within(self.options.timeout.saturating_add(GRACE), asked).await
    }

    async fn answered_within<T>(
        &self,
        waited: Duration,
        asked: impl Future<Output = Result<T, CliError>>,
    ) -> Result<T, CliError> {
        let ended = tokio::time::timeout(waited, asked).await;
        match ended {
            Ok(ended) => ended,
            Err(_) => Err(CliError::NoAnswer { waited, request: *self.pending.lock().await }),
        }
    }

    pub(crate) async fn reading(&self) -> Result<Connected, CliError> {
        connect(&self.options, Access::Read).await
    }

    pub(crate) async fn changing(&self) -> Result<Connected, CliError> {
        connect(&self.options, Access::Write).await
    }

    /// Asks the operator to confirm `change`, unless the options confirm it.
    pub(crate) async fn confirm(&self, change: &str, confirm: Confirm<'_>) -> Result<(), CliError> {
        if self.options.yes {
            return Ok(());
        }
        let change = escape::line(change, 2_000);
        if !io::stdin().is_terminal() || !io::stderr().is_terminal() {
            return Err(CliError::NotConfirmed { needs: format!("this would {change}; repeat it with `--yes`") });
        }
        let (question, expected) = match confirm {
            Confirm::Yes => ("Do it? [y/N] ".to_owned(), "y"),
            Confirm::Name(name) => (format!("Write `{}` to confirm: ", escape::line(name, 200)), name),
        };
        note(&format!("This would {change}."));
        let _ = write!(io::stderr().lock(), "{question}");
        // A thread of its own: an interruption does not wait for the answer.
        let (send, answer) = tokio::sync::oneshot::channel();
        std::thread::spawn(move || {
            let mut line = String::new();
            let _ = send.send(io::stdin().lock().read_line(&mut line).map(|_| line));
        });
        let answer = answer.await.ok().transpose()?.unwrap_or_default();
        let is_yes = matches!(confirm, Confirm::Yes) && answer.trim().eq_ignore_ascii_case("yes");
        match answer.trim() == expected || is_yes {
            true => Ok(()),
            false => Err(CliError::NotConfirmed { needs: "it was not confirmed".to_owned() }),
        }
    }

    /// Asks the owner of a subscription for an action, and waits until it is done. An interruption withdraws it.
    pub(crate) async fn carry_out(
        &self,
        connected: &Connected,
        name: &str,
        action: Action,
    ) -> Result<StoredRequest, CliError> {
        let within = self.options.timeout;
        let stored = matches!(action, Action::Pause { .. } | Action::Resume {} | Action::Forget {});
        if !stored && !self.output.is_json {
            let view = self.answered(async { Ok(connected.admin.subscription(name).await?) }).await?;
            if view.owner.as_ref().is_none_or(|owner| owner.is_expired) && view.kind != "memory" {
                let name = escape::line(name, 200);
                note(&format!("no process runs `{name}`: this waits up to {within:?} for one"));
            }
        }
        let id = {
            let mut pending = self.pending.lock().await;
            let asked = Asked::by(self.options.operator()).within(within);
            let id = self.asked(async { Ok(connected.admin.ask(name, action, asked).await?) }).await?;
            *pending = Some(id);
            id
        };
        let ended = self.served(async { Ok(connected.admin.ended(id, within).await?) }).await;
        *self.pending.lock().await = None;
        ended
    }

    /// Ends an interrupted command: withdraws the request that it waited for.
    pub(crate) async fn interrupted(&self, request: Option<Uuid>) -> CliError {
        let under_way = self.under_way.get().cloned();
        let Some(id) = request else { return CliError::Interrupted { request, is_withdrawn: false, under_way } };
        let withdrawn = async { Ok::<_, CliError>(self.changing().await?.admin.withdraw(id).await?) };
        let withdrawn = tokio::time::timeout(WITHDRAWAL, withdrawn).await;
        match withdrawn.unwrap_or(Err(CliError::NoAnswer { waited: WITHDRAWAL, request })) {
            Ok(is_withdrawn) => CliError::Interrupted { request, is_withdrawn, under_way },
            Err(error) => error,
        }
    }
}

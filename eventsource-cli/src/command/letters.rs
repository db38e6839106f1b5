//! `letters`.

use clap::{ArgGroup, Args, Subcommand, ValueEnum};
use eventsource::event::{Position, StreamId};
use eventsource::projection::{DeadLetter, ErrorClass, LetterQuery, LetterState};
use eventsource::subscription::{Action, LetterSelection};
use serde_json::json;
use uuid::Uuid;

use super::events::show;
use super::steer::steer;
use super::streams::parse_stream;
use crate::context::{Confirm, Context};
use crate::error::CliError;
use crate::output::{Table, escape};

#[derive(Debug, Clone, Subcommand)]
pub enum Letters {
    /// List the dead letters of a subscription, by position.
    List(List),
    /// Show a dead letter with its errors and its event.
    Show {
        /// The subscription.
        name: String,
        /// The position of the event.
        position: u64,
    },
    /// Retry dead letters.
    Retry(Retry),
    /// Give up dead letters: their events are never applied.
    Dismiss(Dismiss),
}

#[derive(Debug, Clone, Args)]
pub struct List {
    /// The subscription.
    name: String,
    /// Which letters.
    #[arg(long, default_value = "waiting")]
    state: State,
    /// Only the letters after this position.
    #[arg(long, default_value_t = 0, value_name = "P")]
    after: u64,
    /// At most this many.
    #[arg(long, default_value_t = 100, value_name = "N")]
    limit: usize,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum State {
    /// All letters.
    All,
    /// Those that wait, and those that are applied next.
    Waiting,
    /// Those that are applied next.
    Released,
    /// Those that were given up.
    Dismissed,
    /// Those whose last error can pass.
    Transient,
    /// Those whose last error stays.
    Permanent,
}

#[derive(Debug, Clone, Args)]
#[group(skip)]
#[command(group = ArgGroup::new("which").required(true))]
pub struct Retry {
    /// The subscription.
    name: String,
    /// The letter at this position.
    #[arg(long, value_name = "P", group = "which")]
    position: Option<u64>,
    /// The letter that holds this stream.
    #[arg(long, value_name = "TYPE/ID", value_parser = parse_stream, group = "which")]
    stream: Option<StreamId>,
    /// The letter of the event with this id.
    #[arg(long, value_name = "ID", group = "which")]
    event: Option<Uuid>,
    /// All letters.
    #[arg(long, group = "which")]
    all: bool,
}

#[derive(Debug, Clone, Args)]
pub struct Dismiss {
    /// The subscription.
    name: String,
    /// The positions of the events.
    #[arg(long = "position", value_name = "P", required = true, num_args = 1..)]
    positions: Vec<u64>,
    /// The reason, for other operators.
    #[arg(long)]
    reason: String,
}

impl Letters {
    pub(crate) async fn run(self, context: &Context) -> Result<(), CliError> {
        match self {
            Self::List(list) => list.run(context).await,
            Self::Show { name, position } => one(context, &name, Position::new(position)).await,
            Self::Retry(retry) => retry.run(context).await,
            Self::Dismiss(dismiss) => dismiss.run(context).await,
        }
    }
}

impl List {
    async fn run(self, context: &Context) -> Result<(), CliError> {
        let query = match self.state {
            State::All => LetterQuery::all(),
            State::Waiting => LetterQuery::parking(),
            State::Released => LetterQuery::released(),
            State::Dismissed => LetterQuery::dismissed(),
            State::Transient => LetterQuery::failed(ErrorClass::Transient),
            State::Permanent => LetterQuery::failed(ErrorClass::Permanent),
        };
        let connected = context.reading().await?;
        connected.admin.subscription(&self.name).await?;
        let limit = self.limit.clamp(1, 10_000);
        // One more than is shown: it tells whether there are more.
        let query = query.after(Position::new(self.after)).limit(limit + 1);
        let mut letters = connected.admin.letters(&self.name, query).await?;
        let more = letters.len() > limit;
        letters.truncate(limit);
        if context.output.is_json {
            return context.output.document(&json!({ "format": 1, "letters": letters, "more": more }));
        }
        let mut table = Table::new(&["POSITION", "EVENT", "STREAM", "STATE", "TRIES", "HELD", "ERROR"]);
        for letter in &letters {
            let error = letter.errors.first().cloned().unwrap_or_default();
            let numbers = [letter.attempts.to_string(), letter.held.to_string(), error];
            let texts =
                [letter.position.to_string(), letter.event_type.clone(), letter.stream.to_string(), state(letter)];
            table.row(texts.into_iter().chain(numbers));
        }
        context.output.table(&table)?;
        match letters.last().filter(|_| more) {
            Some(last) => context.output.line(&format!("There are more: add `--after {}`.", last.position)),
            None => Ok(()),
        }
    }
}

impl Retry {
    async fn run(self, context: &Context) -> Result<(), CliError> {
        let letters = match (self.position, self.stream, self.event) {
            (Some(position), ..) => LetterSelection::At(Position::new(position)),
            (None, Some(stream), _) => LetterSelection::Stream(stream),
            (None, None, Some(id)) => LetterSelection::Event(id),
            (None, None, None) => LetterSelection::All,
        };
        let change = match letters {
            LetterSelection::All => format!("retry all dead letters of `{}`", self.name),
            _ => format!("retry the dead letter of `{}` {letters}", self.name),
        };
        steer(context, &self.name, Action::RetryLetters { letters }, &change, Confirm::Yes).await
    }
}

impl Dismiss {
    async fn run(self, context: &Context) -> Result<(), CliError> {
        let positions: Vec<_> = self.positions.into_iter().map(Position::new).collect();
        let change =
            format!("give up {} dead letters of `{}`: their events are never applied", positions.len(), self.name);
        let confirm = if positions.len() > 1 { Confirm::Name(&self.name) } else { Confirm::Yes };
        let action = Action::DismissLetters { positions, reason: self.reason };
        steer(context, &self.name, action, &change, confirm).await
    }
}

async fn one(context: &Context, name: &str, position: Position) -> Result<(), CliError> {
    let view = context.reading().await?.admin.letter(name, position).await?;
    if context.output.is_json {
        return context.output.document(&view);
    }
    let letter = &view.letter;
    context.output.line(&format!("state        {}", escape::line(&state(letter), 2_000)))?;
    context.output.line(&format!("attempts     {}", letter.attempts))?;
    context.output.line(&format!("failed       {} to {}", letter.first_failed_at, letter.last_failed_at))?;
    context.output.line(&format!("held         {}", letter.held))?;
    for error in &letter.errors {
        context.output.line(&format!("error        {}", escape::line(error, 10_000)))?;
    }
    match &view.event {
        Some(event) => show(context, event),
        None => context.output.line("event        the log does not have it"),
    }
}

fn state(letter: &DeadLetter) -> String {
    match &letter.state {
        LetterState::Waiting => "waiting".to_owned(),
        LetterState::Released => "released".to_owned(),
        LetterState::Dismissed { reason, .. } => format!("dismissed: {reason}"),
        _ => "unknown".to_owned(),
    }
}

//! `letters`.

mod change;
mod filter;
mod groups;

use clap::{Args, Subcommand, ValueEnum};
use eventsource::admin::Admin;
use eventsource::event::Position;
use eventsource::projection::{DeadLetter, ErrorClass, LetterKey, LetterQuery, LetterState};
use serde_json::json;

use self::change::{Dismiss, Retry};
use self::filter::Filter;
use self::groups::Groups;
use super::events::show;
use crate::context::Context;
use crate::error::CliError;
use crate::output::{Table, escape};

#[derive(Debug, Clone, Subcommand)]
pub enum Letters {
    /// List the dead letters of a subscription, by position.
    List(List),
    /// Count the dead letters by their error and the type of their event.
    Groups(Groups),
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
    #[command(flatten)]
    filter: Filter,
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

impl Letters {
    pub(super) const fn only_shows(&self) -> bool {
        matches!(self, Self::List(_) | Self::Groups(_) | Self::Show { .. })
    }

    pub(crate) async fn run(self, context: &Context) -> Result<(), CliError> {
        match self {
            Self::List(list) => list.run(context).await,
            Self::Groups(groups) => groups.run(context).await,
            Self::Show { name, position } => one(context, &name, Position::new(position)).await,
            Self::Retry(retry) => retry.run(context).await,
            Self::Dismiss(dismiss) => dismiss.run(context).await,
        }
    }
}

impl List {
    async fn run(self, context: &Context) -> Result<(), CliError> {
        let connected = context.reading().await?;
        connected.admin.subscription(&self.name).await?;
        let limit = self.limit.clamp(1, 10_000);
        // One more than is shown: it tells whether there are more.
        let mut letters = match self.filter.is_empty() {
            true => connected.admin.letters(&self.name, self.query().limit(limit + 1)).await?,
            false => self.find(&*connected.admin, limit + 1).await?,
        };
        let more = letters.len() > limit;
        letters.truncate(limit);
        if context.output.is_json {
            return context.output.document(&json!({ "format": 1, "letters": letters, "more": more }));
        }
        let mut table = Table::new(&["POSITION", "EVENT", "STREAM", "STATE", "TRIES", "HELD", "ERROR"])
            .optional(&["HELD", "TRIES", "STATE", "STREAM"]);
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

    fn query(&self) -> LetterQuery {
        let query = match self.state {
            State::All => LetterQuery::all(),
            State::Waiting => LetterQuery::parking(),
            State::Released => LetterQuery::released(),
            State::Dismissed => LetterQuery::dismissed(),
            State::Transient => LetterQuery::failed(ErrorClass::Transient),
            State::Permanent => LetterQuery::failed(ErrorClass::Permanent),
        };
        query.after(Position::new(self.after))
    }

    /// Returns the first `limit` letters that the filter finds.
    async fn find(&self, admin: &dyn Admin, limit: usize) -> Result<Vec<DeadLetter>, CliError> {
        let search = self.filter.search(Some(&self.name));
        let search = match self.state {
            State::All => search,
            State::Waiting => search.waiting(),
            State::Dismissed => search.dismissed(),
            State::Released | State::Transient | State::Permanent => {
                let usage = "a filter is for letters of the states `all`, `waiting` and `dismissed`";
                return Err(CliError::Usage(usage.to_owned()));
            }
        };
        let mut letters = Vec::new();
        let mut after = Some(LetterKey::new(&*self.name, Position::new(self.after)));
        while let Some(key) = after.filter(|_| letters.len() < limit) {
            let page = admin.find_letters(&search, Some(&key), limit - letters.len()).await?;
            letters.extend(page.letters);
            after = page.next;
        }
        Ok(letters)
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

//! `letters`.

mod change;
mod filter;
mod groups;
mod list;

use clap::Subcommand;
use eventsource::event::Position;
use eventsource::projection::{DeadLetter, LetterState};
use eventsource::text::{bounded, time};
use serde_json::json;

use self::change::{Dismiss, Retry};
use self::groups::Groups;
use self::list::List;
use super::events::show;
use crate::context::Context;
use crate::error::CliError;
use crate::output::{escape, nested};

#[derive(Debug, Clone, Subcommand)]
pub enum Letters {
    /// List the dead letters, by subscription and position.
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

async fn one(context: &Context, name: &str, position: Position) -> Result<(), CliError> {
    let view = context.reading().await?.admin.letter(name, position).await?;
    if context.output.is_json {
        let event = view.event.as_ref().map(nested::event).transpose()?;
        return context.output.document(&json!({ "format": view.format, "letter": view.letter, "event": event }));
    }
    let letter = &view.letter;
    let mut lines = vec![
        ("state", state(letter)),
        ("attempts", letter.attempts.to_string()),
        ("failed first", time(letter.first_failed_at)),
        ("failed last", time(letter.last_failed_at)),
        ("events behind it", bounded(letter.held)),
    ];
    lines.extend(letter.errors.iter().map(|error| ("error", error.clone())));
    for (key, value) in lines {
        context.output.line(&format!("{key:17} {}", escape::line(&value, 10_000)))?;
    }
    match &view.event {
        Some(event) => show(context, event),
        None => context.output.line(&format!("{:17} the log does not have it", "event")),
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

//! `letters retry` and `letters dismiss`.

use std::collections::BTreeSet;

use clap::Args;
use eventsource::admin::{Admin, AdminError};
use eventsource::event::Position;
use eventsource::projection::{DeadLetter, LetterQuery, LetterSearch, LetterState};
use eventsource::subscription::{Action, LetterSelection, RetryReport};
use eventsource::text::exactly;
use uuid::Uuid;

use super::filter::Filter;
use crate::command::steer::steer;
use crate::connect::Connected;
use crate::context::{Confirm, Context};
use crate::error::CliError;
use crate::id::parse_id;
use crate::output::escape;

/// The error of a command that names no letters.
const WHICH: &str = "say which letters: their positions, `--all`, `--stream`, `--type`, `--error`, `--before`";

#[derive(Debug, Clone, Args)]
#[group(skip)]
pub struct Retry {
    /// The subscription.
    name: String,
    /// The letters of the events at these positions.
    #[arg(value_name = "POSITION", conflicts_with_all = ["event", "all", "stream", "event_type", "error", "before"])]
    positions: Vec<u64>,
    /// The letter of the event with this id.
    #[arg(long, value_name = "ID", value_parser = parse_id, conflicts_with_all = ["all", "stream", "event_type", "error", "before"])]
    event: Option<Uuid>,
    /// All letters.
    #[arg(long, conflicts_with_all = ["stream", "event_type", "error", "before"])]
    all: bool,
    #[command(flatten)]
    filter: Filter,
}

#[derive(Debug, Clone, Args)]
#[group(skip)]
pub struct Dismiss {
    /// The subscription.
    name: String,
    /// The letters of the events at these positions.
    #[arg(value_name = "POSITION", conflicts_with_all = ["all", "stream", "event_type", "error", "before"])]
    positions: Vec<u64>,
    /// All letters.
    #[arg(long, conflicts_with_all = ["stream", "event_type", "error", "before"])]
    all: bool,
    /// The reason, for other operators.
    #[arg(long)]
    reason: String,
    #[command(flatten)]
    filter: Filter,
}

impl Retry {
    pub(super) async fn run(self, context: &Context) -> Result<(), CliError> {
        let Self { name, positions, event, all, filter } = self;
        if positions.is_empty() && event.is_none() && !all && filter.is_empty() {
            return Err(CliError::Usage(format!("{WHICH}, or `--event`")));
        }
        let connected = context.changing().await?;
        let positions = distinct(positions);
        check(context, &connected, &name, &positions).await?;
        let (letters, change) = match (&*positions, event, &filter) {
            ([position], ..) => one_letter(&name, LetterSelection::At(*position)),
            ([_, _, ..], ..) => {
                let change = format!("retry {} of `{name}`", exactly(positions.len() as u64, "dead letter"));
                (LetterSelection::Positions(positions), change)
            }
            ([], Some(id), _) => one_letter(&name, LetterSelection::Event(id)),
            ([], None, Filter { stream: Some(stream), event_type: None, error: None, before: None }) => {
                one_letter(&name, LetterSelection::Stream(stream.clone()))
            }
            ([], None, filter) if filter.is_empty() => {
                (LetterSelection::All, format!("retry all dead letters of `{name}`"))
            }
            ([], None, filter) => {
                let search = filter.search(Some(&name));
                let found = found(context, &connected, &search).await?;
                (LetterSelection::Matching(Box::new(search)), format!("retry {found} of `{name}`"))
            }
        };
        let action = Action::RetryLetters { letters: letters.clone() };
        steer(context, &connected, &name, action, &change, Some(Confirm::Yes)).await?;
        match context.answered(left(&*connected.admin, &name, &letters)).await? {
            None => Ok(()),
            Some(letter) => Err(CliError::FailedAgain {
                subscription: name,
                position: letter.position.value(),
                error: escape::line(letter.errors.first().map_or("unknown", String::as_str), 2_000),
            }),
        }
    }
}

/// Returns the first of the retried letters that still waits.
async fn left(admin: &dyn Admin, name: &str, retried: &LetterSelection) -> Result<Option<DeadLetter>, CliError> {
    let search = match retried {
        LetterSelection::At(position) => return waiting_at(admin, name, *position).await,
        LetterSelection::Positions(positions) => {
            for position in positions {
                if let Some(letter) = waiting_at(admin, name, *position).await? {
                    return Ok(Some(letter));
                }
            }
            return Ok(None);
        }
        LetterSelection::Event(id) => {
            let found = admin.letters(name, LetterQuery::event(*id).limit(1)).await?;
            return Ok(found.into_iter().find(|letter| letter.state == LetterState::Waiting));
        }
        LetterSelection::All => LetterSearch::of(name),
        LetterSelection::Stream(stream) => LetterSearch::of(name).stream(stream.clone()),
        LetterSelection::Matching(search) => (**search).clone(),
        _ => LetterSearch::of(name),
    };
    let page = admin.find_letters(&search.waiting(), None, 1).await?;
    Ok(page.letters.into_iter().find(|letter| letter.state == LetterState::Waiting))
}

/// Fails if the only letter does not exist. Several can end meanwhile, one after the other.
async fn check(context: &Context, connected: &Connected, name: &str, positions: &[Position]) -> Result<(), CliError> {
    match positions {
        [only] => context.answered(async { Ok(connected.admin.letter(name, *only).await?) }).await.map(drop),
        _ => Ok(()),
    }
}

/// Returns the letter at a position, if it waits.
async fn waiting_at(admin: &dyn Admin, name: &str, position: Position) -> Result<Option<DeadLetter>, CliError> {
    match admin.letter(name, position).await {
        Ok(view) => Ok(Some(view.letter).filter(|letter| letter.state == LetterState::Waiting)),
        Err(AdminError::UnknownLetter { .. }) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// Returns the positions in their order, each once.
fn distinct(positions: Vec<u64>) -> Vec<Position> {
    let mut seen = BTreeSet::new();
    positions.into_iter().filter(|position| seen.insert(*position)).map(Position::new).collect()
}

fn one_letter(name: &str, letter: LetterSelection) -> (LetterSelection, String) {
    let change = format!("retry the dead letter of `{name}` {letter}");
    (letter, change)
}

/// Says how many waiting letters a search finds, and how many of them one request takes.
async fn found(context: &Context, connected: &Connected, search: &LetterSearch) -> Result<String, CliError> {
    let waiting = search.clone().waiting();
    let count = context.answered(async { Ok(connected.admin.count_letters(&waiting).await?) }).await?;
    let at_least = if count.is_exact { "" } else { "at least " };
    let most = RetryReport::MOST_AT_ONCE as u64;
    let first = if count.letters > most { format!("the first {most} of ") } else { String::new() };
    Ok(format!("{first}{at_least}{}", exactly(count.letters, "dead letter")))
}

impl Dismiss {
    pub(super) async fn run(self, context: &Context) -> Result<(), CliError> {
        let Self { name, positions, all, reason, filter } = self;
        if positions.is_empty() && !all && filter.is_empty() {
            return Err(CliError::Usage(WHICH.to_owned()));
        }
        let connected = context.changing().await?;
        let positions = distinct(positions);
        check(context, &connected, &name, &positions).await?;
        let (action, letters, confirm) = match &*positions {
            [] => {
                let search = filter.search(Some(&name));
                let letters = found(context, &connected, &search).await?;
                (Action::DismissMatching { search: Box::new(search), reason }, letters, Confirm::Name(&name))
            }
            [position] => {
                let letter = format!("the dead letter at position {position}");
                (Action::DismissLetters { positions, reason }, letter, Confirm::Yes)
            }
            several => {
                let letters = exactly(several.len() as u64, "dead letter");
                (Action::DismissLetters { positions, reason }, letters, Confirm::Name(&name))
            }
        };
        let events = if matches!(confirm, Confirm::Yes) { "its event is" } else { "their events are" };
        let change = format!("give up {letters} of `{name}`: {events} never applied");
        steer(context, &connected, &name, action, &change, Some(confirm)).await
    }
}

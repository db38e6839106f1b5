//! `letters retry` and `letters dismiss`.

use clap::{ArgGroup, Args};
use eventsource::admin::{Admin, AdminError};
use eventsource::event::Position;
use eventsource::projection::{DeadLetter, LetterQuery, LetterSearch, LetterState};
use eventsource::subscription::{Action, LetterSelection, RetryReport};
use uuid::Uuid;

use super::filter::Filter;
use crate::command::steer::steer;
use crate::context::{Confirm, Context};
use crate::error::CliError;
use crate::output::escape;

#[derive(Debug, Clone, Args)]
#[group(skip)]
#[command(group = ArgGroup::new("which").args(["position", "event", "all", "stream", "event_type", "error", "before"]).required(true).multiple(true))]
pub struct Retry {
    /// The subscription.
    name: String,
    /// The letter at this position.
    #[arg(long, value_name = "P", conflicts_with_all = ["event", "all", "stream", "event_type", "error", "before"])]
    position: Option<u64>,
    /// The letter of the event with this id.
    #[arg(long, value_name = "ID", conflicts_with_all = ["all", "stream", "event_type", "error", "before"])]
    event: Option<Uuid>,
    /// All letters.
    #[arg(long, conflicts_with_all = ["stream", "event_type", "error", "before"])]
    all: bool,
    #[command(flatten)]
    filter: Filter,
}

#[derive(Debug, Clone, Args)]
#[group(skip)]
#[command(group = ArgGroup::new("which").args(["positions", "all", "stream", "event_type", "error", "before"]).required(true).multiple(true))]
pub struct Dismiss {
    /// The subscription.
    name: String,
    /// The positions of the events.
    #[arg(long = "position", value_name = "P", num_args = 1.., conflicts_with_all = ["all", "stream", "event_type", "error", "before"])]
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
        let Self { name, position, event, filter, .. } = self;
        let (letters, change) = match (position, event, &filter) {
            (Some(position), ..) => one_letter(&name, LetterSelection::At(Position::new(position))),
            (None, Some(id), _) => one_letter(&name, LetterSelection::Event(id)),
            (None, None, Filter { stream: Some(stream), event_type: None, error: None, before: None }) => {
                one_letter(&name, LetterSelection::Stream(stream.clone()))
            }
            (None, None, filter) if filter.is_empty() => {
                (LetterSelection::All, format!("retry all dead letters of `{name}`"))
            }
            (None, None, filter) => {
                let search = filter.search(Some(&name));
                let found = found(context, &search).await?;
                (LetterSelection::Matching(Box::new(search)), format!("retry {found} of `{name}`"))
            }
        };
        steer(context, &name, Action::RetryLetters { letters: letters.clone() }, &change, Confirm::Yes).await?;
        let left = async { left(&*context.reading().await?.admin, &name, &letters).await };
        match context.answered(left).await? {
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
        LetterSelection::At(position) => {
            let found = admin.letter(name, *position).await;
            let found = found.map(|view| Some(view.letter)).or_else(|error| match error {
                AdminError::UnknownLetter { .. } => Ok(None),
                error => Err(error),
            });
            return Ok(found?.filter(|letter| letter.state == LetterState::Waiting));
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

fn one_letter(name: &str, letter: LetterSelection) -> (LetterSelection, String) {
    let change = format!("retry the dead letter of `{name}` {letter}");
    (letter, change)
}

/// Says how many waiting letters a search finds, and how many of them one request takes.
async fn found(context: &Context, search: &LetterSearch) -> Result<String, CliError> {
    let waiting = search.clone().waiting();
    let count = async { Ok(context.reading().await?.admin.count_letters(&waiting).await?) };
    let count = context.answered(count).await?;
    let at_least = if count.is_exact { "" } else { "at least " };
    let most = RetryReport::MOST_AT_ONCE as u64;
    let first = if count.letters > most { format!("the first {most} of ") } else { String::new() };
    Ok(format!("{first}{at_least}{} dead letters", count.letters))
}

impl Dismiss {
    pub(super) async fn run(self, context: &Context) -> Result<(), CliError> {
        let Self { name, positions, all: _, reason, filter } = self;
        let positions: Vec<_> = positions.into_iter().map(Position::new).collect();
        let never = "their events are never applied";
        if positions.is_empty() {
            let search = filter.search(Some(&name));
            let change = format!("give up {} of `{name}`: {never}", found(context, &search).await?);
            let action = Action::DismissMatching { search: Box::new(search), reason };
            return steer(context, &name, action, &change, Confirm::Name(&name)).await;
        }
        let change = format!("give up {} dead letters of `{name}`: {never}", positions.len());
        let confirm = if positions.len() > 1 { Confirm::Name(&name) } else { Confirm::Yes };
        steer(context, &name, Action::DismissLetters { positions, reason }, &change, confirm).await
    }
}

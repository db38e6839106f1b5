//! Which subscriptions have applied an event.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use eventsource::admin::{AdminError, EventView, Overview, SubscriptionView};
use eventsource::projection::operations::{RequestQuery, RequestState, StoredRequest};
use eventsource::projection::{DeadLetter, LetterSearch, LetterState};
use eventsource::subscription::Action;
use maud::{Markup, html};
use serde::Serialize;

use crate::dashboard::Shared;
use crate::layout::Page;
use crate::text::{line, time};

/// How many pages of letters of one stream are read, and how many requests that skipped events.
const PAGES: usize = 5;
const LETTERS: usize = 200;
const SKIPS: usize = 200;

/// What a subscription that handles the type of an event has done with it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub(super) enum Standing {
    Applied {},
    NotYet {},
    /// It could not be applied.
    DeadLetter {},
    /// It waits behind a dead letter of its stream.
    Waits {
        behind: u64,
    },
    /// It was a dead letter, and will not be applied.
    Dismissed {
        reason: String,
    },
    /// An operator moved the checkpoint over it. A rebuild after that has applied it.
    Skipped {
        by: String,
        reason: String,
        at: DateTime<Utc>,
    },
    /// It was passed. Its stream has so many dead letters that not all of them were looked at.
    Passed {},
}

/// A subscription, and what it has done with the event.
#[derive(Debug, Serialize)]
pub(super) struct Applier {
    subscription: String,
    #[serde(flatten)]
    standing: Standing,
}

/// Returns what each subscription that handles the type of an event has done with it.
pub(super) async fn appliers(
    shared: &Shared,
    overview: &Overview,
    event: &EventView,
) -> Result<Vec<Applier>, AdminError> {
    let handles =
        |view: &&SubscriptionView| view.handles.as_ref().is_none_or(|types| types.contains(&event.event_type));
    let views: Vec<_> = overview.subscriptions.iter().filter(handles).collect();
    if views.iter().all(|view| view.position < event.position) {
        return Ok(views.into_iter().map(|view| applier(view, Standing::NotYet {})).collect());
    }
    let (letters, has_all) = letters(shared, event).await?;
    let skips = shared.admin.requests(&skips()).await;
    let skips = match skips {
        Err(AdminError::Unsupported) => Vec::new(),
        skips => skips?,
    };
    let mut by_name: BTreeMap<&str, Vec<&DeadLetter>> = BTreeMap::new();
    for letter in &letters {
        by_name.entry(&letter.subscription).or_default().push(letter);
    }
    let standing = |view: &SubscriptionView| {
        let of_letters = || of_letters(by_name.get(&*view.name).map(Vec::as_slice).unwrap_or_default(), event);
        match () {
            () if view.position < event.position => Standing::NotYet {},
            () => of_letters().or_else(|| of_skips(&view.name, &skips, event)).unwrap_or(match has_all {
                true => Standing::Applied {},
                false => Standing::Passed {},
            }),
        }
    };
    Ok(views.into_iter().map(|view| applier(view, standing(view))).collect())
}

fn applier(view: &SubscriptionView, standing: Standing) -> Applier {
    Applier { subscription: view.name.clone(), standing }
}

fn skips() -> RequestQuery {
    let mut query = RequestQuery::latest(SKIPS);
    query.action = Some("skip".to_owned());
    query
}

/// Returns the letters of the stream of an event, and whether these are all.
async fn letters(shared: &Shared, event: &EventView) -> Result<(Vec<DeadLetter>, bool), AdminError> {
    let search = LetterSearch::default().stream(event.stream.clone());
    let (mut letters, mut after) = (Vec::new(), None);
    for _ in 0..PAGES {
        let page = shared.admin.find_letters(&search, after.as_ref(), LETTERS).await?;
        letters.extend(page.letters);
        after = page.next;
        if after.is_none() {
            return Ok((letters, true));
        }
    }
    Ok((letters, false))
}

fn of_letters(letters: &[&DeadLetter], event: &EventView) -> Option<Standing> {
    if let Some(own) = letters.iter().find(|letter| letter.position == event.position) {
        return Some(match &own.state {
            LetterState::Dismissed { reason, .. } => Standing::Dismissed { reason: reason.clone() },
            _ => Standing::DeadLetter {},
        });
    }
    let parked = letters.iter().find(|letter| letter.parks() && letter.version < event.version)?;
    Some(Standing::Waits { behind: parked.position.value() })
}

fn of_skips(name: &str, skips: &[StoredRequest], event: &EventView) -> Option<Standing> {
    skips.iter().filter(|stored| stored.request.subscription == name).find_map(|stored| {
        let (Ok(Action::Skip { from, to, reason }), RequestState::Done { at, .. }) =
            (Action::of_stored(stored), &stored.state)
        else {
            return None;
        };
        let is_in = from < event.position && event.position <= to;
        is_in.then(|| Standing::Skipped { by: stored.request.by.clone(), reason, at: *at })
    })
}

/// Returns the table of these subscriptions.
pub(super) fn table(page: &Page, event: &EventView, appliers: &[Applier]) -> Markup {
    html! {
        h2 { "Subscriptions" }
        @if appliers.is_empty() { p { "No subscription handles its type." } } @else {
            table {
                caption { "Which subscriptions have applied it" }
                thead { tr { th scope="col" { "Subscription" } th scope="col" { "Applied" } } }
                tbody {
                    @for Applier { subscription, standing } in appliers { tr {
                        td data-name="Subscription" { a href=(page.to_subscription(subscription)) { (line(subscription)) } }
                        td data-name="Applied" { (words(page, event, subscription, standing)) }
                    } }
                }
            }
            p.soft { "A subscription that began after this event counts as one that has applied it." }
        }
    }
}

/// Returns a standing in words, with a sign and a colour.
fn words(page: &Page, event: &EventView, name: &str, standing: &Standing) -> Markup {
    let letter = |position: u64, text: &str| html! { a href=(page.to_letter(name, position)) { (text) } };
    let (class, sign) = match standing {
        Standing::Applied {} => ("good", "●"),
        Standing::DeadLetter {} => ("bad", "✕"),
        _ => ("wait", "○"),
    };
    let own = event.position.value();
    html! {
        span.(class) aria-hidden="true" { (sign) } " "
        @match standing {
            Standing::Applied {} => "applied",
            Standing::NotYet {} => "not yet",
            Standing::DeadLetter {} => { "no: it is a " (letter(own, "dead letter")) },
            Standing::Waits { behind } => { "no: it waits behind a " (letter(*behind, "dead letter")) " of its stream" },
            Standing::Dismissed { reason } => { "never: it is a dismissed " (letter(own, "dead letter")) ": " (line(reason)) },
            Standing::Skipped { by, reason, at } => {
                "skipped by " (line(by)) " at " (time(*at)) ", unless a rebuild has applied it since: " (line(reason))
            },
            Standing::Passed {} => {
                "passed; its stream has many " a href={ (page.to_subscription(name)) "/letters" } { "dead letters" }
            },
        }
    }
}

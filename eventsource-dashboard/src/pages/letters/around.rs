//! The events of the stream of a dead letter around it: what was before it, and what waits behind it.

use eventsource::Position;
use eventsource::admin::EventView;
use eventsource::projection::DeadLetter;
use eventsource::text::counted;
use maud::{Markup, html};
use serde::Serialize;

use crate::dashboard::Shared;
use crate::layout::Page;
use crate::pages::events;
use crate::payload::Payloads;
use crate::text::{line, time};

/// How many events before the letter are shown, and how many in all.
const BEFORE: u64 = 3;
const EVENTS: usize = 14;

/// Events of one stream.
#[derive(Debug, Serialize)]
pub(super) struct Around {
    /// By version.
    around: Vec<EventView>,
    /// Whether the stream goes on after them.
    more_around: bool,
    /// The position of the subscription.
    #[serde(skip)]
    reached: Position,
    /// The types that it handles. `None`: all.
    #[serde(skip)]
    handles: Option<Vec<String>>,
}

impl Around {
    /// Reads them. `None`: they cannot be read.
    pub(super) async fn of(shared: &Shared, name: &str, letter: &DeadLetter) -> Option<Self> {
        let after = letter.version.saturating_sub(BEFORE + 1);
        let found = shared.admin.stream(&letter.stream, after, EVENTS).await.ok()?;
        let view = shared.admin.subscription(name).await.ok()?;
        Some(Self { around: found.events, more_around: found.more, reached: view.position, handles: view.handles })
    }

    pub(super) fn masked(mut self, payloads: Payloads) -> Self {
        self.around = self.around.into_iter().map(|event| events::for_json(payloads, event)).collect();
        self
    }

    /// Returns the events as a table.
    pub(super) fn table(&self, page: &Page, letter: &DeadLetter) -> Markup {
        html! {
            h2 { "Its stream" }
            @if letter.parks() {
                p { "Behind it: " (counted(letter.held, "event")) @if letter.held == 1 { " waits." } @else { " wait." } }
            }
            table {
                caption { "The events of its stream around it, by version" }
                thead { tr {
                    th.number scope="col" { "Version" } th.number scope="col" { "Position" } th scope="col" { "Type" }
                    th scope="col" { "Stored" } th scope="col" { "Place" }
                } }
                tbody {
                    @for event in &self.around { tr {
                        td.number data-name="Version" { (event.version) }
                        td.number data-name="Position" { a href=(page.to_event(event.id)) { (event.position.value()) } }
                        td data-name="Type" { (line(&event.event_type)) }
                        td data-name="Stored" { (time(event.recorded_at)) }
                        td data-name="Place" { (self.place(letter, event)) }
                    } }
                }
            }
            @if self.more_around && let Some(last) = self.around.last() {
                p { a href={ (page.to_stream(&letter.stream)) "?after=" (last.version) } { "Later events of the stream" } }
            }
        }
    }

    fn place(&self, letter: &DeadLetter, event: &EventView) -> &'static str {
        let is_handled = self.handles.as_ref().is_none_or(|types| types.contains(&event.event_type));
        match event.version.cmp(&letter.version) {
            std::cmp::Ordering::Less => "before it",
            std::cmp::Ordering::Equal => "the dead letter",
            std::cmp::Ordering::Greater if !is_handled => "after it, not handled",
            std::cmp::Ordering::Greater if event.position > self.reached => "after it, not reached yet",
            std::cmp::Ordering::Greater if letter.parks() => "waits behind it",
            std::cmp::Ordering::Greater => "after it",
        }
    }
}

//! Events and streams.

mod applied;
mod changes;
pub(super) mod correlation;
pub(crate) mod list;
pub(super) mod one;
pub(super) mod steps;
pub(super) mod stream;
pub(super) mod streams;
pub(super) mod types;
pub(crate) mod wanted;

use eventsource::admin::EventView;
use maud::{Markup, html};

use crate::layout::Page;
use crate::payload::Payloads;
use crate::text::{line, time};

/// The place of the navigation.
pub(super) const AT: &str = "/events";

/// Masks an event for JSON.
pub(super) fn for_json(payloads: Payloads, mut event: EventView) -> EventView {
    event.payload = payloads.json(event.payload);
    event.metadata = event.metadata.into_iter().map(|(key, value)| (key, payloads.value(value))).collect();
    event
}

/// Returns an event, whole.
pub(super) fn event(page: &Page, payloads: Payloads, event: &EventView) -> Markup {
    let payload = payloads.text(&event.payload);
    html! {
        dl {
            dt { "Position" } dd { (event.position.value()) }
            dt { "Id" } dd { a href=(page.to_event(event.id)) { (event.id.to_string()) } }
            dt { "Type" } dd { (line(&event.event_type)) ", version " (event.schema_version) }
            dt { "Stream" } dd { a href=(page.to_stream(&event.stream)) { (line(&event.stream.to_string())) } ", version " (event.version) }
            dt { "Happened" } dd { (time(event.occurred_at)) }
            dt { "Stored" } dd { (time(event.recorded_at)) }
            @if let Some(id) = event.correlation_id { dt { "Correlation" } dd { a href=(page.to_correlation(id)) { (id.to_string()) } } }
            @if let Some(id) = event.causation_id { dt { "Caused by" } dd { a href=(page.to_event(id)) { (id.to_string()) } " (an event, or a command, which is not stored)" } }
            @if let Some(actor) = &event.actor { dt { "Actor" } dd { (line(actor)) } }
            @if let Some(tenant) = &event.tenant { dt { "Tenant" } dd { (line(tenant)) } }
            @for (key, value) in &event.metadata {
                dt { (line(key)) } dd { (line(&payloads.value(value.clone()).to_string())) }
            }
            @if let Some(why) = &event.unreadable { dt { "Unreadable" } dd.bad { (line(why)) } }
        }
        @if !payload.is_json {
            p.notice {
                "The payload is not JSON: another program has stored or changed it. A subscription that decodes it fails."
                @if payloads == Payloads::Shown { " It is shown as text." }
            }
        }
        pre tabindex="0" aria-label="Payload" { (payload.text) }
        @if payloads == Payloads::Masked {
            p { "Values are hidden. The command line shows them: " code { "events show " (event.id.to_string()) } ". So does this page if the program allows it (" code { "Dashboard::payloads" } ")." }
        }
        @if payloads == Payloads::Shown { p { a href={ (page.to_event(event.id)) "/payload" } { "The payload as it is stored" } } }
    }
}

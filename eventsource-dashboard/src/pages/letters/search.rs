//! Which dead letters are shown: the filters in the address of a page, and in the fields of its forms.

use chrono::{DateTime, NaiveDateTime, Utc};
use eventsource::StreamId;
use eventsource::projection::{LetterKey, LetterSearch, LetterStanding};
use maud::{Markup, html};
use serde::Deserialize;
use uuid::Uuid;

use crate::pages::query;
use crate::text::line;

/// Which letters of a subscription are shown. An empty field is no condition.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Wanted {
    /// A part of the first line of the error.
    pub(crate) error: String,
    /// The type of the event.
    pub(crate) kind: String,
    /// The stream, as `Order/0192f0c1-…`.
    pub(crate) stream: String,
    /// The earliest time of the last failure, in UTC.
    pub(crate) from: String,
    /// The time before which it failed last, in UTC.
    pub(crate) before: String,
    /// `dismissed`, `all`, or waiting letters.
    pub(crate) state: String,
    /// The position after which the page begins.
    pub(crate) after: Option<u64>,
}

impl Wanted {
    /// Returns the search, or what is wrong with a field.
    pub(crate) fn search(&self, name: &str) -> Result<LetterSearch, String> {
        let given = |text: &str| Some(text.trim().to_owned()).filter(|text| !text.is_empty());
        let mut search = LetterSearch::of(name);
        search.standing = match &*self.state {
            "dismissed" => Some(LetterStanding::Dismissed),
            "all" => None,
            _ => Some(LetterStanding::Waiting),
        };
        search.error = given(&self.error);
        search.event_type = given(&self.kind);
        search.stream = given(&self.stream).map(|text| stream(&text)).transpose()?;
        search.failed_from = given(&self.from).map(|text| time(&text)).transpose()?;
        search.failed_before = given(&self.before).map(|text| time(&text)).transpose()?;
        Ok(search)
    }

    pub(crate) fn key(&self, name: &str) -> Option<LetterKey> {
        self.after.map(|after| LetterKey::new(name, eventsource::Position::new(after)))
    }

    /// Returns whether a field is a condition.
    pub(crate) fn is_narrow(&self) -> bool {
        [&self.error, &self.kind, &self.stream, &self.from, &self.before].iter().any(|field| !field.trim().is_empty())
    }

    fn fields(&self) -> [(&'static str, &str); 6] {
        [
            ("error", &self.error),
            ("kind", &self.kind),
            ("stream", &self.stream),
            ("from", &self.from),
            ("before", &self.before),
            ("state", &self.state),
        ]
    }

    /// Returns the query of an address with these filters, and with `more`.
    pub(crate) fn query(&self, more: &[(&'static str, &str)]) -> String {
        query(self.fields().into_iter().chain(more.iter().copied()))
    }

    /// Returns the filters as hidden fields of a form.
    pub(crate) fn hidden(&self) -> Markup {
        html! {
            @for (name, value) in self.fields() {
                @if !value.is_empty() { input type="hidden" name=(name) value=(value); }
            }
        }
    }

    /// Returns the form that chooses the letters.
    pub(crate) fn form(&self) -> Markup {
        html! {
            form method="get" {
                label { "Error contains" input name="error" value=(line(&self.error)); }
                label { "Event type" input name="kind" value=(line(&self.kind)); }
                label { "Stream" input name="stream" value=(line(&self.stream)) placeholder="Order/0192f0c1-…"; }
                label { "Failed from (UTC)" input type="datetime-local" name="from" value=(line(&self.from)); }
                label { "Failed before (UTC)" input type="datetime-local" name="before" value=(line(&self.before)); }
                label { "State" select name="state" {
                    @for (value, text) in [("", "waiting"), ("dismissed", "dismissed"), ("all", "waiting and dismissed")] {
                        option value=(value) selected[value == self.state] { (text) }
                    }
                } }
                button { "Show" }
            }
        }
    }
}

/// Reads a stream.
pub(crate) fn stream(text: &str) -> Result<StreamId, String> {
    let parts = text.rsplit_once('/').and_then(|(kind, id)| Some((kind, id.parse::<Uuid>().ok()?)));
    let (kind, id) = parts.ok_or_else(|| format!("`{text}` is no stream: write its type, a slash and its id"))?;
    Ok(StreamId::new(kind.to_owned(), id))
}

/// Reads a time, in UTC unless it has an offset.
pub(crate) fn time(text: &str) -> Result<DateTime<Utc>, String> {
    if let Ok(time) = DateTime::parse_from_rfc3339(text) {
        return Ok(time.to_utc());
    }
    let read = |format| NaiveDateTime::parse_from_str(text, format).ok();
    let found = read("%Y-%m-%dT%H:%M").or_else(|| read("%Y-%m-%dT%H:%M:%S%.f"));
    found.map(|time| time.and_utc()).ok_or_else(|| format!("`{text}` is no time: write it as 2026-11-29T17:30"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_conditions_and_mistakes_are_named() {
        let wanted =
            Wanted { kind: " OrderPlaced ".to_owned(), before: "2026-11-29T17:30".to_owned(), ..Wanted::default() };
        let search = wanted.search("orders").unwrap();
        assert_eq!(search.event_type.as_deref(), Some("OrderPlaced"));
        assert_eq!(search.failed_before.unwrap().to_rfc3339(), "2026-11-29T17:30:00+00:00");
        assert_eq!((search.standing, search.error), (Some(LetterStanding::Waiting), None));
        assert!(
            stream("a/b/00000000-0000-0000-0000-000000000001").is_ok_and(|stream| stream.aggregate_type() == "a/b")
        );
        for wrong in
            [Wanted { stream: "Order".to_owned(), ..Wanted::default() }, Wanted { from: "soon".to_owned(), ..wanted }]
        {
            assert!(wrong.search("orders").unwrap_err().contains("is no "), "{wrong:?}");
        }
    }
}

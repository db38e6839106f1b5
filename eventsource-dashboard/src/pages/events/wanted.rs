//! Which events are shown: the filters in the address of the page.

use eventsource::admin::{AdminError, EventPage};
use eventsource::{EventFilter, Position};
use serde::Deserialize;

use crate::dashboard::Shared;
use crate::pages::ROWS;
use crate::pages::letters::search::time;

/// Which events are shown. An empty field is no condition.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Wanted {
    /// The position before which a page of older events begins.
    before: Option<u64>,
    /// The position after which a page of newer events begins.
    after: Option<u64>,
    pub(super) kind: String,
    pub(super) aggregate: String,
    pub(super) tenant: String,
    /// The earliest time at which they were stored, in UTC.
    pub(super) from: String,
    /// The time before which they were stored, in UTC.
    pub(super) until: String,
    /// The last position.
    pub(super) position: String,
}

/// A page of events.
pub(super) struct Found {
    pub(super) page: EventPage,
    pub(super) has_newer: bool,
    pub(super) has_older: bool,
}

/// Why there are no events.
pub(super) enum Unread {
    /// A field is wrong.
    Mistake(String),
    Failed(AdminError),
}

impl From<AdminError> for Unread {
    fn from(error: AdminError) -> Self {
        Self::Failed(error)
    }
}

/// The positions that the conditions on time and position allow.
struct Window {
    /// The first one. `None`: no event is late enough.
    first: Option<u64>,
    /// The one after the last one. `None`: up to the end of the log.
    end: Option<u64>,
}

impl Wanted {
    fn filter(&self) -> EventFilter {
        let mut filter = match self.kind.trim() {
            "" => EventFilter::all(),
            kind => EventFilter::types([kind.to_owned()]),
        };
        if !self.aggregate.trim().is_empty() {
            filter = filter.aggregates([self.aggregate.trim().to_owned()]);
        }
        match self.tenant.trim() {
            "" => filter,
            tenant => filter.tenant(tenant),
        }
    }

    /// Returns the fields of the form.
    pub(super) fn fields(&self) -> [(&'static str, &str); 6] {
        [
            ("kind", &self.kind),
            ("aggregate", &self.aggregate),
            ("tenant", &self.tenant),
            ("from", &self.from),
            ("until", &self.until),
            ("position", &self.position),
        ]
    }

    /// Returns whether the page shows the end of the log, which changes.
    pub(super) fn is_tail(&self) -> bool {
        !self.is_later_page() && self.until.trim().is_empty() && self.position.trim().is_empty()
    }

    /// Returns whether it is not the first page with these filters.
    pub(super) const fn is_later_page(&self) -> bool {
        self.before.is_some() || self.after.is_some()
    }

    async fn window(&self, shared: &Shared) -> Result<Window, Unread> {
        let read = |text: &str| match text.trim() {
            "" => Ok(None),
            text => time(text).map(Some).map_err(Unread::Mistake),
        };
        let (from, until) = (read(&self.from)?, read(&self.until)?);
        let mut window = Window { first: Some(0), end: self.end()? };
        if let Some(from) = from {
            window.first = shared.admin.position_at(from).await?.map(Position::value);
        }
        if let Some(until) = until
            && let Some(end) = shared.admin.position_at(until).await?.map(Position::value)
        {
            window.end = Some(window.end.map_or(end, |other| other.min(end)));
        }
        Ok(window)
    }

    /// Returns the position after the last one that is wanted.
    fn end(&self) -> Result<Option<u64>, Unread> {
        let text = self.position.trim();
        if text.is_empty() {
            return Ok(None);
        }
        match text.parse::<u64>() {
            Ok(position) => Ok(Some(position.saturating_add(1))),
            Err(_) => Err(Unread::Mistake(format!("`{text}` is no position: write a whole number, such as 42"))),
        }
    }

    /// Reads the page.
    pub(super) async fn read(&self, shared: &Shared) -> Result<Found, Unread> {
        let Window { first, end } = self.window(shared).await?;
        let filter = self.filter();
        let Some(first) = first else {
            // No event is before the first position.
            let page = shared.admin.events(Some(Position::new(1)), &filter, 1).await?;
            return Ok(Found { page, has_newer: false, has_older: false });
        };
        let allows = |position: Position| position.value() >= first && end.is_none_or(|end| position.value() < end);
        let (mut page, is_forward) = match self.after {
            Some(after) => {
                let after = Position::new(after.max(first.saturating_sub(1)));
                (shared.admin.events_after(after, &filter, ROWS).await?, true)
            }
            None => {
                let before = self.before.into_iter().chain(end).min().map(Position::new);
                (shared.admin.events(before, &filter, ROWS).await?, false)
            }
        };
        let number = page.events.len();
        page.events.retain(|event| allows(event.position));
        page.more &= page.events.len() == number;
        let (has_newer, has_older) = match is_forward {
            true => (page.more, self.after.is_some_and(|after| after >= first)),
            false => (self.before.is_some(), page.more),
        };
        Ok(Found { page, has_newer, has_older })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn end_of_the_log_is_shown_unless_a_field_says_where_it_ends() {
        assert!(Wanted { kind: "A".to_owned(), from: "2026-11-29T17:30".to_owned(), ..Wanted::default() }.is_tail());
        for other in [
            Wanted { before: Some(1), ..Wanted::default() },
            Wanted { after: Some(1), ..Wanted::default() },
            Wanted { until: "2026-11-29T17:30".to_owned(), ..Wanted::default() },
            Wanted { position: "7".to_owned(), ..Wanted::default() },
        ] {
            assert!(!other.is_tail(), "{other:?}");
        }
    }

    #[test]
    fn position_is_the_last_one_and_a_mistake_is_named() {
        let wanted = |position: &str| Wanted { position: position.to_owned(), ..Wanted::default() };
        assert!(matches!(wanted(" 7 ").end(), Ok(Some(8))));
        assert!(matches!(wanted("").end(), Ok(None)));
        assert!(matches!(wanted("soon").end(), Err(Unread::Mistake(text)) if text.contains("`soon` is no position")));
    }
}

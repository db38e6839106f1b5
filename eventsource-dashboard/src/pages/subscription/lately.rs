//! The first dead letters of a subscription, and what operators did to it last.

use eventsource::admin::SubscriptionView;
use eventsource::projection::operations::{RequestQuery, StoredRequest};
use eventsource::projection::{DeadLetter, LetterSearch};
use maud::{Markup, html};
use serde::Serialize;

use crate::dashboard::Shared;
use crate::layout::Page;
use crate::live::Part;
use crate::pages::{letters, operations, part, soon};

/// How many letters and requests are shown.
const LETTERS: usize = 5;
const REQUESTS: usize = 5;

/// The first waiting letters, and the last requests. `None`: they cannot be read.
#[derive(Debug, Default, Serialize)]
pub(super) struct Lately {
    first_letters: Option<Vec<DeadLetter>>,
    last_requests: Option<Vec<StoredRequest>>,
}

impl Lately {
    /// Reads them, unless the database does not answer.
    pub(super) async fn of(shared: &Shared, view: &SubscriptionView, is_old: bool) -> Self {
        if is_old {
            return Self::default();
        }
        let first_letters = match view.letters {
            0 => Some(Vec::new()),
            _ => {
                let search = LetterSearch::of(&*view.name).waiting();
                soon(async { shared.admin.find_letters(&search, None, LETTERS).await.ok() })
                    .await
                    .map(|page| page.letters)
            }
        };
        let requests = RequestQuery::latest(REQUESTS).of(&*view.name);
        let last_requests = soon(async { shared.admin.requests(&requests).await.ok() }).await;
        Self { first_letters, last_requests }
    }

    pub(super) fn whole(&self, page: &Page, view: &SubscriptionView) -> Markup {
        html! {
            div #letters { (self.letters(page, view)) }
            div #requests { (self.requests(page, view)) }
        }
    }

    /// Returns the parts that change while the page is open. What cannot be read stays as it is.
    pub(super) fn parts(&self, page: &Page, view: &SubscriptionView) -> Vec<Part> {
        let mut parts = Vec::new();
        if self.first_letters.is_some() {
            parts.push(Part::new("letters", self.letters(page, view)));
        }
        if self.last_requests.is_some() {
            parts.push(Part::new("requests", self.requests(page, view)));
        }
        parts
    }

    fn letters(&self, page: &Page, view: &SubscriptionView) -> Markup {
        html! {
            @if let Some(found) = self.first_letters.as_ref().filter(|found| !found.is_empty()) {
                h2 { "First dead letters" }
                (letters::list::rows(page, &view.name, found))
                p { a href={ (page.to_subscription(&view.name)) "/letters" } { "All dead letters, by error" } }
            }
        }
    }

    fn requests(&self, page: &Page, view: &SubscriptionView) -> Markup {
        html! {
            h2 { "Last operations" }
            @match &self.last_requests {
                None => p { "The record of operations cannot be read." },
                Some(requests) if requests.is_empty() => p { "No operator has asked for anything." },
                Some(requests) => {
                    (operations::table(page, requests))
                    p { a href={ (page.root) "/operations?subscription=" (part(&view.name)) } { "All operations on it" } }
                }
            }
        }
    }
}

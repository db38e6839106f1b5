//! The stream of one open page.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;
use eventsource::Position;
use eventsource::admin::OverviewSample;
use futures_util::stream::unfold;
use serde::Serialize;
use tokio::sync::watch;
use tokio::time::Instant;

use super::part::{Change, Shown};
use super::sampler::Sample;
use super::watched::Watched;
use crate::address::Query;
use crate::dashboard::Shared;
use crate::layout::Page;

/// A stream ends after this time, and the browser opens another one: so access is decided again, and the stop of a server
/// that does not end the streams takes no longer.
const LONGEST: Duration = Duration::from_secs(60);

/// A sample is taken each second.
const OLD: Duration = Duration::from_secs(3);

/// The time between two comments, which show a proxy that the stream is alive.
const COMMENTS: Duration = Duration::from_secs(15);

/// The time after which a browser opens the stream again.
const RETRY: Duration = Duration::from_secs(2);

pub(crate) fn routes() -> Router<Shared> {
    Router::new().route("/updates", get(updates))
}

async fn updates(State(shared): State<Shared>, Query(watched): Query<Watched>, page: Page) -> Response {
    let open = Open {
        samples: shared.admin.watch(),
        until: Instant::now() + LONGEST,
        shown: Shown::default(),
        states: BTreeMap::new(),
        was_in_trouble: false,
        is_first: true,
        head: None,
        shared,
        watched,
        page,
    };
    let events = unfold(open, |mut open| async move {
        let message = open.next().await?;
        let event = Event::default().retry(RETRY).json_data(&message).ok()?;
        Some((Ok::<_, Infallible>(event), open))
    });
    Sse::new(events).keep_alive(KeepAlive::new().interval(COMMENTS)).into_response()
}

/// What a page receives.
#[derive(Debug, Serialize)]
struct Message {
    /// The time of the sample.
    at: String,
    /// The parts that have changed.
    parts: Vec<Change>,
    /// The changes of states, for a reader of the screen.
    said: String,
}

/// The stream of an open page.
struct Open {
    shared: Shared,
    page: Page,
    watched: Watched,
    samples: watch::Receiver<Arc<OverviewSample>>,
    until: Instant,
    shown: Shown,
    states: BTreeMap<String, String>,
    was_in_trouble: bool,
    is_first: bool,
    head: Option<Position>,
}

impl Open {
    /// Returns what the next sample changes. `None` ends the stream, also while the database does not answer.
    async fn next(&mut self) -> Option<Message> {
        let (shared, until) = (Arc::clone(&self.shared), self.until);
        tokio::select! {
            () = shared.live.ended() => None,
            () = tokio::time::sleep_until(until) => None,
            message = self.message() => message,
        }
    }

    async fn message(&mut self) -> Option<Message> {
        loop {
            let is_first = std::mem::take(&mut self.is_first);
            if !is_first {
                self.samples.changed().await.ok()?;
            }
            let sample = Arc::clone(&self.samples.borrow_and_update());
            // Without a receiver no sample was taken: the first one can be old.
            if is_first && sample.failure.is_none() && sample.age().is_none_or(|age| age > OLD) {
                continue;
            }
            let Some(sample) = Sample::of(&sample) else { continue };
            self.shared.sampler.remember(&sample);
            let head = sample.overview.head;
            let has_grown = self.head.replace(head) != Some(head);
            let mut parts = self.watched.parts(&self.shared, &self.page, &sample, has_grown).await?;
            parts.push(Page::trouble_part(sample.trouble().as_ref()));
            let at = eventsource::text::time(sample.overview.at);
            return Some(Message { at, parts: self.shown.changes(parts), said: self.said(&sample) });
        }
    }

    /// Returns what has changed in words.
    fn said(&mut self, sample: &Sample) -> String {
        let mut said = Vec::new();
        let is_in_trouble = sample.trouble.is_some();
        match (self.was_in_trouble, is_in_trouble) {
            (false, true) => said.push("The database does not answer.".to_owned()),
            (true, false) => said.push("The database answers again.".to_owned()),
            _ => {}
        }
        self.was_in_trouble = is_in_trouble;
        let is_told = !self.states.is_empty();
        for view in &sample.overview.subscriptions {
            if !self.watched.tells(&view.name) {
                continue;
            }
            let before = self.states.insert(view.name.clone(), view.state.clone());
            if is_told && before.as_ref() != Some(&view.state) {
                said.push(format!("{} is {}.", crate::text::line(&view.name), crate::text::line(&view.state)));
            }
        }
        said.join(" ")
    }
}

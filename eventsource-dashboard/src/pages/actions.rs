//! Changes. Each one is a request, whose page follows.

use std::time::Duration;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Redirect, Response};
use eventsource::Position;
use eventsource::admin::{AdminError, Asked};
use eventsource::subscription::{Action, LetterSelection, RebuildKind};
use serde::Deserialize;
use serde_json::json;
use uuid::Uuid;

use super::letters::search::Wanted;
use crate::access::Change;
use crate::address::{Form, Path};
use crate::dashboard::Shared;
use crate::layout::Page;

/// How long a request is valid, and how long a page waits for its end: then its own page shows what came of it.
const VALID: Duration = Duration::from_secs(300);
const SHOWN_AFTER: Duration = Duration::from_secs(2);

/// What a form sends.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Sent {
    action: String,
    reason: String,
    confirm: String,
    /// `held` if the page has said that a held next generation is discarded.
    discards: String,
    position: Option<u64>,
    /// The filters of the letters that a change is for.
    #[serde(flatten)]
    wanted: Wanted,
}

pub(super) async fn on_subscription(
    State(shared): State<Shared>,
    Path((name, action)): Path<(String, String)>,
    page: Page,
    Form(sent): Form<Sent>,
) -> Response {
    let (change, action) = match &*action {
        "pause" => (Change::Pause, Action::Pause { reason: sent.reason }),
        "resume" => (Change::Resume, Action::Resume {}),
        "restart" => (Change::Restart, Action::Restart {}),
        "rebuild-side-by-side" => (Change::Rebuild, Action::Rebuild { kind: RebuildKind::SideBySide }),
        "rebuild-and-hold" => (Change::Rebuild, Action::RebuildAndHold { reason: sent.reason }),
        "switch-rebuild" => (Change::SwitchRebuild, Action::SwitchRebuild {}),
        "rebuild-in-place" => match unconfirmed(&shared, &name, &sent).await {
            Ok(None) => (Change::Rebuild, Action::Rebuild { kind: RebuildKind::InPlace }),
            Ok(Some(text)) => return page.problem(StatusCode::UNPROCESSABLE_ENTITY, &text),
            Err(error) => return page.failed(&error),
        },
        "cancel-rebuild" => (Change::CancelRebuild, Action::CancelRebuild {}),
        _ => return page.problem(StatusCode::NOT_FOUND, "there is no such action"),
    };
    ask(&shared, &page, &name, change, action).await
}

/// Returns what must be confirmed before a rebuild in place begins. `None`: nothing more.
async fn unconfirmed(shared: &Shared, name: &str, sent: &Sent) -> Result<Option<String>, AdminError> {
    let is_held = shared.admin.subscription(name).await?.hold.is_some();
    let discarded = if is_held { " The next generation that is held is discarded." } else { "" };
    let text = if sent.confirm.trim() != name {
        "The read model is empty until a rebuild in place is complete."
    } else if is_held && sent.discards != "held" {
        "A next generation is held since the page was loaded: load the page again."
    } else {
        return Ok(None);
    };
    Ok(Some(format!("{text}{discarded} Type the name of the subscription to begin it.")))
}

pub(super) async fn on_letters(
    State(shared): State<Shared>,
    Path(name): Path<String>,
    page: Page,
    Form(sent): Form<Sent>,
) -> Response {
    let retry = |letters| (Change::RetryLetters, Action::RetryLetters { letters });
    let (change, action) = match (&*sent.action, sent.position.map(Position::new)) {
        ("retry-found" | "dismiss-found", _) => match found(&name, &sent) {
            Ok(found) => found,
            Err(text) => return page.problem(StatusCode::UNPROCESSABLE_ENTITY, &text),
        },
        ("retry-all", _) => retry(LetterSelection::All),
        ("retry", Some(position)) => retry(LetterSelection::At(position)),
        ("dismiss", Some(_)) if sent.reason.trim().is_empty() => {
            return page.problem(StatusCode::UNPROCESSABLE_ENTITY, NEEDS_REASON);
        }
        ("dismiss", Some(position)) => {
            let reason = sent.reason.trim().to_owned();
            (Change::DismissLetters, Action::DismissLetters { positions: vec![position], reason })
        }
        _ => return page.problem(StatusCode::UNPROCESSABLE_ENTITY, "there is no such action on dead letters"),
    };
    ask(&shared, &page, &name, change, action).await
}

const NEEDS_REASON: &str = "a dismissal needs a reason, for other operators";

/// Returns the change of the letters that a search finds.
fn found(name: &str, sent: &Sent) -> Result<(Change, Action), String> {
    let search = Box::new(sent.wanted.search(name)?);
    let reason = sent.reason.trim();
    match (&*sent.action, reason) {
        ("retry-found", _) => {
            Ok((Change::RetryLetters, Action::RetryLetters { letters: LetterSelection::Matching(search) }))
        }
        (_, "") => Err(NEEDS_REASON.to_owned()),
        _ => Ok((Change::DismissLetters, Action::DismissMatching { search, reason: reason.to_owned() })),
    }
}

async fn ask(shared: &Shared, page: &Page, name: &str, change: Change, action: Action) -> Response {
    if !page.access.may(change) {
        return page.problem(StatusCode::FORBIDDEN, "you may look, and not change this");
    }
    let asked = Asked::by(&page.operator).within(VALID);
    let id = match shared.admin.ask(name, action, asked).await {
        Ok(id) => id,
        Err(error) => return page.failed(&error),
    };
    // Most requests end at once: then the next page shows how.
    wait(shared, id).await;
    match page.wants_json {
        true => (StatusCode::ACCEPTED, axum::Json(json!({ "format": 1, "id": id }))).into_response(),
        false => Redirect::to(&page.to_operation(id)).into_response(),
    }
}

/// Waits a moment for the end of a request.
async fn wait(shared: &Shared, id: Uuid) {
    let ended = async {
        while shared.admin.request(id).await.is_ok_and(|stored| stored.state.is_open()) {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    let _ = tokio::time::timeout(SHOWN_AFTER, ended).await;
}

pub(super) async fn withdraw(State(shared): State<Shared>, Path(id): Path<Uuid>, page: Page) -> Response {
    if !page.access.may(Change::Withdraw) {
        return page.problem(StatusCode::FORBIDDEN, "you may look, and not change this");
    }
    match shared.admin.withdraw(id).await {
        Ok(true) => Redirect::to(&page.to_operation(id)).into_response(),
        Ok(false) => page.problem(StatusCode::CONFLICT, "a process has begun the request, or it has ended"),
        Err(error) => page.failed(&error),
    }
}

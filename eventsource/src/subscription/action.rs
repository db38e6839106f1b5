//! What an operator asks of a subscription.

use std::fmt;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::{LetterSelection, RebuildKind};
use crate::event::Position;
use crate::projection::LetterSearch;
use crate::projection::operations::{NewRequest, StoredRequest};
use crate::text::counted;

/// An action that an operator asks of a subscription, in any process. [`Action::request`] stores it as a request, which
/// the owner of the subscription serves.
///
/// Each action can be done twice with the same result. So the next owner does it again if the first one ends before it
/// has answered.
///
/// ```
/// use std::time::Duration;
///
/// use eventsource::event::now;
/// use eventsource::subscription::Action;
///
/// let action = Action::Pause { reason: "an upgrade".into() };
/// let request = action.request("orders", "ada", now() + Duration::from_secs(30));
/// assert_eq!((&*request.action, &*request.arguments), ("pause", r#"{"reason":"an upgrade"}"#));
/// assert_eq!(Action::of(&request)?, action);
/// # Ok::<(), eventsource::subscription::UnknownAction>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "action", content = "arguments", rename_all = "snake_case")]
#[non_exhaustive]
pub enum Action {
    /// Stop after the present batch, and go on after [`Resume`](Self::Resume), also over restarts of the process.
    Pause {
        /// The reason, for other operators.
        reason: String,
    },
    /// Go on where it was paused.
    Resume {},
    /// Start again, in whatever state it is. A pause ends.
    Restart {},
    /// Build the read model again, from the log. The answer comes when it has begun.
    Rebuild {
        /// In place, or side by side.
        kind: RebuildKind,
    },
    /// Build the read model again side by side, and hold the new one: it serves after
    /// [`SwitchRebuild`](Self::SwitchRebuild). A rebuild side by side that is under way is held from now on. The answer
    /// comes when it has begun.
    RebuildAndHold {
        /// The reason, for other operators.
        reason: String,
    },
    /// Let a held next generation serve as soon as it has reached the end of the log.
    SwitchRebuild {},
    /// Cancel the unfinished rebuild.
    CancelRebuild {},
    /// Retry dead letters.
    RetryLetters {
        /// Which ones.
        letters: LetterSelection,
    },
    /// Move the checkpoint forward without applying the events in between. It is refused if the checkpoint is not at
    /// `from` any more. The skipped range is recorded for ever. Only a rebuild applies these events, with one
    /// exception: an event in the range whose stream a dead letter holds is applied when that letter is retried, because the
    /// stream goes on in its order. Dismiss the letter first if it must not be.
    Skip {
        /// The position of the checkpoint, as the operator saw it.
        from: Position,
        /// The last position that is skipped.
        to: Position,
        /// The reason, for other operators.
        reason: String,
    },
    /// Remove the checkpoint, the dead letters and the snapshot of a subscription that no process has any more. Its tables
    /// stay. It is refused while a process has the subscription.
    Forget {},
    /// Give up dead letters: their events are never applied.
    DismissLetters {
        /// The positions of their events.
        positions: Vec<Position>,
        /// The reason, for other operators.
        reason: String,
    },
    /// Give up the first 1,000 waiting letters that a search finds, and that failed before the request was made. The
    /// answer says how many, and whether there are more.
    DismissMatching {
        /// Which ones. The subscription in it is replaced by the one of the request.
        search: Box<LetterSearch>,
        /// The reason, for other operators.
        reason: String,
    },
}

impl Action {
    /// Returns the name of the action, such as `pause`.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Pause { .. } => "pause",
            Self::Resume {} => "resume",
            Self::Restart {} => "restart",
            Self::Rebuild { .. } => "rebuild",
            Self::RebuildAndHold { .. } => "rebuild_and_hold",
            Self::SwitchRebuild {} => "switch_rebuild",
            Self::CancelRebuild {} => "cancel_rebuild",
            Self::RetryLetters { .. } => "retry_letters",
            Self::Skip { .. } => "skip",
            Self::Forget {} => "forget",
            Self::DismissLetters { .. } => "dismiss_letters",
            Self::DismissMatching { .. } => "dismiss_matching",
        }
    }

    /// Returns a request of the operator `by` for this action, which no owner begins after `expires_at`.
    #[must_use]
    pub fn request(&self, subscription: &str, by: &str, expires_at: DateTime<Utc>) -> NewRequest {
        let request = NewRequest::new(subscription, self.name(), by, expires_at);
        // An action has no map with other keys than texts, and no number that JSON does not have.
        match serde_json::to_value(self) {
            Ok(serde_json::Value::Object(mut parts)) => match parts.remove("arguments") {
                Some(arguments) => request.arguments(arguments.to_string()),
                None => request,
            },
            _ => request,
        }
    }

    /// Returns the action that a request asks for.
    ///
    /// # Errors
    /// [`UnknownAction`] if this version of the program does not know the action or its arguments.
    pub fn of(request: &NewRequest) -> Result<Self, UnknownAction> {
        let unknown = |source| UnknownAction { action: request.action.clone(), source };
        let arguments: serde_json::Value = serde_json::from_str(&request.arguments).map_err(unknown)?;
        let parts = serde_json::json!({ "action": request.action, "arguments": arguments });
        serde_json::from_value(parts).map_err(unknown)
    }

    /// Returns the action that a stored request asks for.
    ///
    /// # Errors
    /// Those of [`of`](Self::of).
    pub fn of_stored(stored: &StoredRequest) -> Result<Self, UnknownAction> {
        Self::of(&stored.request)
    }
}

impl fmt::Display for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Pause { reason } if reason.is_empty() => f.write_str("pause"),
            Self::Pause { reason } => write!(f, "pause ({reason})"),
            Self::Resume {} => f.write_str("resume"),
            Self::Restart {} => f.write_str("restart"),
            Self::Rebuild { kind } => write!(f, "rebuild {kind}"),
            Self::RebuildAndHold { reason } if reason.is_empty() => f.write_str("rebuild side by side, and hold"),
            Self::RebuildAndHold { reason } => write!(f, "rebuild side by side, and hold ({reason})"),
            Self::SwitchRebuild {} => f.write_str("switch to the held next generation"),
            Self::CancelRebuild {} => f.write_str("cancel the rebuild"),
            Self::RetryLetters { letters: LetterSelection::All } => f.write_str("retry all dead letters"),
            Self::RetryLetters { letters: one @ (LetterSelection::At(_) | LetterSelection::Event(_)) } => {
                write!(f, "retry the dead letter {one}")
            }
            Self::RetryLetters { letters } => write!(f, "retry the dead letters {letters}"),
            Self::Skip { from, to, reason } => write!(f, "skip the events after {from} up to {to} ({reason})"),
            Self::Forget {} => f.write_str("forget the checkpoint"),
            Self::DismissLetters { positions, reason } => {
                write!(f, "dismiss {} ({reason})", counted(positions.len() as u64, "dead letter"))
            }
            Self::DismissMatching { reason, .. } => write!(f, "dismiss the dead letters of a search ({reason})"),
        }
    }
}

/// A request asks for an action that this program does not know.
#[derive(Debug, thiserror::Error)]
#[error("this version of the program does not know the action `{action}` with these arguments: ask a newer one")]
#[non_exhaustive]
pub struct UnknownAction {
    /// The name of the action.
    pub action: String,
    /// What is wrong with it.
    pub source: serde_json::Error,
}

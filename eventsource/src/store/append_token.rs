//! The place of an append as a text, for a client that reads its own writes.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::LogId;
use crate::event::Position;

/// The place of an append: its log, and the position of its last event. Its text form is for HTTP headers and cookies.
///
/// A service returns the token with the answer to a write. The client sends it with its next request, to any process,
/// which waits for it with [`SubscriptionHandle::wait_for`](crate::SubscriptionHandle::wait_for). A token of another
/// log, such as one of a test system, is refused ([`WaitError::OtherLog`](crate::WaitError::OtherLog)).
///
/// Treat the text as opaque. It has letters, digits and dots only, at most 60 of them, and begins with the version of
/// its format. [`Display`](fmt::Display) writes it and [`FromStr`] reads it; serde stores it as a string.
///
/// ```
/// # use eventsource::engine::{MemoryProjectionStates, ProjectionEngine};
/// # use eventsource::prelude::*;
/// # tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap().block_on(async {
/// # let store = MemoryEventStore::new();
/// # let manager = SubscriptionManager::new(store.clone(), MemoryEventBus::new(), MemoryCheckpoints::new());
/// # let orders = ProjectionEngine::new("orders", MemoryProjectionStates::new()).with_state(0_u64);
/// # let orders = manager.subscribe(orders, SubscriptionConfig::from_beginning()).await?;
/// # manager.start().await?;
/// # let stream = StreamId::new("Order", uuid::Uuid::now_v7());
/// # let events = vec![NewEvent::raw("OrderPlaced", 1, "{}")];
/// use std::time::Duration;
///
/// use eventsource::store::AppendToken;
///
/// // The answer to a write.
/// let appended = store.append(&stream, ExpectedVersion::Any, events).await?;
/// let header = appended.token().to_string();
///
/// // A later request.
/// let token: AppendToken = header.parse()?;
/// orders.wait_for(token).within(Duration::from_secs(2)).await?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # }).unwrap();
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct AppendToken {
    log: LogId,
    position: Position,
}

/// The version of the text form.
const VERSION: &str = "1";

impl AppendToken {
    /// Creates the token of the event at `position` of `log`.
    #[must_use]
    pub const fn new(log: LogId, position: Position) -> Self {
        Self { log, position }
    }

    /// Returns the log.
    #[must_use]
    pub const fn log(&self) -> LogId {
        self.log
    }

    /// Returns the position.
    #[must_use]
    pub const fn position(&self) -> Position {
        self.position
    }

    /// Returns the token with the larger position: a wait for it also waits for the other one. Use it after
    /// [`append_all`](super::EventStore::append_all), or if a request writes twice. `None` if the two are of different
    /// logs.
    ///
    /// ```
    /// use eventsource::Position;
    /// use eventsource::store::{AppendToken, LogId};
    ///
    /// let log = LogId::generate();
    /// let [first, second] = [7, 9].map(|position| AppendToken::new(log, Position::new(position)));
    /// assert_eq!(first.latest(second), Some(second));
    /// assert_eq!(first.latest(AppendToken::new(LogId::generate(), Position::new(9))), None);
    /// ```
    #[must_use]
    pub fn latest(self, other: Self) -> Option<Self> {
        (self.log == other.log).then(|| if self.position >= other.position { self } else { other })
    }
}

impl fmt::Display for AppendToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{VERSION}.{}.{}", self.log.as_uuid().simple(), self.position.value())
    }
}

impl FromStr for AppendToken {
    type Err = AppendTokenError;

    fn from_str(text: &str) -> Result<Self, AppendTokenError> {
        let is_number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        let Some((version, rest)) = text.split_once('.') else { return Err(AppendTokenError::Malformed) };
        if version != VERSION && is_number(version) {
            return Err(AppendTokenError::UnknownVersion { version: version.chars().take(20).collect() });
        }
        let read = || {
            let (log, position) = rest.split_once('.')?;
            // The length tells the simple form from the others that `Uuid` reads.
            let log = Uuid::parse_str(log).ok().filter(|_| log.len() == 32)?;
            let position = position.parse().ok().filter(|_| is_number(position))?;
            Some(Self::new(LogId::from_uuid(log), Position::new(position)))
        };
        read().filter(|_| version == VERSION).ok_or(AppendTokenError::Malformed)
    }
}

impl From<AppendToken> for String {
    fn from(token: AppendToken) -> Self {
        token.to_string()
    }
}

impl TryFrom<String> for AppendToken {
    type Error = AppendTokenError;

    fn try_from(text: String) -> Result<Self, AppendTokenError> {
        text.parse()
    }
}

/// The reason why a text is no [`AppendToken`]. It comes from the client: answer with a client error, or read without
/// waiting.
///
/// ```
/// use eventsource::store::{AppendToken, AppendTokenError};
///
/// assert_eq!("7".parse::<AppendToken>(), Err(AppendTokenError::Malformed));
/// let newer = "2.0192f0c1a2b37d4e8f00112233445566.7".parse::<AppendToken>();
/// assert_eq!(newer, Err(AppendTokenError::UnknownVersion { version: "2".into() }));
/// ```
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AppendTokenError {
    /// The text has another form.
    #[error("the text is no append token: send the token of an earlier answer unchanged")]
    Malformed,
    /// A newer version of this crate has created the token.
    #[error("the append token has the format {version}, and this program reads format {VERSION}: update the program")]
    UnknownVersion {
        /// The version of its format.
        version: String,
    },
}

//! The place in a log for which a wait waits.

use crate::aggregate::{Executed, Saved};
use crate::event::Position;
use crate::store::{AppendToken, Appended, LogId};

/// The place in a log for which [`wait_for`](crate::subscription::SubscriptionHandle::wait_for) waits.
///
/// Everything that a write returns converts into it: `&Appended`, `&Saved`, `&Executed` and
/// [`AppendToken`]. These name their log, so a wait on a subscription of another log fails. A bare [`Position`] does
/// not.
///
/// ```
/// use eventsource::Position;
/// use eventsource::store::{AppendToken, LogId};
/// use eventsource::subscription::WaitTarget;
///
/// let token = AppendToken::new(LogId::generate(), Position::new(7));
/// let target = WaitTarget::from(token);
/// assert_eq!((target.position(), target.log()), (Position::new(7), Some(token.log())));
/// assert_eq!(WaitTarget::from(Position::new(7)).log(), None);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WaitTarget {
    position: Position,
    log: Option<LogId>,
}

impl WaitTarget {
    /// Returns the position.
    #[must_use]
    pub const fn position(&self) -> Position {
        self.position
    }

    /// Returns the log in which the position counts; `None` if it is not known.
    #[must_use]
    pub const fn log(&self) -> Option<LogId> {
        self.log
    }
}

impl From<Position> for WaitTarget {
    fn from(position: Position) -> Self {
        Self { position, log: None }
    }
}

impl From<AppendToken> for WaitTarget {
    fn from(token: AppendToken) -> Self {
        Self { position: token.position(), log: Some(token.log()) }
    }
}

impl From<&AppendToken> for WaitTarget {
    fn from(token: &AppendToken) -> Self {
        (*token).into()
    }
}

impl From<&Appended> for WaitTarget {
    fn from(appended: &Appended) -> Self {
        appended.token().into()
    }
}

impl From<&Saved> for WaitTarget {
    fn from(saved: &Saved) -> Self {
        Self { position: saved.position, log: saved.log }
    }
}

impl From<&Executed> for WaitTarget {
    fn from(executed: &Executed) -> Self {
        Self { position: executed.position, log: executed.log }
    }
}

//! The exit codes.

use std::process::ExitCode;

/// How a command ended: the exit code of the process.
///
/// ```
/// use eventsource_cli::Exit;
///
/// assert_eq!((Exit::Done.code(), Exit::NotServed.code(), Exit::Interrupted.code()), (0, 5, 130));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Exit {
    /// 0: it is done.
    Done,
    /// 1: it failed; the message says what was done.
    Failed,
    /// 2: the command line is wrong.
    Usage,
    /// 3: a check did not pass.
    CheckFailed,
    /// 4: the change was not confirmed. Nothing was done.
    NotConfirmed,
    /// 5: no process served the request. Nothing was done, and nothing will be done.
    NotServed,
    /// 6: there is no database, it cannot be reached, or its tables are missing or of another version.
    NoDatabase,
    /// 7: there is no such subscription, letter, event or request.
    NotFound,
    /// 130: it was interrupted. A request that waited is withdrawn; one that a process has begun goes on.
    Interrupted,
}

impl Exit {
    /// Returns the exit code.
    #[must_use]
    pub const fn code(self) -> u8 {
        match self {
            Self::Done => 0,
            Self::Failed => 1,
            Self::Usage => 2,
            Self::CheckFailed => 3,
            Self::NotConfirmed => 4,
            Self::NotServed => 5,
            Self::NoDatabase => 6,
            Self::NotFound => 7,
            Self::Interrupted => 130,
        }
    }

    /// Returns the name in JSON, such as `not_served`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Failed => "failed",
            Self::Usage => "usage",
            Self::CheckFailed => "check_failed",
            Self::NotConfirmed => "not_confirmed",
            Self::NotServed => "not_served",
            Self::NoDatabase => "no_database",
            Self::NotFound => "not_found",
            Self::Interrupted => "interrupted",
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit.code())
    }
}

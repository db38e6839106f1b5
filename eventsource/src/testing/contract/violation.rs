//! The failure of a case.

use std::error::Error;
use std::fmt;

/// The failure of a case of a contract, as a text. Every error converts with `?`: if the contract promises success, an
/// error is a violation. (This type does not implement [`Error`]: otherwise not every error could convert into it.)
///
/// ```
/// use eventsource::testing::contract::Violation;
///
/// assert_eq!(Violation::new("the head is 3, not 4").to_string(), "the head is 3, not 4");
/// ```
pub struct Violation(String);

impl Violation {
    /// Creates a violation with this text.
    ///
    /// ```
    /// use eventsource::testing::contract::Violation;
    ///
    /// let (found, expected) = (3, 4);
    /// let violation = Violation::new(format_args!("the head is {found}, not {expected}"));
    /// assert_eq!(violation.to_string(), "the head is 3, not 4");
    /// ```
    pub fn new(what: impl fmt::Display) -> Self {
        Self(what.to_string())
    }
}

impl<E: Error> From<E> for Violation {
    fn from(error: E) -> Self {
        let causes: Vec<_> = std::iter::successors(Some(&error as &dyn Error), |&error| error.source())
            .map(ToString::to_string)
            .collect();
        Self(format!("failed: {}", causes.join(": ")))
    }
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// As [`Display`](fmt::Display), since a test that returns a `Result` prints its error with `Debug`.
impl fmt::Debug for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// The result of a case.
pub(super) type Verdict = Result<(), Violation>;

/// Returns a violation from the function unless the condition holds.
macro_rules! ensure {
    ($condition:expr, $($what:tt)+) => {
        if !$condition {
            return Err($crate::testing::contract::Violation::new(format_args!($($what)+)));
        }
    };
}

/// Returns a violation from the function unless both values are equal.
macro_rules! ensure_eq {
    ($actual:expr, $expected:expr, $($what:tt)+) => {
        match (&$actual, &$expected) {
            (actual, expected) => {
                if actual != expected {
                    return Err($crate::testing::contract::Violation::new(format_args!(
                        "{}: expected {expected:?}, got {actual:?}",
                        format_args!($($what)+)
                    )));
                }
            }
        }
    };
}
pub(super) use {ensure, ensure_eq};

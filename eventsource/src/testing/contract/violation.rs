//! How a case of a contract fails.

use std::error::Error;
use std::fmt;

/// How a case of a contract fails, in words. Every error converts with `?`: where the contract promises success, an
/// error is a violation. (So that it does, this type is not itself an [`Error`].)
pub struct Violation(String);

impl Violation {
    /// A violation in these words.
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

/// As [`Display`](fmt::Display): it is what a test that returns a `Result` prints.
impl fmt::Debug for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// The outcome of a case.
pub(super) type Verdict = Result<(), Violation>;

/// Ends the case with a violation unless the condition holds.
macro_rules! ensure {
    ($condition:expr, $($what:tt)+) => {
        if !$condition {
            return Err($crate::testing::contract::Violation::new(format_args!($($what)+)));
        }
    };
}

/// Ends the case with a violation unless both are equal.
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

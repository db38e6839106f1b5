//! The text of an error together with its causes, for places that show or keep a text only.

use std::error::Error;
use std::fmt;

/// Shows an error and its causes, separated by colons. A cause is left out if the text before it already ends with it: a
/// transparent error has the text of its cause.
pub(crate) struct WithCauses<'e>(pub(crate) &'e (dyn Error + 'static));

impl fmt::Display for WithCauses<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut last = String::new();
        for cause in std::iter::successors(Some(self.0), |&error| error.source()) {
            let text = cause.to_string();
            if last.is_empty() {
                f.write_str(&text)?;
            } else if !last.ends_with(&text) {
                write!(f, ": {text}")?;
            }
            last = text;
        }
        Ok(())
    }
}

/// Shows an error together with its causes, separated by colons.
///
/// The errors of this crate say in their `Display` what happened, and in their `source()` why. So the text of an error
/// alone is not enough for a log line or for the last line of a program. A cause is left out if the text before it
/// already ends with it.
///
/// ```
/// use eventsource::store::StoreError;
///
/// let cause = std::io::Error::other("the disk is full");
/// let error = StoreError::Failed { action: "append".to_owned(), source: Box::new(cause) };
///
/// let text = eventsource::causes(&error).to_string();
/// assert!(text.starts_with(&error.to_string()) && text.ends_with(": the disk is full"), "{text}");
/// ```
///
/// An error in a box is passed as `&*error`.
pub fn causes<'e>(error: &'e (dyn Error + 'static)) -> impl fmt::Display + 'e {
    WithCauses(error)
}

/// Returns the text of an error and its causes, as [`WithCauses`] shows it.
pub(crate) fn with_causes(error: &(dyn Error + 'static)) -> String {
    WithCauses(error).to_string()
}

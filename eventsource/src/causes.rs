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

/// Returns the text of an error and its causes, as [`WithCauses`] shows it.
pub(crate) fn with_causes(error: &(dyn Error + 'static)) -> String {
    WithCauses(error).to_string()
}

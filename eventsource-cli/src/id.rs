//! Ids on the command line.

use uuid::Uuid;

/// Reads the id of an event, of a request or of a correlation.
pub(crate) fn parse_id(text: &str) -> Result<Uuid, String> {
    let wrong = |_| "write an id as it is shown, such as `0192f0c1-a2b3-7d4e-8f00-112233445566`".to_owned();
    text.parse().map_err(wrong)
}

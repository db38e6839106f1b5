//! Stored events of which a part cannot be read.

/// The part of a stored event that cannot be read, because another program wrote it or the data are damaged.
///
/// A store returns such an event in its place, with defaults for what it cannot read, so that the log and the stream are
/// readable around it. The event never reaches a handler: it is a permanent failure of the subscriptions that handle it,
/// and of an aggregate that is loaded.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the column `{column}` cannot be read: {cause}; it holds {raw:?}")]
#[non_exhaustive]
pub struct Unreadable {
    /// The column.
    pub column: &'static str,
    /// What is wrong with it.
    pub cause: String,
    /// What it holds, as text. Text of more than 1,000 bytes is cut off.
    pub raw: String,
}

const LONGEST_RAW: usize = 1_000;

impl Unreadable {
    /// The column `column`, which holds `raw`, because of `cause`.
    pub fn new(column: &'static str, cause: impl ToString, raw: impl Into<String>) -> Self {
        let mut raw = raw.into();
        if raw.len() > LONGEST_RAW {
            raw.truncate(raw.floor_char_boundary(LONGEST_RAW));
            raw.push('…');
        }
        Self { column, cause: cause.to_string(), raw }
    }
}

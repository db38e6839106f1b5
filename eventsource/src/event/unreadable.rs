//! Stored events with a column that cannot be read.

/// The column of a stored event that cannot be read, because another program wrote it or the data is damaged.
///
/// A store still returns such an event, with defaults for the columns that it cannot read. So the events before and
/// after it stay readable. The event never reaches a handler: it is a permanent failure for the subscriptions that
/// handle it, and for a load of its aggregate.
///
/// ```
/// use eventsource::event::Unreadable;
///
/// let unreadable = Unreadable::new("metadata", "expected value at line 1 column 1", "<xml/>");
/// assert!(unreadable.to_string().starts_with("the column `metadata` cannot be read"));
/// ```
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the column `{column}` cannot be read: {cause}; it holds {raw:?}")]
#[non_exhaustive]
pub struct Unreadable {
    /// The name of the column.
    pub column: &'static str,
    /// Why it cannot be read.
    pub cause: String,
    /// The content of the column as text. It is cut off after 1,000 bytes.
    pub raw: String,
}

const LONGEST_RAW: usize = 1_000;

impl Unreadable {
    /// Creates the description of the column `column` with the content `raw`, which cannot be read because of `cause`.
    ///
    /// # Examples
    /// ```
    /// use eventsource::event::Unreadable;
    ///
    /// assert_eq!(Unreadable::new("metadata", "end of input", "{").column, "metadata");
    /// ```
    pub fn new(column: &'static str, cause: impl ToString, raw: impl Into<String>) -> Self {
        let mut raw = raw.into();
        if raw.len() > LONGEST_RAW {
            raw.truncate(raw.floor_char_boundary(LONGEST_RAW));
            raw.push('…');
        }
        Self { column, cause: cause.to_string(), raw }
    }
}

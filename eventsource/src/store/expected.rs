//! The version that an append expects its stream to have.

use std::fmt;

/// The version that an append expects its stream to have. If the stream has another version, the append stores nothing
/// and fails with [`AppendError::Conflict`](super::AppendError::Conflict).
///
/// ```
/// use eventsource::ExpectedVersion;
/// assert!(ExpectedVersion::Exact(2).allows(2));
/// assert!(!ExpectedVersion::NoStream.allows(2));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ExpectedVersion {
    /// The stream can have any version, and does not have to exist.
    Any,
    /// The stream does not exist.
    NoStream,
    /// The stream exists, with any version.
    StreamExists,
    /// The last event of the stream has this version; 0 means that the stream does not exist.
    Exact(u64),
}

impl ExpectedVersion {
    /// Returns whether a stream with the version `actual` is as expected; 0 means that the stream does not exist.
    ///
    /// # Examples
    /// ```
    /// use eventsource::ExpectedVersion;
    ///
    /// assert!(ExpectedVersion::Any.allows(0));
    /// assert!(ExpectedVersion::StreamExists.allows(3) && !ExpectedVersion::StreamExists.allows(0));
    /// assert!(ExpectedVersion::NoStream.allows(0) && !ExpectedVersion::NoStream.allows(3));
    /// assert!(ExpectedVersion::Exact(3).allows(3) && !ExpectedVersion::Exact(3).allows(2));
    /// ```
    #[must_use]
    pub const fn allows(self, actual: u64) -> bool {
        match self {
            Self::Any => true,
            Self::NoStream => actual == 0,
            Self::StreamExists => actual > 0,
            Self::Exact(version) => version == actual,
        }
    }
}

impl fmt::Display for ExpectedVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Any => f.write_str("any version"),
            Self::NoStream => f.write_str("no stream"),
            Self::StreamExists => f.write_str("an existing stream"),
            Self::Exact(version) => write!(f, "version {version}"),
        }
    }
}

/// The version of a stream, formatted for error messages. 0 means that the stream does not exist.
///
/// ```
/// use eventsource::store::StreamVersion;
///
/// assert_eq!(StreamVersion(3).to_string(), "it is at version 3");
/// assert_eq!(StreamVersion(0).to_string(), "it does not exist");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StreamVersion(pub u64);

impl fmt::Display for StreamVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            0 => f.write_str("it does not exist"),
            version => write!(f, "it is at version {version}"),
        }
    }
}

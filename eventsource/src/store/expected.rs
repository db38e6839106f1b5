//! The version that an append expects its stream to be at.

use std::fmt;

/// The version that an append expects its stream to be at.
///
/// ```
/// use eventsource::ExpectedVersion;
/// assert!(ExpectedVersion::Exact(2).allows(2));
/// assert!(!ExpectedVersion::NoStream.allows(2));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ExpectedVersion {
    /// Whatever it is.
    Any,
    /// The stream does not exist.
    NoStream,
    /// The stream exists, at any version.
    StreamExists,
    /// The stream's last event has this version; 0 is a stream that does not exist.
    Exact(u64),
}

impl ExpectedVersion {
    /// Whether a stream at the version `actual` (0 where it does not exist) is as expected.
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

/// The version that a stream is at, for error messages: 0 is a stream that does not exist.
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

//! Decodes older versions of events, for generated code.

use std::fmt;

use serde::de::DeserializeOwned;

use crate::event::OldVersion;

/// The type of stored events of an older version.
#[diagnostic::on_unimplemented(
    message = "an older version of an event cannot be read as `{Self}`",
    label = "not a type that serde can read",
    note = "derive `Deserialize` for `{Self}`"
)]
pub trait Readable: DeserializeOwned {}

#[diagnostic::do_not_recommend]
impl<T: DeserializeOwned> Readable for T {}

/// A type to which an older version of an event converts.
#[diagnostic::on_unimplemented(
    message = "nothing says how a `{Old}` becomes a `{Self}`",
    label = "its events cannot be read",
    note = "write `impl From<{Old}> for {Self}`"
)]
pub trait Becomes<Old>: Sized {
    /// Converts the older version.
    fn from_older(old: Old) -> Self;
}

#[diagnostic::do_not_recommend]
impl<Old, New: From<Old>> Becomes<Old> for New {
    fn from_older(old: Old) -> Self {
        Self::from(old)
    }
}

/// Decodes events of an older version, which are a `T`. Only a type with serde's traits has one: see [`old`].
pub struct Old<T> {
    decode: fn(&str) -> Result<T, serde_json::Error>,
    known: OldVersion,
}

/// Returns the decoder of `T`.
#[must_use]
pub const fn old<T: Readable>() -> Old<T> {
    Old { decode: from_json::<T>, known: OldVersion::of::<T>(0) }
}

fn from_json<T: Readable>(payload: &str) -> Result<T, serde_json::Error> {
    serde_json::from_str(payload)
}

impl<T> Old<T> {
    /// Decodes `payload`.
    ///
    /// # Errors
    /// The error of serde.
    pub fn decode(&self, payload: &str) -> Result<T, serde_json::Error> {
        (self.decode)(payload)
    }

    /// Describes the version.
    #[must_use]
    pub const fn version(&self, version: u32) -> OldVersion {
        self.known.numbered(version)
    }
}

impl<T> fmt::Debug for Old<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Old")
    }
}

/// Converts an `Old` to a `New`. It exists only if there is a conversion: see [`link`].
pub struct Link<Old, New>(fn(Old) -> New);

/// Returns the conversion.
#[must_use]
pub const fn link<Old, New: Becomes<Old>>() -> Link<Old, New> {
    Link(New::from_older)
}

impl<Old, New> Link<Old, New> {
    /// Converts the older version.
    pub fn follow(&self, old: Old) -> New {
        (self.0)(old)
    }
}

impl<Old, New> fmt::Debug for Link<Old, New> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Link")
    }
}

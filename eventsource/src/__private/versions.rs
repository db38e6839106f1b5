//! How generated code reads the older versions of an event.

use std::fmt;

use serde::de::DeserializeOwned;

use crate::event::OldVersion;

/// A type that stored events of an older version have.
#[diagnostic::on_unimplemented(
    message = "an older version of an event cannot be read as `{Self}`",
    label = "not a type that serde can read",
    note = "derive `Deserialize` for `{Self}`"
)]
pub trait Readable: DeserializeOwned {}

#[diagnostic::do_not_recommend]
impl<T: DeserializeOwned> Readable for T {}

/// A type that an older version of an event becomes.
#[diagnostic::on_unimplemented(
    message = "nothing says how a `{Old}` becomes a `{Self}`",
    label = "its events cannot be read",
    note = "write `impl From<{Old}> for {Self}`"
)]
pub trait Becomes<Old>: Sized {
    /// The newer form.
    fn from_older(old: Old) -> Self;
}

#[diagnostic::do_not_recommend]
impl<Old, New: From<Old>> Becomes<Old> for New {
    fn from_older(old: Old) -> Self {
        Self::from(old)
    }
}

/// How events of an older version, which are a `T`, are read. A type that serde does not know has none: see [`old`].
pub struct Old<T> {
    decode: fn(&str) -> Result<T, serde_json::Error>,
    known: OldVersion,
}

/// How a `T` is read.
#[must_use]
pub const fn old<T: Readable>() -> Old<T> {
    Old { decode: from_json::<T>, known: OldVersion::of::<T>(0) }
}

fn from_json<T: Readable>(payload: &str) -> Result<T, serde_json::Error> {
    serde_json::from_str(payload)
}

impl<T> Old<T> {
    /// What `payload` is.
    ///
    /// # Errors
    /// What serde says.
    pub fn decode(&self, payload: &str) -> Result<T, serde_json::Error> {
        (self.decode)(payload)
    }

    /// What the catalogue knows of it.
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

/// How an `Old` becomes a `New`. Where nothing says so, there is none: see [`link`].
pub struct Link<Old, New>(fn(Old) -> New);

/// How an `Old` becomes a `New`.
#[must_use]
pub const fn link<Old, New: Becomes<Old>>() -> Link<Old, New> {
    Link(New::from_older)
}

impl<Old, New> Link<Old, New> {
    /// The newer form.
    pub fn follow(&self, old: Old) -> New {
        (self.0)(old)
    }
}

impl<Old, New> fmt::Debug for Link<Old, New> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Link")
    }
}

//! The shape in which a type is stored: its fields and their kinds, as serde sees them.
//!
//! A shape is computed only when a caller asks for it. The feature `testing` offers the shapes of all events.

mod describe;
mod probe;

use std::collections::BTreeMap;
use std::fmt;

use serde::de::DeserializeOwned;

/// The shape in which an event is stored: its fields and their kinds, as serde sees them.
///
/// The type itself is asked what it deserialises. So renamed fields have their stored names, and the fields of nested
/// types are included. A value that the type reads as "anything" has the kind `any`: an untagged or internally tagged
/// enum, or a struct with `#[serde(flatten)]`.
///
/// ```
/// # #[cfg(feature = "macros")] {
/// use eventsource::DomainEvent;
/// use serde::{Deserialize, Serialize};
///
/// #[derive(Serialize, Deserialize)]
/// struct Line { article: String, #[serde(rename = "n")] count: u32 }
///
/// #[derive(Serialize, Deserialize, DomainEvent)]
/// #[event(aggregate = "Order")]
/// struct OrderPlaced { note: Option<String>, lines: Vec<Line> }
///
/// let shape = OrderPlaced::DESCRIPTOR.shape();
/// assert_eq!(shape.to_string(), "lines[].article: string\nlines[].n: u32\nnote?: string\n");
/// assert_eq!((shape.fields().count(), shape.kind("lines[].n")), (3, Some("u32")));
/// assert_eq!(shape.fingerprint(), OrderPlaced::DESCRIPTOR.shape().fingerprint());
/// # }
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shape {
    fields: BTreeMap<String, String>,
}

impl Shape {
    /// Returns the shape of `T`.
    ///
    /// # Examples
    /// ```
    /// use eventsource::event::Shape;
    ///
    /// #[derive(serde::Deserialize)]
    /// struct Order { total: u64 }
    ///
    /// assert_eq!(Shape::of::<Order>().kind("total"), Some("u64"));
    /// ```
    #[must_use]
    pub fn of<T: DeserializeOwned>() -> Self {
        Self { fields: describe::describe(&|path| probe::probe::<T>(path)) }
    }

    /// The shape of an event whose shape is not known.
    #[cfg(feature = "testing")]
    pub(crate) fn unknown() -> Self {
        Self::from_fields(BTreeMap::from([("(event)".to_owned(), "unknown".to_owned())]))
    }

    /// Creates a shape with these fields.
    #[cfg(feature = "testing")]
    pub(crate) fn from_fields(fields: BTreeMap<String, String>) -> Self {
        Self { fields }
    }

    /// Returns the path and the kind of each field, ordered by path.
    pub fn fields(&self) -> impl Iterator<Item = (&str, &str)> {
        self.fields.iter().map(|(path, kind)| (path.as_str(), kind.as_str()))
    }

    /// Returns the kind of the field at `path`, such as `string`.
    #[must_use]
    pub fn kind(&self, path: &str) -> Option<&str> {
        self.fields.get(path).map(String::as_str)
    }

    /// Returns a hash of the shape. It is the same on every machine and in every version of this crate.
    #[must_use]
    pub fn fingerprint(&self) -> u64 {
        // FNV-1a: the result never changes, and it needs no crate.
        self.to_string()
            .bytes()
            .fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
    }
}

impl fmt::Display for Shape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.fields.iter().try_for_each(|(path, kind)| writeln!(f, "{path}: {kind}"))
    }
}

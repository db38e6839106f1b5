//! The shape in which a type is stored: its fields and their kinds, as serde sees them. It costs nothing where no shape is
//! asked for; those of all events are, with the feature `testing`.

mod describe;
mod probe;

use std::collections::BTreeMap;
use std::fmt;

use serde::de::DeserializeOwned;

/// The shape in which an event is stored: its fields and their kinds, as serde sees them.
///
/// It is found out by asking the type what it deserialises, so that renamed fields have their stored names, and fields of
/// nested types are seen. What a type reads as "anything" is shown as `any`: untagged and internally tagged enums, and
/// structs with `#[serde(flatten)]`.
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
/// # }
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shape {
    fields: BTreeMap<String, String>,
}

impl Shape {
    /// The shape of `T`.
    #[must_use]
    pub fn of<T: DeserializeOwned>() -> Self {
        Self { fields: describe::describe(&|path| probe::probe::<T>(path)) }
    }

    /// The shape of an event that does not say it.
    #[cfg(feature = "testing")]
    pub(crate) fn unknown() -> Self {
        Self::from_fields(BTreeMap::from([("(event)".to_owned(), "unknown".to_owned())]))
    }

    /// The shape with these fields.
    #[cfg(feature = "testing")]
    pub(crate) fn from_fields(fields: BTreeMap<String, String>) -> Self {
        Self { fields }
    }

    /// The fields, by their paths, and the kind of each.
    pub fn fields(&self) -> impl Iterator<Item = (&str, &str)> {
        self.fields.iter().map(|(path, kind)| (path.as_str(), kind.as_str()))
    }

    /// The kind of the field at `path`.
    #[must_use]
    pub fn kind(&self, path: &str) -> Option<&str> {
        self.fields.get(path).map(String::as_str)
    }

    /// A number that changes with the shape. It is the same on every machine and in every version of this crate.
    #[must_use]
    pub fn fingerprint(&self) -> u64 {
        // FNV-1a, which is stable and needs no crate.
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

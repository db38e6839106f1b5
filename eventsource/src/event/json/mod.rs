//! The encoder of everything that is stored as JSON: payloads, metadata, JSON columns and snapshots.
//!
//! It writes the same text as `serde_json`, in one pass, and refuses values that would not be read back equal. For a
//! few constructs the type decides whether they are read back equal (`Some(None)`, skipped fields, flattened maps, keys
//! that are numbers, integers of 128 bits). The writer counts them as *doubts*. A value with doubts is read back and
//! written again before it is accepted.

mod buffer;
mod doubts;
mod key;
mod text;
mod writer;

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use self::doubts::Doubts;
pub(crate) use self::text::check as check_text;
use self::writer::Writer;
use super::unstorable::{MAX_DEPTH, Unstorable, UnstorableReason};

/// Encodes `value` as JSON that is read back equal. Paths in errors begin with `root`.
pub(crate) fn encode<T: Serialize + DeserializeOwned>(root: &str, value: &T) -> Result<String, Unstorable> {
    let (text, doubts) = write(value, 0, None).map_err(|stopped| stopped.below(root))?;
    if !doubts.is_empty()
        && let Err(cause) = read_back::<T>(&text, &doubts)
    {
        return Err(located(root, value, &doubts, cause));
    }
    Ok(text)
}

/// Encodes `value` as a JSON value that will be nested in `levels` others.
pub(crate) fn to_value<T: Serialize + ?Sized>(root: &str, value: &T, levels: usize) -> Result<Value, Unstorable> {
    let (text, doubts) = write(value, levels, None).map_err(|stopped| stopped.below(root))?;
    let cause = match serde_json::from_str::<Value>(&text) {
        // A JSON value has integers of 64 bits only.
        Ok(read) if !doubts.has_wide_integers() || same_bytes(&text, &read.to_string()) => return Ok(read),
        Ok(read) => format!("{read} is read instead"),
        Err(error) => error.to_string(),
    };
    Err(Unstorable::new(root, UnstorableReason::NotReadBack { cause }))
}

/// Encodes a `Value` as text.
pub(crate) fn value_text(root: &str, value: &Value) -> Result<String, Unstorable> {
    write(value, 0, None).map(|(text, _)| text).map_err(|stopped| stopped.below(root))
}

/// Checks that `value` can be read back where it is nested in `levels` others.
pub(crate) fn check_value(root: &str, value: &Value, levels: usize) -> Result<(), Unstorable> {
    if fits(value, MAX_DEPTH.saturating_sub(levels)) {
        return Ok(());
    }
    // The writer finds the same place, and knows its path.
    let place = write(value, levels, None).map(drop).map_err(|stopped| stopped.below(root));
    place.and(Err(Unstorable::new(root, UnstorableReason::TooDeep)))
}

/// Returns whether `value` has at most `levels` levels.
fn fits(value: &Value, levels: usize) -> bool {
    match value {
        Value::Array(items) => levels > 0 && items.iter().all(|item| fits(item, levels - 1)),
        Value::Object(entries) => levels > 0 && entries.values().all(|value| fits(value, levels - 1)),
        _ => true,
    }
}

/// Encodes `value`, and returns its doubts too. The doubt `stop_at` is an error.
fn write<T: Serialize + ?Sized>(
    value: &T,
    levels: usize,
    stop_at: Option<doubts::Place>,
) -> Result<(String, Doubts), super::unstorable::Stopped> {
    let mut writer = Writer::new(levels, stop_at);
    value.serialize(&mut writer)?;
    writer.finish()
}

/// Reads a value with doubts and writes it again.
fn read_back<T: Serialize + DeserializeOwned>(text: &str, doubts: &Doubts) -> Result<(), String> {
    let read: T = serde_json::from_str(text).map_err(|error| error.to_string())?;
    let (again, others) = write(&read, 0, None).map_err(|stopped| stopped.to_string())?;
    // The entries of maps and sets can have another order.
    if others == *doubts && same_bytes(text, &again) {
        return Ok(());
    }
    Err(format!("{} is read instead", shortened(&again)))
}

fn located<T: Serialize>(root: &str, value: &T, doubts: &Doubts, cause: String) -> Unstorable {
    let reason = UnstorableReason::NotReadBack { cause };
    let path = doubts.first().and_then(|place| write(value, 0, Some(place)).err());
    let path = path.map_or_else(|| root.to_owned(), |stopped| stopped.below(root).path);
    Unstorable::new(path, reason)
}

/// Returns whether both texts consist of the same bytes, in any order.
fn same_bytes(one: &str, other: &str) -> bool {
    fn counts(text: &str) -> [usize; 256] {
        let mut counts = [0; 256];
        text.bytes().for_each(|byte| counts[usize::from(byte)] += 1);
        counts
    }
    one == other || (one.len() == other.len() && counts(one) == counts(other))
}

fn shortened(text: &str) -> String {
    const LONGEST: usize = 100;
    if text.len() <= LONGEST { text.to_owned() } else { format!("{}…", &text[..text.floor_char_boundary(LONGEST)]) }
}

#[cfg(test)]
mod tests;

//! The text that is being written, for values and for keys.

use serde::Serialize;
use serde::ser::Error as _;

use super::doubts::{Doubt, Doubts, Place};
use crate::event::unstorable::{Stopped, UnstorableReason};

/// The text that is being written, and the doubts about it.
pub(super) struct Buffer {
    pub(super) out: Vec<u8>,
    doubts: Doubts,
    stop_at: Option<Place>,
}

impl Buffer {
    pub(super) fn new(stop_at: Option<Place>) -> Self {
        Self { out: Vec::with_capacity(128), doubts: Doubts::default(), stop_at }
    }

    pub(super) fn finish(self) -> Result<(String, Doubts), Stopped> {
        Ok((String::from_utf8(self.out).map_err(Stopped::custom)?, self.doubts))
    }

    /// Writes a value that needs no check, with `serde_json`.
    pub(super) fn plain<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Stopped> {
        serde_json::to_writer(&mut self.out, value).map_err(Stopped::custom)
    }

    pub(super) fn doubt(&mut self, doubt: Doubt) -> Result<(), Stopped> {
        if self.stop_at == Some(doubt) {
            return Err(Stopped::new(UnstorableReason::NotReadBack { cause: String::new() }));
        }
        self.doubts.count(doubt);
        Ok(())
    }
}

pub(super) fn finite(value: f64) -> Result<(), Stopped> {
    if value.is_finite() {
        return Ok(());
    }
    let number = if value.is_nan() {
        "NaN"
    } else if value > 0.0 {
        "inf"
    } else {
        "-inf"
    };
    Err(Stopped::new(UnstorableReason::NotFinite { number }))
}

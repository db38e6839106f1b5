//! The payload of an event that is not stored yet.

/// A payload, as JSON.
#[derive(Debug, Clone)]
pub(super) struct NewPayload {
    pub(super) text: String,
    /// Whether the text was checked: it can be read back.
    pub(super) is_checked: bool,
}

impl PartialEq for NewPayload {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

/// The first part of the path of a value in a payload.
pub(crate) const PAYLOAD: &str = "payload";

//! Payloads and metadata, whole or masked.

use eventsource::text::exactly;
use serde_json::{Map, Value};

use crate::text::visible;

/// Whether the values of payloads and metadata are shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Payloads {
    /// Keys and types, no values. The default.
    #[default]
    Masked,
    /// Everything.
    Shown,
}

/// A payload as a page shows it.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct PayloadText {
    pub(crate) text: String,
    /// Another program can store a payload that is not.
    pub(crate) is_json: bool,
}

impl Payloads {
    /// Returns a payload for a page.
    pub(crate) fn text(self, payload: &str) -> PayloadText {
        match serde_json::from_str::<Value>(payload) {
            Ok(value) => {
                let value = if self == Self::Shown { value } else { masked(value) };
                let text = visible(&serde_json::to_string_pretty(&value).unwrap_or_default());
                PayloadText { text, is_json: true }
            }
            Err(_) if self == Self::Shown => PayloadText { text: visible(payload), is_json: false },
            Err(_) => PayloadText { text: not_json(payload), is_json: false },
        }
    }

    /// Returns a payload for JSON: the text, or the text of the masked value.
    pub(crate) fn json(self, payload: String) -> String {
        match (self, serde_json::from_str::<Value>(&payload)) {
            (Self::Shown, _) => payload,
            (Self::Masked, Ok(value)) => masked(value).to_string(),
            (Self::Masked, Err(_)) => not_json(&payload),
        }
    }

    /// Returns a value of the metadata.
    pub(crate) fn value(self, value: Value) -> Value {
        if self == Self::Shown { value } else { masked(value) }
    }
}

fn not_json(payload: &str) -> String {
    format!("(not JSON, {})", exactly(payload.len() as u64, "byte"))
}

/// Replaces each value by the name of its type.
fn masked(value: Value) -> Value {
    let named = |name: &str| Value::String(name.to_owned());
    match value {
        Value::Null => Value::Null,
        Value::Bool(_) => named("(bool)"),
        Value::Number(_) => named("(number)"),
        Value::String(text) => Value::String(format!("(text, {})", exactly(text.chars().count() as u64, "character"))),
        Value::Array(values) => Value::Array(values.into_iter().map(masked).collect()),
        Value::Object(map) => {
            Value::Object(map.into_iter().map(|(key, value)| (key, masked(value))).collect::<Map<_, _>>())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn masked_payload_has_keys_and_types_and_no_values() {
        let text =
            Payloads::Masked.text(r#"{"card":"4111","total":7,"paid":true,"lines":[{"sku":"a"}],"none":null}"#).text;
        for secret in ["4111", "7", "true", "\"a\""] {
            assert!(!text.contains(secret), "{secret} in {text}");
        }
        assert!(text.contains("\"card\": \"(text, 4 characters)\""), "{text}");
        assert!(text.contains("\"sku\": \"(text, 1 character)\""), "{text}");
    }

    #[test]
    fn payload_that_is_not_json_is_text_and_hidden_if_masked() {
        let [masked, shown] = [Payloads::Masked, Payloads::Shown].map(|payloads| payloads.text("secret"));
        assert_eq!((&*masked.text, masked.is_json), ("(not JSON, 6 bytes)", false));
        assert_eq!((&*shown.text, shown.is_json), ("secret", false));
        assert_eq!(Payloads::Masked.json("s".to_owned()), "(not JSON, 1 byte)");
    }
}

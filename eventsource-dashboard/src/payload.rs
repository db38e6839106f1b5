//! Payloads and metadata, whole or masked.

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

impl Payloads {
    /// Returns the text of a payload, for a page.
    pub(crate) fn text(self, payload: &str) -> String {
        match serde_json::from_str::<Value>(payload) {
            Ok(value) => {
                let value = if self == Self::Shown { value } else { masked(value) };
                visible(&serde_json::to_string_pretty(&value).unwrap_or_default())
            }
            Err(_) if self == Self::Shown => visible(payload),
            Err(_) => format!("({} bytes that are no JSON)", payload.len()),
        }
    }

    /// Returns a payload for JSON: the text, or the text of the masked value.
    pub(crate) fn json(self, payload: String) -> String {
        match (self, serde_json::from_str::<Value>(&payload)) {
            (Self::Shown, _) => payload,
            (Self::Masked, Ok(value)) => masked(value).to_string(),
            (Self::Masked, Err(_)) => format!("({} bytes that are no JSON)", payload.len()),
        }
    }

    /// Returns a value of the metadata.
    pub(crate) fn value(self, value: Value) -> Value {
        if self == Self::Shown { value } else { masked(value) }
    }
}

/// Replaces each value by the name of its type.
fn masked(value: Value) -> Value {
    let named = |name: &str| Value::String(name.to_owned());
    match value {
        Value::Null => Value::Null,
        Value::Bool(_) => named("(bool)"),
        Value::Number(_) => named("(number)"),
        Value::String(text) => Value::String(format!("(text, {} characters)", text.chars().count())),
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
        let text = Payloads::Masked.text(r#"{"card":"4111","total":7,"paid":true,"lines":[{"sku":"a"}],"none":null}"#);
        for secret in ["4111", "7", "true", "\"a\""] {
            assert!(!text.contains(secret), "{secret} in {text}");
        }
        assert!(text.contains("\"card\": \"(text, 4 characters)\""), "{text}");
        assert_eq!(Payloads::Masked.text("secret"), "(6 bytes that are no JSON)");
        assert_eq!(Payloads::Shown.text("secret"), "secret");
    }
}

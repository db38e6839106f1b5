//! JSON that is stored as a text, as a part of the document that is printed.

use eventsource::admin::EventView;
use eventsource::projection::operations::NewRequest;
use serde::Serialize;
use serde_json::Value;

use crate::error::CliError;

/// Returns an event. Its payload is JSON if it is stored so (`payload_format` is `json`), and a text otherwise (`text`).
pub(crate) fn event(event: &EventView) -> Result<Value, CliError> {
    let mut value = serde_json::to_value(event)?;
    if let Value::Object(entries) = &mut value {
        let (payload, format) = match serde_json::from_str(&event.payload) {
            Ok(payload) => (payload, "json"),
            Err(_) => (Value::String(event.payload.clone()), "text"),
        };
        entries.insert("payload".to_owned(), payload);
        entries.insert("payload_format".to_owned(), format.into());
    }
    Ok(value)
}

/// Returns a page with these events.
pub(crate) fn page(page: &impl Serialize, events: &[EventView]) -> Result<Value, CliError> {
    let mut value = serde_json::to_value(page)?;
    if let Value::Object(entries) = &mut value {
        entries.insert("events".to_owned(), events.iter().map(event).collect::<Result<_, _>>()?);
    }
    Ok(value)
}

/// Returns a request. Its arguments are a text only if another program has stored something else than JSON.
pub(crate) fn request(request: &NewRequest) -> Result<Value, CliError> {
    let mut value = serde_json::to_value(request)?;
    if let (Value::Object(entries), Ok(arguments)) = (&mut value, serde_json::from_str::<Value>(&request.arguments)) {
        entries.insert("arguments".to_owned(), arguments);
    }
    Ok(value)
}

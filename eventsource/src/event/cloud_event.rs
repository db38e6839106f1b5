//! Converts events to CloudEvents.

use serde::Serialize;
use serde::de::IgnoredAny;

use super::{Position, RecordedEvent, StreamId};

/// An event cannot be converted to a CloudEvent. [`RecordedEvent::to_cloud_event`] returns it.
///
/// ```
/// # use eventsource::event::{CloudEventError, NewEvent, Position, StreamId, now};
/// # let stream = StreamId::new("Order", uuid::Uuid::nil());
/// # let event = NewEvent::raw("OrderPlaced", 1, "{}").record(stream, 1, Position::new(7), now());
/// assert!(matches!(event.to_cloud_event("my shop"), Err(CloudEventError::Source { .. })));
/// ```
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CloudEventError {
    /// CloudEvents does not allow this source. Use a URI without spaces.
    #[error(
        "{source_uri:?} cannot be the `source` of a CloudEvent: name the log by a URI without spaces, such as \
         `https://example.com/shop` or `urn:shop:orders`"
    )]
    Source {
        /// The source of the call.
        source_uri: String,
    },
    /// The store could not read a column of the event, or its payload is not JSON. Repair the event.
    #[error("the event at position {position} of {stream} cannot be read, so it cannot be a CloudEvent; repair it")]
    Unreadable {
        /// The position of the event in the log.
        position: Position,
        /// The stream that the event belongs to.
        stream: StreamId,
    },
}

/// The attributes before the data, in the order of the specification.
#[derive(Serialize)]
struct Attributes<'a> {
    specversion: &'static str,
    id: String,
    source: &'a str,
    r#type: &'a str,
    subject: String,
    time: String,
    datacontenttype: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    partitionkey: Option<&'a str>,
}

impl RecordedEvent {
    /// Returns the event as a [CloudEvent](https://cloudevents.io) in the JSON format of version 1.0.
    ///
    /// Use it for brokers and services that accept such events (content type `application/cloudevents+json`).
    ///
    /// | attribute | value |
    /// | --- | --- |
    /// | `specversion` | `1.0` |
    /// | `id` | the id of the event |
    /// | `source` | the argument `source`: a URI that names the log; together with `id` it is unique |
    /// | `type` | the stored name of the event |
    /// | `subject` | the stream, such as `Order/0198…` |
    /// | `time` | the time at which the event occurred, in RFC 3339 and UTC |
    /// | `datacontenttype` | `application/json` |
    /// | `partitionkey` | the [partition key](RecordedEvent::partition_key), if one was set |
    /// | `data` | the stored payload, without surrounding white space |
    ///
    /// The metadata, the position and the version are not included.
    ///
    /// ```
    /// # use eventsource::event::{NewEvent, Position, StreamId, now};
    /// # let stream = StreamId::new("Order", uuid::Uuid::nil());
    /// # let event = NewEvent::raw("OrderPlaced", 1, r#"{"total":150}"#).record(stream, 1, Position::new(7), now());
    /// let json = event.to_cloud_event("https://example.com/shop")?;
    /// assert!(json.contains(r#""specversion":"1.0""#) && json.ends_with(r#""data":{"total":150}}"#));
    /// # Ok::<(), eventsource::event::CloudEventError>(())
    /// ```
    ///
    /// # Errors
    /// - [`CloudEventError::Source`] if `source` is empty or contains white space or control characters. Use another
    ///   one.
    /// - [`CloudEventError::Unreadable`] if the store could not read a column of the event, or the payload is not JSON.
    pub fn to_cloud_event(&self, source: &str) -> Result<String, CloudEventError> {
        if source.is_empty() || source.chars().any(|c| c.is_whitespace() || c.is_control()) {
            return Err(CloudEventError::Source { source_uri: source.to_owned() });
        }
        let unreadable = || CloudEventError::Unreadable { position: self.position(), stream: self.stream().clone() };
        let is_json = serde_json::from_str::<IgnoredAny>(self.payload()).is_ok();
        if self.unreadable().is_some() || !is_json {
            return Err(unreadable());
        }
        let attributes = Attributes {
            specversion: "1.0",
            id: self.id().to_string(),
            source,
            r#type: self.event_type(),
            subject: self.stream().to_string(),
            time: self.occurred_at().to_rfc3339_opts(chrono::SecondsFormat::AutoSi, true),
            datacontenttype: "application/json",
            partitionkey: self.partition_key(),
        };
        let mut json = serde_json::to_string(&attributes).map_err(|_| unreadable())?;
        // The payload is added as text. Parsing and writing it again would change some numbers.
        json.pop();
        json.push_str(r#","data":"#);
        json.push_str(self.payload().trim());
        json.push('}');
        Ok(json)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use uuid::Uuid;

    use super::*;
    use crate::event::{Metadata, NewEvent};

    fn event(event_type: &'static str, payload: &str) -> RecordedEvent {
        let stream = StreamId::new("Order \"1\"", Uuid::from_u128(7));
        let time = chrono::DateTime::from_timestamp_micros(1_700_000_000_123_456).unwrap();
        let event = NewEvent::raw(event_type, 3, payload.to_owned()).with_metadata(Metadata::new().tenant("acme"));
        event.with_occurred_at(time).record(stream, 4, Position::new(5), crate::event::now())
    }

    #[test]
    fn cloud_event_has_the_fields_of_the_specification() {
        let payload = r#"{"total": 123456789012345678901234567890, "note": "a\u0000b \"c\""}"#;
        let event = event("OrderPlaced", payload);
        let text = event.to_cloud_event("urn:shop:orders").unwrap();
        assert!(text.ends_with(&format!(r#","data":{payload}}}"#)), "the payload to the byte: {text}");
        let mut read: serde_json::Value = serde_json::from_str(&text).unwrap();
        read["data"] = json!(null);
        let expected = json!({
            "specversion": "1.0",
            "id": event.id().to_string(),
            "source": "urn:shop:orders",
            "type": "OrderPlaced",
            "subject": "Order \"1\"/00000000-0000-0000-0000-000000000007",
            "time": "2023-11-14T22:13:20.123456Z",
            "datacontenttype": "application/json",
            "data": null,
        });
        assert_eq!(read, expected);
    }

    #[test]
    fn cloud_event_of_a_bad_source_is_refused() {
        for source in ["", "a b", "a\nb", "\0"] {
            let error = event("A", "{}").to_cloud_event(source).unwrap_err();
            assert!(matches!(error, CloudEventError::Source { .. }), "{error}");
        }
    }

    #[test]
    fn cloud_event_of_an_unreadable_event_is_refused() {
        let stream = StreamId::new("Order", Uuid::nil());
        let parts = crate::event::RecordedParts {
            id: Uuid::nil(),
            position: Position::new(5),
            stream,
            version: 1,
            event_type: "A".into(),
            schema_version: 1,
            occurred_at: crate::event::now(),
            recorded_at: crate::event::now(),
            metadata: Metadata::new(),
            payload: "{".to_owned(),
            slice: None,
        };
        let error = RecordedEvent::from(parts).to_cloud_event("urn:shop").unwrap_err().to_string();
        assert!(error.contains("position 5"), "{error}");
    }
}

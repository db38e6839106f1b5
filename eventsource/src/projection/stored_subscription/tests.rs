//! The stored form: what version 0.1 writes, and what no version writes.

use std::error::Error;

use serde_json::{Value, json};
use uuid::Uuid;

use super::*;
use crate::projection::Lease;
use crate::store::{LogId, LogMark};

const ID: Uuid = Uuid::from_u128(7);

/// What version 0.1 writes.
fn stored() -> Value {
    let checkpoint = |first, last, epoch, position| {
        json!({
            "checkpoint": {
                "name": "orders", "slices": { "first": first, "last": last }, "position": position, "epoch": epoch,
                "fingerprint": "orders v1", "updated_at": "1970-01-01T00:00:01Z", "rebuild_to": null, "log": ID,
                "mark": { "position": position, "event_id": ID },
            },
            "snapshot": { "position": position, "fingerprint": "orders v1", "state": [1] },
            "lease": { "owner": "one", "until": "1970-01-01T00:01:01Z" },
        })
    };
    json!({
        "epoch": 2, "rebuild_to": null,
        "letters": [letter(3, 1), letter(4, 2)],
        "checkpoints": [checkpoint(0, 511, 1, 5), checkpoint(512, 1_023, 2, 6)],
    })
}

fn letter(position: u64, stream: u128) -> Value {
    json!({
        "subscription": "orders", "position": position, "version": 1, "held": 0, "state": "Waiting",
        "stream": { "aggregate_type": "Order", "aggregate_id": Uuid::from_u128(stream) }, "event_type": "Placed",
        "event_id": Uuid::from_u128(stream), "errors": [], "class": "Permanent", "attempts": 1,
        "first_failed_at": "1970-01-01T00:00:00Z", "last_failed_at": "1970-01-01T00:00:00Z",
    })
}

#[test]
fn stored_form_is_that_of_version_0_1() -> Result<(), Box<dyn Error>> {
    let now = DateTime::from_timestamp(1, 0).ok_or("no time")?;
    let mut written = StoredSubscription::default();
    for (first, last, position) in [(0, 511, 5), (512, 1_023, 6)] {
        let slices = SliceRange::new(first, last).ok_or("no range")?;
        let claim = Claim::new("orders", "orders v1", Position::START).slices(slices).in_log(LogId::from_uuid(ID));
        let claimed = written.claim(&claim.under(Lease::new("one", Duration::from_secs(60))), now)?;
        let to = Position::new(position);
        let update = CheckpointUpdate::new("orders", claimed.epoch, Position::START, to).slices(slices);
        let mark = LogMark::new(to, ID);
        written.update(&update.marked(Some(mark)).snapshot(Some(vec![1])), now)?;
    }
    let mut expected = stored();
    let read: StoredSubscription = serde_json::from_value(expected.clone())?;
    assert_eq!(serde_json::to_value(&read)?, expected);
    expected["letters"] = json!([]);
    assert_eq!(serde_json::to_value(&written)?, expected);
    Ok(())
}

#[test]
fn stored_value_that_no_version_writes_is_an_error() {
    let checkpoint = "/checkpoints/0/checkpoint";
    for (at, value, reason) in [
        (format!("{checkpoint}/slices/last"), json!(1_024), "0-1024 is no range of slices"),
        (format!("{checkpoint}/slices/first"), json!(512), "512-511 is no range of slices"),
        (
            format!("{checkpoint}/slices"),
            json!({ "first": 512, "last": 1_023 }),
            "two checkpoints of the same slices: 512-1023 and 512-1023",
        ),
        (format!("{checkpoint}/slices/last"), json!(600), "two checkpoints of the same slices: 0-600 and 512-1023"),
        (format!("{checkpoint}/epoch"), json!(3), "has the epoch 3, after the last one, 2"),
        (format!("{checkpoint}/position"), json!(4), "before the last event that it knows, at 5"),
        (format!("{checkpoint}/log"), json!("no id"), "UUID"),
        ("/letters/1/position".into(), json!(3), "two dead letters at position 3"),
        ("/letters/1".into(), letter(4, 1), "at 3 and 4"),
    ] {
        let mut stored = stored();
        if let Some(found) = stored.pointer_mut(&at) {
            *found = value;
        }
        let error = serde_json::from_value::<StoredSubscription>(stored).unwrap_err().to_string();
        assert!(error.contains(reason), "{at}: {error}");
    }
}

#[test]
fn lease_of_any_length_is_claimed_and_renewed() -> Result<(), Box<dyn Error>> {
    let (now, mut stored) = (crate::event::now(), StoredSubscription::default());
    let claim = |owner| Claim::new("orders", "v1", Position::START).under(Lease::new(owner, Duration::MAX));
    let claimed = stored.claim(&claim("one"), now)?;
    assert!(stored.renew(claimed.epoch, Duration::MAX, now));
    assert!(matches!(stored.claim(&claim("two"), now), Err(ClaimError::Held { .. })));
    Ok(())
}

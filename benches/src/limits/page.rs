//! A page of the log, decoded, as the loops that write tables take it; and what it comes to, order by order.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::domain::{OrderCancelled, OrderPlaced, OrderShipped};

/// An event as the loops take it.
#[derive(Debug)]
pub struct Entry {
    /// Where it stands.
    pub position: i64,
    /// The order.
    pub order: Uuid,
    /// When it happened.
    pub time: DateTime<Utc>,
    /// What happened.
    pub event: Change,
}

/// What happened.
#[derive(Debug)]
pub enum Change {
    /// The order was placed.
    Placed(OrderPlaced),
    /// It has this status now.
    Status(&'static str),
}

impl Change {
    /// The event of this name with this payload.
    pub fn decode(event_type: &str, payload: &str) -> Self {
        match event_type {
            "OrderPlaced" => Self::Placed(serde_json::from_str(payload).unwrap()),
            "OrderShipped" => {
                let _: OrderShipped = serde_json::from_str(payload).unwrap();
                Self::Status("shipped")
            }
            "OrderCancelled" => {
                let _: OrderCancelled = serde_json::from_str(payload).unwrap();
                Self::Status("cancelled")
            }
            other => panic!("an event of the type {other}"),
        }
    }
}

/// A new row.
#[derive(Debug)]
pub struct New {
    /// The order.
    pub id: Uuid,
    /// Known about it.
    pub placed: OrderPlaced,
    /// What has become of it.
    pub status: &'static str,
    /// How often it was changed.
    pub version: i64,
    /// When it was placed.
    pub created_at: DateTime<Utc>,
    /// When it was changed last.
    pub updated_at: DateTime<Utc>,
}

/// What a page comes to: rows to be inserted, and rows to be changed.
#[derive(Debug, Default)]
pub struct Outcome {
    /// The new rows.
    pub new: Vec<New>,
    /// The others: the order, its status, and when it was changed.
    pub changed: Vec<(Uuid, &'static str, DateTime<Utc>)>,
}

impl Outcome {
    /// That of a page.
    #[must_use]
    pub fn of(page: Vec<Entry>) -> Self {
        let mut outcome = Self::default();
        let mut places = HashMap::new();
        for Entry { order: id, time, event, .. } in page {
            match event {
                Change::Placed(placed) => {
                    places.insert(id, outcome.new.len());
                    let new = New { id, placed, status: "placed", version: 1, created_at: time, updated_at: time };
                    outcome.new.push(new);
                }
                Change::Status(status) => match places.get(&id) {
                    Some(&place) => {
                        let new = &mut outcome.new[place];
                        (new.status, new.version, new.updated_at) = (status, new.version + 1, time);
                    }
                    None => outcome.changed.push((id, status, time)),
                },
            }
        }
        outcome
    }
}

//! Types that cannot be stored, or cannot be an id: each is one error, on the field.

use std::time::Duration;

use eventsource::ReadModel;

struct Address;

#[derive(ReadModel)]
struct Types {
    #[read_model(id)]
    id: i64,
    took: Duration,
    tags: Vec<String>,
    maybe: Option<Address>,
}

#[derive(ReadModel)]
struct FloatId {
    #[read_model(id)]
    id: f64,
}

#[derive(ReadModel)]
struct OptionalId {
    #[read_model(id)]
    id: Option<i64>,
}

#[derive(ReadModel)]
struct NotSerde {
    #[read_model(id)]
    id: i64,
    #[read_model(json)]
    address: Address,
}

fn main() {}

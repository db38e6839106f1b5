//! A JSON field that serde does not know.

use eventsource::ReadModel;

struct Address;

#[derive(ReadModel)]
struct Row {
    #[read_model(id)]
    id: u64,
    #[read_model(json)]
    address: Vec<Address>,
}

fn main() {}

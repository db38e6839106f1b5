//! Read models that are no struct, have no name for a table, or an id that is no id.

use eventsource::ReadModel;

#[derive(ReadModel)]
union Bits {
    id: u64,
}

#[derive(ReadModel)]
struct Größe {
    #[read_model(id)]
    id: u64,
}

#[derive(ReadModel)]
struct Listed {
    #[read_model(id, json)]
    id: Vec<u64>,
}

fn main() {}

//! An option of an option has two values for one null.

use eventsource::ReadModel;

#[derive(ReadModel)]
struct Row {
    #[read_model(id)]
    id: i64,
    nested: Option<Option<i64>>,
}

fn main() {}

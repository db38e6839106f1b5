//! Columns that PostgreSQL keeps for itself.
use eventsource::prelude::*;

#[derive(Debug, Clone, ReadModel)]
#[read_model(table = "orders")]
struct OrderRow {
    #[read_model(id)]
    id: i64,
    xmin: i64,
    #[read_model(column = "ctid")]
    place: String,
}

fn main() {}

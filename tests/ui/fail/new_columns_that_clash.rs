//! Columns that queries could not tell apart, an id with an index, and an id in an attribute that cannot be read.

use eventsource::ReadModel;

#[derive(ReadModel)]
struct Same {
    #[read_model(id, index)]
    id: i64,
    name: String,
    #[allow(non_snake_case)]
    #[read_model(column = "other")]
    Name: String,
    #[allow(non_snake_case)]
    ID: i64,
}

#[derive(ReadModel)]
struct Unread {
    #[read_model = "id"]
    id: i64,
}

fn main() {
    let _ = Same::NAME.asc();
}

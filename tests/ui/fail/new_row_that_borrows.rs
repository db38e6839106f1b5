//! A row that borrows: one error a field, with and without `json`.

use eventsource::ReadModel;

#[derive(ReadModel)]
struct Row {
    #[read_model(id)]
    id: i64,
    name: &'static str,
    #[read_model(json)]
    tags: Vec<&'static str>,
}

#[derive(ReadModel)]
struct Borrowed<'a> {
    #[read_model(id)]
    id: i64,
    name: &'a str,
}

fn main() {
    // Nothing follows from the mistake.
    let _ = (Row::ID.asc(), <Row as eventsource::ReadModel>::TABLE);
}

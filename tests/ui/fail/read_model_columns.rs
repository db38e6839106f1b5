//! Columns that are there already, or that have no index.

use eventsource::ReadModel;

#[derive(ReadModel)]
struct Row {
    #[read_model(id)]
    id: i64,
    version: u64,
    #[read_model(column = "Created_At")]
    made: i64,
    name: String,
    #[read_model(column = "NAME")]
    other: String,
    #[read_model(json, index)]
    tags: Vec<String>,
    #[read_model(index, column = "a_name_that_is_short_enough_for_a_column_but_not_for_an_index")]
    long: i64,
}

fn main() {}

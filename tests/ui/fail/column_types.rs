//! Enums that cannot be the type of a column.

use eventsource::read_model::ColumnType;

#[derive(ColumnType)]
struct NotAnEnum;

#[derive(ColumnType)]
enum Empty {}

#[derive(ColumnType)]
enum Generic<T> {
    One(T),
}

#[derive(ColumnType)]
enum Fields {
    Placed,
    Paid(u64),
    Shipped { by: String },
}

#[derive(ColumnType)]
#[column_type(rename_all = "snake", names = "x")]
enum Styles {
    #[column_type(rename = "")]
    Empty,
    #[column_type]
    Nothing,
    #[column_type(name = "one")]
    One,
}

#[derive(ColumnType)]
#[column_type(rename_all = "lowercase")]
enum Twice {
    InTransit,
    Intransit,
}

fn main() {}

//! Tables with quotes, with a schema, and by an option of a field.

use eventsource::ReadModel;

#[derive(ReadModel)]
#[read_model(table = "\"orders\"")]
struct Quoted {
    #[read_model(id)]
    id: i64,
}

#[derive(ReadModel)]
#[read_model(table = "public.orders")]
struct InSchema {
    #[read_model(id)]
    id: i64,
}

#[derive(ReadModel)]
#[read_model(id = "id")]
struct OnStruct {
    #[read_model(id, table = "orders")]
    id: i64,
}

fn main() {}

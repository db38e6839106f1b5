//! Options of a read model that are misspelt, missing their value, given twice, or against the rules for names.

use eventsource::ReadModel;

#[derive(ReadModel)]
#[read_model(tabel = "orders")]
struct Misspelt {
    #[read_model(id, colunm = "key")]
    id: i64,
    #[read_model(index, unique)]
    name: String,
}

#[derive(ReadModel)]
#[read_model(table)]
struct Values {
    #[read_model(id = true)]
    id: i64,
    #[read_model(column = name, index, index)]
    name: String,
}

#[derive(ReadModel)]
#[read_model = "orders"]
struct NoParentheses {
    #[read_model(id)]
    id: i64,
}

#[derive(ReadModel)]
#[read_model(table = "order summary")]
struct BadNames {
    #[read_model(id, column = "")]
    id: i64,
    #[read_model(column = "1st")]
    first: i64,
    #[read_model(column = "a_name_that_is_longer_than_the_sixty_three_characters_that_there_are")]
    long: i64,
    größe: i64,
}

#[derive(ReadModel)]
#[read_model(table = "eventsource_orders")]
struct KeptName {
    #[read_model(id)]
    id: i64,
}

fn main() {}

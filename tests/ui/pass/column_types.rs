//! Enums as columns, without a prelude and with odd names.
#![no_implicit_prelude]

#[derive(::eventsource::read_model::ColumnType)]
#[allow(non_camel_case_types)]
enum r#type {
    Ok,
    Err,
    Some,
    None,
    r#Self_,
}

#[derive(::eventsource::read_model::ReadModel)]
struct Row {
    #[read_model(id)]
    id: u64,
    #[read_model(index)]
    kind: r#type,
    before: ::std::option::Option<r#type>,
}

fn main() {
    let _ = Row { id: 1, kind: r#type::Ok, before: ::std::option::Option::None };
    let _ = [r#type::Err, r#type::Some, r#type::None, r#type::r#Self_];
    let _ = Row::KIND.eq(r#type::Ok);
}

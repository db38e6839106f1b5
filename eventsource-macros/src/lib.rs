//! The macros of the `eventsource` crate. Depend on that crate: it re-exports them, with examples.
//!
//! # Rules
//!
//! A test holds each rule: the compile-fail suite (`tests/ui` of the repository: `fail/` and `pass/`), the unit tests
//! of this crate, or the tests of the generated code (`tests/tests/macros`, `tests/tests/lints.rs`).
//!
//! | | rule | held by |
//! |---|---|---|
//! | 1 | Each macro has a typed struct for its options, which is filled once | the signatures of the functions that take it |
//! | 2 | Entry points have no logic; parse, model and expand are separate, and expanding cannot fail | the signatures of `expand`, which return no errors |
//! | 3 | No input makes a macro panic | `tests::no_macro_panics`, and the lints of this crate |
//! | 4 | An error is reported at the smallest wrong token | every `.stderr` |
//! | 5 | One call reports all its errors at once | `fail/six_mistakes`, `all_mistakes_at_once` |
//! | 6 | An unknown option gets a suggestion and the list of options; a doubled or empty option is an error | `fail/projection_options`, `fail/event_options` |
//! | 7 | The output always contains the user's item, without its marks | `the_users_code_is_kept_without_its_marks` |
//! | 8 | Bodies of methods are not parsed | `fail/half_typed_body`, `fail/error_in_a_body` |
//! | 9 | The trait is implemented also after an error, so that no other error follows | `a_broken_projection_is_one_all_the_same`, `fail/aggregate_options` |
//! | 10 | A mark outside its impl block says where it belongs | `fail/marks_alone`, `fail/misplaced_aggregate` |
//! | 11 | A `cfg` applies to everything that is generated; a mark inside `cfg_attr` is refused | `pass/cfg`, `pass/exhaustive`, `fail/hidden_marks` |
//! | 12 | Every macro works inside a `macro_rules!` | `pass/macro_rules`, `pass/aggregates`, `pass/versions` |
//! | 13 | Every macro works in a function, without a prelude, with a shadowed prelude, and with raw and odd names | `pass/in_a_function`, `pass/no_implicit_prelude`, `pass/shadowed_prelude`, `pass/odd_names` |
//! | 14 | Paths are absolute, and `crate = path` works everywhere | `pass/crate_path`, `pass/renamed_crate` |
//! | 15 | Generated code uses only `__private`, which is hidden and not part of semver | the expansions in `expand/` |
//! | 16 | Generics are kept; generic events are refused | `pass/generics`, `pass/aggregates`, `fail/event_shapes`, `fail/which_event` |
//! | 17 | No lint fires in a user's code | `tests/lints.rs`, `pass/lints` |
//! | 18 | Implementations are `automatically_derived`, and `allow`s are narrow | the expansions in `expand/` |
//! | 19 | A future that is not `Send` is reported at its handler | `fail/not_send` |
//! | 20 | Each trait that a user can fail to implement says what to do | `every_message_is_seen_in_some_case`, `fail/cannot_lend`, `fail/not_an_event`, `fail/wrong_return_type`, `fail/test_of_an_unhandled_event`, `fail/exhaustive_over_no_aggregate` |
//! | 21 | A handler adds no box, closure or type; there is one marker without code | `a_handler_costs_few_tokens` |
//! | 22 | Decoding is compiled once for each event, out of line | `snapshots::an_event` |
//! | 23 | The expansions are recorded, and have a budget | `snapshots` |
//! | 24 | No text is formatted while events run; errors are cold | the expansions in `expand/` |
//! | 25 | A duplicate names both places; the catalogue is sorted, and can be an explicit one | `tests/catalogue.rs`, `macros/evolution.rs` |
//! | 26 | Routing does not use the catalogue | `a_memory_projection_is_handed_what_it_handles_and_nothing_else` |
//! | 27 | Stored names can be fixed, and the documentation of the derive says when | `macros/projections.rs`; the default is the name of the struct |
//! | 28 | Every option is documented, with examples that compile and some that do not | `eventsource`'s `macros.rs` |
//! | 29 | Messages are compared on one compiler, and each occurs in some case | `tests/ui/RUSTC`, `every_message_is_seen_in_some_case` |
//! | 30 | A changed default is a breaking change | `projection_describes_itself`, `event_describes_itself`, the changelog |

#![deny(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::unreachable,
    clippy::todo,
    clippy::unimplemented
)]

mod aggregate;
mod block;
mod borrows;
mod column_type;
mod ctx;
mod errors;
mod event;
mod names;
mod options;
mod projection;
mod read_model;
mod route;
#[cfg(test)]
mod snapshots;
mod spans;
mod suggest;
#[cfg(test)]
mod tests;
mod text;
mod types;

use proc_macro::TokenStream;

use crate::block::marker::Marker;

/// Makes a struct an event: implements `DomainEvent`, and registers it in the catalogue.
///
/// The struct has named fields or no fields, and no generics. serde serialises it: derive `Serialize` and `Deserialize`
/// too.
///
/// # Options
///
/// Write them in `#[event(…)]`.
///
/// | option | meaning |
/// |---|---|
/// | `aggregate = "Order"` | The type of the aggregate that emits the event. Required. |
/// | `name = "order.placed"` | The stored name of the event. The default is the name of the struct. It is part of the stored data: set it before you rename the struct. |
/// | `version = 2` | The schema version of the event. The default is 1. |
/// | `from(OrderPlacedV1, …)` | The types of its older versions, oldest first: see below. |
/// | `aliases("OrderCreated", …)` | Names under which the event was stored before. |
/// | `crate = my::reexport` | The path to the `eventsource` crate, if it is not `::eventsource`. |
///
/// A name is a letter, then up to 127 letters, digits, `_`, `.` or `-`.
///
/// # Versions
///
/// If stored events no longer decode after a change of an event, raise its version, and keep the old shape as a type
/// that derives `Deserialize` and not `DomainEvent`. `From` converts each version to the next one, and the
/// last one to the event: `version = 3, from(OrderPlacedV1, OrderPlacedV2)` needs `impl From<OrderPlacedV1> for
/// OrderPlacedV2` and `impl From<OrderPlacedV2> for OrderPlaced`. Projections, aggregates and the registry then read
/// every version, and handlers get the newest one.
///
/// In `from`, `_` is a version of which nothing is stored, `..` (in the first place) is all versions before the first
/// named one, and `Self` is a version that decodes like the event.
#[proc_macro_derive(DomainEvent, attributes(event))]
pub fn derive_domain_event(input: TokenStream) -> TokenStream {
    event::derive(input.into()).into()
}

/// Makes a struct a row of a read model: implements `ReadModel`, and adds a constant for each column.
///
/// The struct has named fields and no generics. Each field is a column. Its type is an integer, a float, `bool`,
/// `String`, `Uuid`, `DateTime<Utc>`, `NaiveDate`, `Vec<u8>`, a decimal, `serde_json::Value`, an enum with
/// [`#[derive(ColumnType)]`](macro@ColumnType), or an `Option` of these.
///
/// Queries use a constant for each column, with the name of the field in upper case: `OrderRow::STATUS`. In addition,
/// every table has the columns `version`, `created_at`, `updated_at` and `deleted_at`. `Stored` returns them, and
/// queries cannot use them. A column of these names does not compile: give the column of such a field another name, as
/// in `#[read_model(column = "placed_at")] created_at: DateTime<Utc>`.
///
/// There are no ids of several columns, unique indexes, indexes on several columns, foreign keys and default values.
/// For an id of two parts, use a text such as `"{order}/{line}"`.
///
/// # Options
///
/// Write them in `#[read_model(…)]`, on the struct or on a field.
///
/// | option of the struct | meaning |
/// |---|---|
/// | `table = "orders"` | The name of the table. The default is the name of the struct in snake case: `order_row`. |
/// | `crate = my::reexport` | The path to the `eventsource` crate, if it is not `::eventsource`. |
///
/// | option of a field | meaning |
/// |---|---|
/// | `id` | The field is the id of the row: a UUID, an integer or a text of at most 2,600 bytes. Exactly one field has this option. |
/// | `column = "customer"` | The name of the column. The default is the name of the field. |
/// | `index` | The column has an index, named `{table}_{column}_idx`. A text, bytes or a decimal then has at most 2,600 bytes: a longer value is refused when it is saved. |
/// | `json` | The field is stored as JSON. Its type is any type that serde can serialise and deserialise. It is never null: `None` is stored as the JSON `null`. |
///
/// A name is a letter (`a` to `z`, `A` to `Z`) or `_`, then up to 62 letters, digits or `_`. Names are quoted in SQL,
/// so upper case stays. The name of a table cannot end with `__next`, which names the table of a next generation, and
/// cannot begin with `eventsource_`, `pg_` or `sqlite_`. PostgreSQL refuses to rebuild a table side by side if its
/// name, or the name of one of its indexes, has more than 57 characters.
#[proc_macro_derive(ReadModel, attributes(read_model))]
pub fn derive_read_model(input: TokenStream) -> TokenStream {
    read_model::derive(input.into()).into()
}

/// Makes an enum the type of a column: implements `ColumnType` and `Comparable`.
///
/// The variants have no fields. Each variant is stored as a text, by default its name, so you can add or move variants
/// without a migration. A stored text without a variant is an error (`ReadModelError::Corrupt`) that names the field
/// and lists the variants: a program of the version before fails so for a row with a new variant. The variants are not
/// part of the fingerprint of a projection: raise its version when you remove or rename one. Rows are sorted by the
/// texts.
///
/// # Options
///
/// Write them in `#[column_type(…)]`, on the enum or on a variant.
///
/// | option of the enum | meaning |
/// |---|---|
/// | `rename_all = "snake_case"` | The style of the names, as in serde: `PascalCase` (the default), `lowercase`, `UPPERCASE`, `camelCase`, `snake_case`, `SCREAMING_SNAKE_CASE`, `kebab-case`, `SCREAMING-KEBAB-CASE`. |
/// | `crate = my::reexport` | The path to the `eventsource` crate, if it is not `::eventsource`. |
///
/// | option of a variant | meaning |
/// |---|---|
/// | `rename = "in-transit"` | The stored name. It is part of the stored data: set it before you rename the variant. |
#[proc_macro_derive(ColumnType, attributes(column_type))]
pub fn derive_column_type(input: TokenStream) -> TokenStream {
    column_type::derive(input.into()).into()
}

/// Makes the methods of an impl block the handlers of a projection: implements `Subscriber` and `EventSubscriber`.
///
/// A type has one such block. A method marked [`#[handles(SomeEvent)]`](macro@handles) is called with each event of its
/// type, in the order of the log. A method marked [`#[truncate]`](macro@truncate) empties the projection for a reset.
/// The other items of the block are not changed.
///
/// # Kinds
///
/// The kind of a projection says where its effects go, and what is guaranteed. The parameters of its methods and the
/// options decide it:
///
/// | kind | its methods |
/// |---|---|
/// | transactional | a method takes a `&mut T` that the unit of work (the transaction of the batch) provides, such as a repository; all take `&self` |
/// | memory | a handler takes `&mut self`, or the option `memory` is set; no method takes such a `&mut T` |
/// | durable memory | the option `snapshot` is set; no method takes such a `&mut T` |
/// | effects | the option `effects` is set; no method takes such a `&mut T` |
///
/// A projection cannot use both memory and a transaction: a transaction is rolled back, a field is not. Fields that
/// handlers only read, such as an HTTP client, are allowed in every kind.
///
/// # Options
///
/// | option | meaning |
/// |---|---|
/// | `name = "order-rows"` | The name of the projection and of its checkpoint. The default is the name of the type. |
/// | `version = 2` | Raise it when the handlers write something else. The default is 1. |
/// | `memory` | The effects go into the projection itself, behind a lock. A new process replays the log. |
/// | `snapshot` | The effects go into the projection itself, and its state is stored with its checkpoint. The type implements `Serialize` and `Deserialize`. |
/// | `effects` | The effects go outside the process, at least once for each event. |
/// | `at_most_once` | With `effects`: the effects happen at most once for each event. The checkpoint is saved before each handler is called, and a handler that failed is not called again by itself. |
/// | `exhaustive = Order` | The projection must handle or ignore every event of this aggregate. Several: `exhaustive(Order, Customer)`. |
/// | `ignores(OrderNoteAdded, …)` | The events that an exhaustive projection ignores. |
/// | `read_models(OrderRow, …)` | The read models that the projection owns. A reset and a rebuild empty them, so the projection needs no [`#[truncate]`](macro@truncate) method. |
/// | `crate = my::reexport` | The path to the `eventsource` crate, if it is not `::eventsource`. |
#[proc_macro_attribute]
pub fn projection(options: TokenStream, item: TokenStream) -> TokenStream {
    projection::projection(options.into(), item.into()).into()
}

/// Makes the methods of an impl block apply the events of an aggregate: implements `Aggregate`, and `Applies` for each
/// event.
///
/// A type has one such block, and implements `Default`, which is the state before the first event. A method marked
/// [`#[applies(SomeEvent)]`](macro@applies) changes the state. The other items of the block are not changed.
///
/// # Options
///
/// | option | meaning |
/// |---|---|
/// | `name = "Order"` | The stored name of the aggregate type. Its events name it in `#[event(aggregate = "Order")]`. The default is the name of the type. It is part of the stored data: set it before you rename the type. |
/// | `crate = my::reexport` | The path to the `eventsource` crate, if it is not `::eventsource`. |
#[proc_macro_attribute]
pub fn aggregate(options: TokenStream, item: TokenStream) -> TokenStream {
    aggregate::aggregate(options.into(), item.into()).into()
}

/// Marks a method of an `#[aggregate]` impl block that applies one event to the state: `#[applies(OrderPlaced)]`.
///
/// The method takes `&mut self` (or `&self`, if the event changes nothing) and the event, `&OrderPlaced`. It is not
/// async and returns nothing: an event has happened, so it cannot be refused.
///
/// A `#[cfg(…)]` on the method applies to everything that is generated from it.
#[proc_macro_attribute]
pub fn applies(_: TokenStream, item: TokenStream) -> TokenStream {
    block::marker::misplaced(Marker::Applies, item.into()).into()
}

/// Marks a method of a `#[projection]` impl block as the handler of one event: `#[handles(OrderPlaced)]`.
///
/// The method can be async. It takes, in this order:
///
/// * `&self` or `&mut self`: see the kinds of a [`#[projection]`](macro@projection).
/// * the event: `&OrderPlaced`, or `&Event<OrderPlaced>` to get its id, position, stream, times and metadata too.
/// * optional parameters: `&T` for a part of the stored event (`&Metadata`, `&StreamId`, `&RecordedEvent`); `&mut T`
///   for a value that the unit of work provides: any number of `&mut Repository<Row>` for read models, or one database
///   connection in the transaction of the batch, but not both. Another handler of the projection can take the other:
///   then the projection cannot be rebuilt side by side.
///
/// It returns `()`, or `Result<(), E>` with any error. A `HandlerError` also says whether a retry can help. For other
/// errors the database driver is asked; an error that it does not know, such as one of an HTTP client, is transient.
///
/// A `#[cfg(…)]` on the method applies to everything that is generated from it.
#[proc_macro_attribute]
pub fn handles(_: TokenStream, item: TokenStream) -> TokenStream {
    block::marker::misplaced(Marker::Handles, item.into()).into()
}

/// Marks the method of a `#[projection]` impl block that empties the projection, for a reset or a rebuild: the
/// *truncate hook*. A transactional projection needs it for rows that it does not declare in `read_models(…)`. A memory
/// projection needs it for a reset. For a rebuild, and after a panic, a copy of its first state is used instead if the
/// type is `Clone` (memory) or has a stored state (durable memory).
///
/// The method can be async. It takes `&self` or `&mut self`, then values that the unit of work provides, as `&mut T`.
/// It returns `()` or a `Result`, like a [handler](macro@handles). A projection has at most one such method.
#[proc_macro_attribute]
pub fn truncate(_: TokenStream, item: TokenStream) -> TokenStream {
    block::marker::misplaced(Marker::Truncate, item.into()).into()
}

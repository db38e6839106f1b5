//! The macros of the `eventsource` crate, which re-exports them and has their examples: depend on that crate.
//!
//! # What they promise
//!
//! Each line is held by a test: the compile-fail suite (`tests/ui` of the repository: `fail/` and `pass/`), the unit tests of
//! this crate, or the tests of what the macros generate (`tests/tests/macros`, `tests/tests/lints.rs`).
//!
//! | | promise | held by |
//! |---|---|---|
//! | 1 | One syn, the one that serde uses | `tests::one_syn` |
//! | 2 | Entry points have no logic; parse, model and expand are apart, and expanding cannot fail | `tests::expanding_cannot_fail` |
//! | 3 | What a user writes makes no macro panic | `tests::no_macro_panics` |
//! | 4 | A mistake stands on the smallest wrong token | every `.stderr` |
//! | 5 | All mistakes of one call are told together | `fail/six_mistakes`, `all_mistakes_at_once` |
//! | 6 | Unknown options: what was meant, and a list; doubled and empty ones | `fail/projection_options`, `fail/event_options` |
//! | 7 | The user's item is always there, without its marks | `the_users_code_is_kept_without_its_marks` |
//! | 8 | Bodies are not read | `fail/half_typed_body`, `fail/error_in_a_body` |
//! | 9 | A trait is implemented also next to a mistake, so that nothing follows from it | `a_broken_projection_is_one_all_the_same`, `fail/aggregate_options` |
//! | 10 | A mark alone says where it belongs | `fail/marks_alone`, `fail/misplaced_aggregate` |
//! | 11 | `cfg` goes to all that is generated; `cfg_attr` with a mark is refused | `pass/cfg`, `pass/exhaustive`, `fail/hidden_marks` |
//! | 12 | Everything works out of a `macro_rules!` | `pass/macro_rules`, `pass/aggregates`, `pass/versions` |
//! | 13 | And in functions, without a prelude, with a shadowed one, with raw and odd names | `pass/in_a_function`, `pass/no_implicit_prelude`, `pass/shadowed_prelude`, `pass/odd_names` |
//! | 14 | Paths are absolute, and `crate = path` is everywhere | `pass/crate_path`, `pass/renamed_crate` |
//! | 15 | Generated code names `__private` only, which is hidden and outside of semver | the expansions in `expand/` |
//! | 16 | Generics are carried; generic events are refused | `pass/generics`, `pass/aggregates`, `fail/event_shapes`, `fail/which_event` |
//! | 17 | No lint fires in a user's code | `tests/lints.rs`, `pass/lints` |
//! | 18 | Implementations are `automatically_derived`, and what is allowed is narrow | the expansions in `expand/` |
//! | 19 | A future that is not `Send` is told at its handler | `fail/not_send` |
//! | 20 | Each trait that a user can fail says what to do | `every_message_is_seen_in_some_case`, `fail/cannot_lend`, `fail/not_an_event`, `fail/wrong_return_type`, `fail/test_of_an_unhandled_event`, `fail/exhaustive_over_no_aggregate` |
//! | 21 | No box, closure or type a handler; one marker without code | `a_handler_costs_few_tokens` |
//! | 22 | Decoding is compiled once an event, out of line | `snapshots::an_event` |
//! | 23 | The expansions are written down, and have a budget | `snapshots` |
//! | 24 | No formatting where events run; errors are cold | the expansions in `expand/` |
//! | 25 | Duplicates are told with both places; the catalogue is sorted, and may be an explicit one | `tests/catalogue.rs`, `macros/evolution.rs` |
//! | 26 | Routing does not ask the catalogue | `a_memory_projection_is_handed_what_it_handles_and_nothing_else` |
//! | 27 | Stored names can be fixed, and the derive's documentation says when | `macros/projections.rs`; the default is the struct's name, which the documentation names as such |
//! | 28 | Every option is documented, with examples that compile and some that do not | `eventsource`'s `macros.rs` |
//! | 29 | Messages are compared on one compiler, and each is in some case | `tests/ui/RUSTC`, `every_message_is_seen_in_some_case` |
//! | 30 | A changed default is a breaking change | `projection_describes_itself`, `event_describes_itself`, the changelog |

mod aggregate;
mod anonymous;
mod block;
mod borrows;
mod column_type;
mod errors;
mod event;
mod names;
mod options;
mod projection;
mod read_model;
#[cfg(test)]
mod snapshots;
mod spans;
mod suggest;
#[cfg(test)]
mod tests;
mod text;

use proc_macro::TokenStream;

use crate::block::marker::Marker;

/// Makes a struct an event: implements `DomainEvent`, and registers it in the catalogue.
///
/// The struct has named fields or none, has no generics, and is serialised by serde: derive `Serialize` and
/// `Deserialize` next to it.
///
/// # Options
///
/// They stand in `#[event(…)]`.
///
/// | option | meaning |
/// |---|---|
/// | `aggregate = "Order"` | The type of the aggregate that emits the event. Required. |
/// | `name = "order.placed"` | The name under which it is stored; by default the name of the struct. It is part of the stored data: give it before you rename the struct. |
/// | `version = 2` | The schema version with which it is stored; by default 1. |
/// | `from(OrderPlacedV1, …)` | The types that its older versions have, oldest first: see below. |
/// | `aliases("OrderCreated", …)` | Names under which it was stored before. |
/// | `crate = my::reexport` | The path to the `eventsource` crate, where it is not `::eventsource`. |
///
/// A name is a letter, then up to 127 letters, digits, `_`, `.` or `-`.
///
/// # Versions
///
/// When the shape of an event changes so that stored events do not fit it any more, it gets a new version, and the old
/// shape a type of its own, which derives `Deserialize` and no `DomainEvent`. Each version becomes the next by `From`, the
/// last of them the event: with `version = 3, from(OrderPlacedV1, OrderPlacedV2)` there are
/// `impl From<OrderPlacedV1> for OrderPlacedV2` and `impl From<OrderPlacedV2> for OrderPlaced`, or the compiler asks for
/// them. Projections, aggregates and the registry then read every version, and handlers know the newest one only.
///
/// `_` stands for a version of which nothing is stored, `..` in the first place for all versions up to the first that is
/// named, and `Self` for a version that decodes as the event does.
#[proc_macro_derive(DomainEvent, attributes(event))]
pub fn derive_domain_event(input: TokenStream) -> TokenStream {
    event::derive(input.into()).into()
}

/// Makes a struct a row of a read model: implements `ReadModel`, and gives it a constant for each column.
///
/// The struct has named fields and no generics. A field is a column; its type is one that a column can hold: an integer,
/// a float, `bool`, `String`, `Uuid`, `DateTime<Utc>`, `NaiveDate`, `Vec<u8>`, a decimal, `serde_json::Value`, an enum with
/// [`#[derive(ColumnType)]`](macro@ColumnType), or an `Option` of these.
///
/// Queries name the columns by constants that are called as the fields, in upper case: `OrderRow::STATUS`. Every table
/// has the columns `version`, `created_at`, `updated_at` and `deleted_at` next to those of its model.
///
/// # Options
///
/// They stand in `#[read_model(…)]`, on the struct or on a field.
///
/// | option of the struct | meaning |
/// |---|---|
/// | `table = "orders"` | The name of the table; by default the name of the struct, as `order_row`. |
/// | `crate = my::reexport` | The path to the `eventsource` crate, where it is not `::eventsource`. |
///
/// | option of a field | meaning |
/// |---|---|
/// | `id` | The field is the id: a UUID, an integer or a text. One field is. |
/// | `column = "customer"` | The name of the column; by default that of the field. |
/// | `index` | The column has an index. |
/// | `json` | The field is stored as JSON: any type that serde knows. |
///
/// A name is a letter or `_`, then up to 62 letters, digits or `_`.
#[proc_macro_derive(ReadModel, attributes(read_model))]
pub fn derive_read_model(input: TokenStream) -> TokenStream {
    read_model::derive(input.into()).into()
}

/// Makes an enum the type of a column: implements `ColumnType` and `Comparable`.
///
/// The variants have no fields. Each is stored as a text, by default its name, so that a variant may be added or moved
/// without a migration; a text that is no variant's is an error that names the field and lists the variants. Rows are ordered
/// by the texts.
///
/// # Options
///
/// They stand in `#[column_type(…)]`, on the enum or on a variant.
///
/// | option of the enum | meaning |
/// |---|---|
/// | `rename_all = "snake_case"` | How names are written, as serde writes them: `PascalCase` (the default), `lowercase`, `UPPERCASE`, `camelCase`, `snake_case`, `SCREAMING_SNAKE_CASE`, `kebab-case`, `SCREAMING-KEBAB-CASE`. |
/// | `crate = my::reexport` | The path to the `eventsource` crate, where it is not `::eventsource`. |
///
/// | option of a variant | meaning |
/// |---|---|
/// | `rename = "in-transit"` | The stored name. It is part of the stored data: give it before you rename the variant. |
#[proc_macro_derive(ColumnType, attributes(column_type))]
pub fn derive_column_type(input: TokenStream) -> TokenStream {
    column_type::derive(input.into()).into()
}

/// Makes the methods of an impl block the handlers of a projection: implements `Subscriber` and `EventSubscriber`.
///
/// The type has one such block. Its methods marked [`#[handles(SomeEvent)]`](macro@handles) are called, each with its
/// event, in the order of the log; a method marked [`#[truncate]`](macro@truncate) empties the projection for a reset.
/// The other items of the block are left alone.
///
/// # Kinds
///
/// Where the effects go decides what is promised. It is told by what the methods take:
///
/// | kind | its methods |
/// |---|---|
/// | transactional | some of them ask for something that the unit of work lends, `&mut T`; all take `&self` |
/// | memory | some handler takes `&mut self`, and none asks for something lent; or the option `memory` says so |
/// | durable memory | the option `snapshot` says so; none asks for something lent |
/// | effects | the option `effects` says so; none asks for something lent |
///
/// Memory and transactions do not mix: a transaction is rolled back, a field is not.
///
/// # Options
///
/// | option | meaning |
/// |---|---|
/// | `name = "order-rows"` | The name under which the checkpoint is kept; by default the name of the type. |
/// | `version = 2` | Raise it when the handlers change what they write; by default 1. |
/// | `memory` | The effects go into the projection itself, behind a lock: a new process replays the log. |
/// | `snapshot` | The effects go into the projection itself, whose state is stored with its checkpoint: serde knows the type. |
/// | `effects` | The effects go into the outside world, at least once. |
/// | `exhaustive = Order` | It decides about every event of this aggregate: it handles it, or ignores it by name. Several: `exhaustive(Order, Customer)`. |
/// | `ignores(OrderNoteAdded, …)` | The events that an exhaustive projection leaves out. |
/// | `read_models(OrderRow, …)` | The read models that it owns: a reset empties them, in place of a truncate hook. |
/// | `crate = my::reexport` | The path to the `eventsource` crate, where it is not `::eventsource`. |
#[proc_macro_attribute]
pub fn projection(options: TokenStream, item: TokenStream) -> TokenStream {
    projection::projection(options.into(), item.into()).into()
}

/// Makes the methods of an impl block what an aggregate's events do to it: implements `Aggregate`, and `Applies` for each
/// event.
///
/// The type has one such block, and implements `Default`: the state before the first event. Its methods marked
/// [`#[applies(SomeEvent)]`](macro@applies) change the state. The other items of the block are left alone.
///
/// # Options
///
/// | option | meaning |
/// |---|---|
/// | `name = "Order"` | The type under which its streams are stored, which its events name in `#[event(aggregate = "Order")]`; by default the name of the type. It is part of the stored data: give it before you rename the type. |
/// | `crate = my::reexport` | The path to the `eventsource` crate, where it is not `::eventsource`. |
#[proc_macro_attribute]
pub fn aggregate(options: TokenStream, item: TokenStream) -> TokenStream {
    aggregate::aggregate(options.into(), item.into()).into()
}

/// Marks a method inside of an `#[aggregate]` impl block as what one event does to the state: `#[applies(OrderPlaced)]`.
///
/// The method takes `&mut self` (or `&self`, where the event changes nothing) and the event, `&OrderPlaced`. It is not
/// async and returns nothing: what happened is not waited for, and cannot be refused.
///
/// A `#[cfg(…)]` on the method goes to all that is generated from it.
#[proc_macro_attribute]
pub fn applies(_: TokenStream, item: TokenStream) -> TokenStream {
    block::marker::misplaced(Marker::Applies, item.into()).into()
}

/// Marks a method inside of a `#[projection]` impl block as the handler of one event: `#[handles(OrderPlaced)]`.
///
/// The method is async or not. It takes, in this order:
///
/// * `&self` or `&mut self` (see [`#[projection]`](macro@projection) for what follows from which),
/// * the event: `&OrderPlaced`, or `&Event<OrderPlaced>` to know its id, position, stream, times and metadata too,
/// * what it asks for, if anything: `&T` for what the stored event knows (`&Metadata`, `&StreamId`,
///   `&RecordedEvent`), `&mut T` for what the unit of work lends: `&mut Repository<Row>` for a read model, as many as it
///   likes, or a database connection inside of the batch's transaction, not both.
///
/// It returns `()`, or `Result<(), E>` with any error, or with `HandlerError` to say whether trying again can help.
///
/// A `#[cfg(…)]` on the method goes to all that is generated from it.
#[proc_macro_attribute]
pub fn handles(_: TokenStream, item: TokenStream) -> TokenStream {
    block::marker::misplaced(Marker::Handles, item.into()).into()
}

/// Marks the method inside of a `#[projection]` impl block that empties the projection, for a reset.
///
/// The method is async or not, takes `&self` or `&mut self` and then what it asks the unit of work for, as `&mut T`,
/// and returns what a [handler](macro@handles) returns. There is at most one.
#[proc_macro_attribute]
pub fn truncate(_: TokenStream, item: TokenStream) -> TokenStream {
    block::marker::misplaced(Marker::Truncate, item.into()).into()
}

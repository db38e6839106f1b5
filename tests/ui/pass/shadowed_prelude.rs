//! A module in which every name that generated code could take for granted means something else.

#![no_implicit_prelude]

mod shadowed {
    #![allow(dead_code, non_snake_case, unused_macros)]

    pub struct Result;
    pub struct Option;
    pub struct String;
    pub struct Box;
    pub struct Vec;
    pub struct Arc;
    pub struct Cow;
    pub struct Send;
    pub struct Future;
    pub struct Event;
    pub struct EventFilter;
    pub mod core {}
    pub mod std {}
    pub mod serde_json {}
    pub mod eventsource {}
    pub fn Ok() {}
    pub fn Err() {}
    pub fn Some() {}
    pub fn None() {}
    pub fn route() {}

    macro_rules! concat {
        () => {};
    }
    macro_rules! env {
        () => {};
    }

    #[derive(::serde::Serialize, ::serde::Deserialize, ::eventsource::DomainEvent)]
    #[event(aggregate = "Order")]
    pub struct Placed {
        pub payload: ::core::primitive::u64,
        pub r#type: ::core::primitive::u64,
    }

    #[derive(::eventsource::ReadModel)]
    pub struct Row {
        #[read_model(id)]
        pub r#type: ::core::primitive::u64,
        pub values: ::core::option::Option<::std::string::String>,
        #[read_model(json)]
        pub __values: ::std::vec::Vec<::core::primitive::u8>,
    }

    pub struct Lent;

    impl<U: ::eventsource::projection::UnitOfWork> ::eventsource::projection::Inject<U> for Lent {
        type Guard = ::std::boxed::Box<Self>;

        async fn inject(_: &mut U) -> ::std::result::Result<Self::Guard, ::eventsource::HandlerError> {
            ::std::result::Result::Ok(::std::boxed::Box::new(Self))
        }
    }

    pub struct Projected;

    #[::eventsource::projection]
    impl Projected {
        #[handles(Placed)]
        pub async fn r#match(&self, __event: &Placed, _: &mut Lent, _: &::eventsource::Metadata) {
            let _ = __event.payload + __event.r#type;
        }

        #[truncate]
        pub async fn truncate(&self, _: &mut Lent) {}
    }
}

mod shadowed_primitives {
    #![allow(dead_code, non_camel_case_types)]

    pub struct str;
    pub struct u32;
    pub struct u64;

    #[derive(::eventsource::ReadModel)]
    pub struct Row {
        #[read_model(id)]
        id: ::core::primitive::u64,
        flag: ::core::primitive::bool,
    }

    pub struct Rows;

    #[::eventsource::projection(read_models(Row))]
    impl Rows {
        #[handles(super::shadowed::Placed)]
        async fn placed(&self, _: &super::shadowed::Placed, _: &mut ::eventsource::Repository<Row>) {}
    }

    pub struct Projected;

    #[::eventsource::projection(effects, version = 2)]
    impl Projected {
        #[handles(super::shadowed::Placed)]
        async fn placed(&self, _: &super::shadowed::Placed) {}
    }
}

fn main() {
    #[derive(::serde::Serialize, ::serde::Deserialize, ::eventsource::DomainEvent)]
    #[event(aggregate = "Order")]
    struct InsideOfAFunction;

    struct Inside(::core::primitive::u64);

    #[::eventsource::projection]
    impl Inside {
        #[handles(InsideOfAFunction)]
        fn inside(&mut self, _: &InsideOfAFunction) {
            self.0 += 1;
        }
    }

    let _ = (shadowed::Row::TYPE, shadowed_primitives::Rows);
    let _ = (shadowed::Projected, shadowed_primitives::Projected, Inside(0));
}

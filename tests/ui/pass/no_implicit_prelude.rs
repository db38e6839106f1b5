//! A crate without a prelude.

#![no_implicit_prelude]

#[derive(::serde::Serialize, ::serde::Deserialize, ::eventsource::DomainEvent)]
#[event(aggregate = "Order", version = 2, from(PlacedV1))]
struct Placed {}

#[derive(::serde::Deserialize)]
struct PlacedV1 {}

impl ::std::convert::From<PlacedV1> for Placed {
    fn from(_: PlacedV1) -> Self {
        Self {}
    }
}

#[derive(::std::default::Default)]
struct Order;

#[::eventsource::aggregate]
impl Order {
    #[applies(Placed)]
    fn placed(&mut self, _: &Placed) {}
}

struct Count(u64);

#[::eventsource::projection(exhaustive = Order)]
impl Count {
    #[handles(Placed)]
    async fn placed(&mut self, _: &Placed) -> ::std::result::Result<(), ::eventsource::HandlerError> {
        self.0 += 1;
        ::std::result::Result::Ok(())
    }
}

fn main() {
    let _ = Count(0);
}

//! Everything inside of the body of a function.

use eventsource::{AggregateRoot, DomainEvent, ReadModel, Repository, aggregate, projection};
use serde::{Deserialize, Serialize};

fn main() {
    #[derive(Serialize, Deserialize, DomainEvent)]
    #[event(aggregate = "Order")]
    struct Placed {}

    #[derive(ReadModel)]
    struct Row {
        #[read_model(id)]
        id: u64,
    }

    struct Rows;

    #[projection(read_models(Row), exhaustive = Order)]
    impl Rows {
        #[handles(Placed)]
        async fn placed(&self, _: &Placed, _: &mut Repository<Row>) {}
    }

    #[derive(Default)]
    struct Order;

    #[aggregate]
    impl Order {
        #[applies(Placed)]
        fn placed(&mut self, _: &Placed) {}
    }

    AggregateRoot::<Order>::new(Default::default()).record(Placed {});
    let _ = (Rows, Row { id: 0 }.id);
}

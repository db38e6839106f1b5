//! Events and a projection that come out of a user's `macro_rules!`.

use eventsource::projection;

macro_rules! event {
    ($name:ident, $stored:literal, $aggregate:expr) => {
        #[derive(serde::Serialize, serde::Deserialize, eventsource::DomainEvent)]
        #[event(aggregate = $aggregate, name = $stored)]
        struct $name {
            total: u64,
        }
    };
}

macro_rules! row {
    ($name:ident, $table:literal, $id:ident: $ty:ty, $($field:ident: $other:ty),*) => {
        #[derive(eventsource::ReadModel)]
        #[read_model(table = $table)]
        struct $name {
            #[read_model(id)]
            $id: $ty,
            local: Option<u64>,
            $($field: $other,)*
        }
    };
}

row!(Row, "rows", key: i64, name: String, total: f64);

macro_rules! totals {
    ($ty:ty, $event:ty, $handler:ident, $metadata:ty) => {
        #[projection]
        impl $ty {
            #[handles($event)]
            async fn $handler(&mut self, event: &$event, metadata: $metadata) {
                if metadata.is_empty() {
                    self.0 += event.total;
                }
            }
        }
    };
    (whole $item:item) => {
        #[projection]
        $item
    };
}

event!(Placed, "order.placed", "Order");
event!(Paid, "order.paid", "Order");

struct Total(u64);
totals!(Total, Placed, placed, &eventsource::Metadata);

struct Whole(u64);
totals!(whole impl Whole {
    #[handles(Placed)]
    fn placed(&mut self, event: &Placed) {
        self.0 += event.total;
    }

    #[handles(crate::Paid)]
    fn paid(&mut self, event: &eventsource::Event<Paid>) -> Result<(), std::fmt::Error> {
        self.0 -= event.total;
        Ok(())
    }
});

fn main() {
    let _ = (Row::KEY.eq(1).and(Row::NAME.eq("a")), Row::TOTAL.desc());
    let _ = (Total(0), Whole(0));
}

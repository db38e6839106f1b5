//! A public projection of private events, and a test of it.

use eventsource::testing;

pub mod orders {
    use eventsource::{DomainEvent, projection};
    use serde::{Deserialize, Serialize};

    #[derive(Serialize, Deserialize, DomainEvent)]
    #[event(aggregate = "Order")]
    pub(crate) struct Placed {}

    #[derive(Serialize, Deserialize, DomainEvent)]
    #[event(aggregate = "Order")]
    struct Secret {}

    #[derive(Default)]
    pub struct Count(pub u64);

    #[projection]
    impl Count {
        #[handles(Placed)]
        async fn placed(&mut self, _: &Placed) {
            self.0 += 1;
        }

        #[handles(Secret)]
        fn secret(&mut self, _: &Secret) {
            self.0 += 10;
        }
    }

    pub fn test() {
        eventsource::testing::projection(Count::default()).given(Placed {}).when(Secret {}).then(|count| {
            assert_eq!(count.0, 11);
        });
    }
}

fn main() {
    testing::projection(orders::Count::default()).when(orders::Placed {}).then(|count| assert_eq!(count.0, 1));
    orders::test();
}

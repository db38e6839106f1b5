//! The runtime crate under another path.

mod vendored {
    pub(crate) mod deep {
        pub(crate) use ::eventsource::*;
    }
}

mod eventsource {}

use serde::{Deserialize, Serialize};
use vendored::deep::{DomainEvent, ReadModel, Repository, projection};

#[derive(Serialize, Deserialize, DomainEvent)]
#[event(aggregate = "Order", crate = crate::vendored::deep)]
struct Placed {}

struct Count(u64);

#[projection(crate = vendored::deep, version = 2)]
impl Count {
    #[vendored::deep::handles(Placed)]
    fn placed(&mut self, _: &Placed) {
        self.0 += 1;
    }
}

#[derive(ReadModel)]
#[read_model(crate = vendored::deep)]
struct Row {
    #[read_model(id)]
    id: i64,
}

struct Rows;

#[projection(crate = vendored::deep, read_models(Row))]
impl Rows {
    #[handles(Placed)]
    async fn placed(&self, _: &Placed, rows: &mut Repository<Row>) -> Result<(), vendored::deep::ReadModelError> {
        rows.save(Row { id: 1 }).await
    }
}

fn main() {
    let _ = Rows;
    let _ = Count(0);
}

//! A connection next to a repository, which would not see the repository's changes; also through aliases.

use eventsource::memory::MemoryUnit;
use eventsource::projection::{HandlerError, Inject, RawConnection};
use eventsource::{DomainEvent, ReadModel, Repository, projection};
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize, DomainEvent)]
#[event(aggregate = "Order")]
struct Placed {}

#[derive(Serialize, Deserialize, DomainEvent)]
#[event(aggregate = "Order")]
struct Shipped {}

#[derive(ReadModel)]
struct Row {
    #[read_model(id)]
    id: i64,
}

struct Connection;

impl RawConnection for Connection {}

impl Inject<MemoryUnit> for Connection {
    type Guard = Box<Self>;

    async fn inject(_: &mut MemoryUnit) -> Result<Box<Self>, HandlerError> {
        Ok(Box::new(Self))
    }
}

type Rows = Repository<Row>;
type Database = Connection;

struct Both;

#[projection]
impl Both {
    #[handles(Placed)]
    async fn placed(&self, _: &Placed, _: &mut Rows, _: &mut Database) {}

    // Each alone is fine, and so are two repositories.
    #[handles(Shipped)]
    async fn shipped(&self, _: &Shipped, _: &mut Connection) {}
}

fn main() {}

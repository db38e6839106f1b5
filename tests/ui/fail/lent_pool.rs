//! A pool, behind an alias, and a repository of what is not a read model: the projection compiled until it was subscribed.

use eventsource::projection::ConnectionPool;
use eventsource::{DomainEvent, Repository, projection};
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize, DomainEvent)]
#[event(aggregate = "Order")]
struct Placed {}

struct NotARow;

struct AnyPool;

impl ConnectionPool for AnyPool {
    const CONNECTION: &'static str = "AnyConnection";
}

type Db = AnyPool;

struct Rows;

#[projection]
impl Rows {
    #[handles(Placed)]
    async fn placed(&self, _: &Placed, _: &mut Db) {}

    #[truncate]
    async fn truncate(&self, _: &mut Db) {}
}

struct Others;

#[projection]
impl Others {
    #[handles(Placed)]
    async fn placed(&self, _: &Placed, _: &mut Repository<NotARow>) {}
}

fn main() {}

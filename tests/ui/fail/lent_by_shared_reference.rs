//! Handlers that ask by `&` for what the unit of work lends, or for what it never lends: they are told before the kind is
//! asked for.

use eventsource::{DomainEvent, ReadModel, Repository, projection};
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize, DomainEvent)]
#[event(aggregate = "Order")]
struct Placed {}

#[derive(ReadModel)]
struct Row {
    #[read_model(id)]
    id: u64,
}

/// Stand for those of sqlx.
struct PgConnection;
struct SqliteConnection;
struct PgPool;
struct SqlitePool;
struct Pool<D>(D);
struct Postgres;
struct Transaction<'a, D>(&'a D);

macro_rules! asks {
    ($name:ident, $ty:ty) => {
        struct $name;

        #[projection]
        impl $name {
            #[handles(Placed)]
            async fn placed(&self, _: &Placed, _: $ty) {}
        }
    };
}

asks!(Connection, &PgConnection);
asks!(Embedded, &SqliteConnection);
asks!(Rows, &Repository<Row>);
asks!(Shared, &PgPool);
asks!(SharedEmbedded, &SqlitePool);
asks!(Generic, &Pool<Postgres>);
asks!(Taken, PgPool);
asks!(TakenRows, Repository<Row>);
asks!(Own, &mut Transaction<'_, Postgres>);

struct Changed(u64);

#[projection]
impl Changed {
    #[handles(Placed)]
    async fn placed(&mut self, _: &Placed, _: &PgConnection) {
        self.0 += 1;
    }
}

struct Hook;

#[projection]
impl Hook {
    #[handles(Placed)]
    async fn placed(&self, _: &Placed, _: &mut PgConnection) {}

    #[truncate]
    async fn truncate(&self, _: &PgConnection) {}
}

struct Known;

#[projection]
impl Known {
    #[handles(Placed)]
    async fn placed(&self, _: &Placed, _: &mut eventsource::Metadata) {}
}

fn main() {}

//! Catching up into a table in PostgreSQL.

use std::sync::Arc;
use std::time::{Duration, Instant};

use eventsource::postgres::{PostgresCheckpoints, PostgresDatabase, PostgresEventStore, PostgresReadModels};
use eventsource::sqlx;

use super::letters;
use super::rows::catch_up;
use crate::domain::Orders;
use crate::limits::rows_postgres as plain;
use crate::measure::compare;
use crate::places::postgres::{Place, summary};
use crate::rows::{OrderRow, OrderRows, PgOrderLines, statements};
use crate::settings::Settings;
use crate::table::{Reach, Row};
use crate::totals::Summary;

/// A log, the tables, and what they have to come to.
#[derive(Clone)]
struct World {
    place: Place,
    db: PostgresDatabase,
    expected: Arc<Summary>,
}

impl World {
    async fn new(settings: &Settings) -> Self {
        let expected = Arc::new(Summary::of(&Orders::new(settings.events).collect::<Vec<_>>()));
        let place = Place::filled(Orders::new(settings.events)).await;
        let db = place.open().await;
        PostgresReadModels::new(&db).create_table::<OrderRow>().await.unwrap();
        sqlx::raw_sql(statements::TABLE).execute(db.pool()).await.unwrap();
        let world = Self { place, db, expected };
        world.empty().await;
        world
    }

    async fn empty(&self) {
        sqlx::raw_sql(plain::TABLES).execute(self.db.pool()).await.unwrap();
        sqlx::raw_sql("TRUNCATE order_rows; TRUNCATE order_lines").execute(self.db.pool()).await.unwrap();
    }

    async fn check(&self, table: &str) {
        assert_eq!(Summary::from_rows(summary(self.db.pool(), table).await), *self.expected);
    }

    fn store(&self) -> (PostgresEventStore, PostgresCheckpoints) {
        (PostgresEventStore::new(&self.db), PostgresCheckpoints::new(&self.db))
    }

    async fn end(self) {
        self.db.close().await;
        self.place.drop().await;
    }
}

pub(super) async fn repository(settings: Settings) -> Vec<Row> {
    let world = World::new(&settings).await;
    let limit = || by_sets(world.clone());
    let ours = || ours_by_repository(world.clone());
    let row = Row {
        name: "rows-postgres-repository".to_owned(),
        what: "into a PostgreSQL table, through a repository".to_owned(),
        limit: "sqlx: a page of 1,000 a transaction, rows read, inserted, updated by sets; checkpoint".to_owned(),
        reach: Reach::AtLeast(0.7),
        count: settings.events,
        ..Row::default()
    };
    let rows = vec![Row { pairs: compare(&settings, limit, ours).await, ..row }];
    world.end().await;
    rows
}

async fn by_sets(world: World) -> Duration {
    world.empty().await;
    let mut conn = world.place.connect().await;
    let (begun, mut position) = (Instant::now(), 0);
    while let Some(last) = plain::by_sets(&mut conn, position).await {
        position = last;
    }
    let taken = begun.elapsed();
    world.check("plain_rows").await;
    taken
}

async fn ours_by_repository(world: World) -> Duration {
    world.empty().await;
    let (store, checkpoints) = world.store();
    let taken = catch_up(store, checkpoints, OrderRows).await;
    world.check("order_rows").await;
    taken
}

pub(super) async fn connection(settings: Settings) -> Vec<Row> {
    let settings = settings.fewer();
    let world = World::new(&settings).await;
    let limit = || by_statements(world.clone(), false);
    let ours = || ours_by_statements(world.clone());
    let row = Row {
        name: "rows-postgres-connection".to_owned(),
        what: "into a PostgreSQL table, by `&mut PgConnection`".to_owned(),
        limit: "sqlx: a page of 1,000 a transaction, a statement an event; checkpoint".to_owned(),
        reach: Reach::AtLeast(0.9),
        count: settings.events,
        ..Row::default()
    };
    let rows = vec![Row { pairs: compare(&settings, limit, ours).await, ..row }];
    world.end().await;
    rows
}

/// Where there are `letters`, it deletes them.
async fn by_statements(world: World, letters: bool) -> Duration {
    world.empty().await;
    if letters {
        sqlx::raw_sql(plain::LETTERS).execute(world.db.pool()).await.unwrap();
    }
    let mut conn = world.place.connect().await;
    let (begun, mut position) = (Instant::now(), 0);
    loop {
        let last = match letters {
            true => plain::by_letters(&mut conn, position).await,
            false => plain::by_statements(&mut conn, position).await,
        };
        let Some(last) = last else { break };
        position = last;
    }
    let taken = begun.elapsed();
    world.check("order_lines").await;
    taken
}

async fn ours_by_statements(world: World) -> Duration {
    world.empty().await;
    let (store, checkpoints) = world.store();
    let taken = catch_up(store, checkpoints, PgOrderLines).await;
    world.check("order_lines").await;
    taken
}

pub(super) async fn letters(settings: Settings) -> Vec<Row> {
    let settings = settings.fewer();
    let world = World::new(&settings).await;
    let limit = || by_statements(world.clone(), true);
    let ours = || ours_by_letters(world.clone());
    let limit_is = "sqlx: a page of 1,000 a transaction, a statement an event, the letters deleted; checkpoint";
    let row = letters::row("PostgreSQL", limit_is, settings.events);
    let rows = vec![Row { pairs: compare(&settings, limit, ours).await, ..row }];
    world.end().await;
    rows
}

async fn ours_by_letters(world: World) -> Duration {
    world.empty().await;
    let (store, checkpoints) = world.store();
    let taken = letters::retry_all(store, checkpoints, PgOrderLines).await;
    world.check("order_lines").await;
    taken
}

//! Catching up into a table in SQLite.

use std::sync::Arc;
use std::time::{Duration, Instant};

use eventsource::sqlite::{SqliteCheckpoints, SqliteDatabase, SqliteEventStore, SqliteReadModels};
use eventsource::sqlx;

use super::letters;
use super::rows::catch_up;
use crate::domain::Orders;
use crate::limits::read_postgres::PAGE;
use crate::limits::rows_sqlite as plain;
use crate::measure::compare;
use crate::places::sqlite::Place;
use crate::rows::{OrderRow, OrderRows, SqliteOrderLines, statements};
use crate::settings::Settings;
use crate::table::{Reach, Row};
use crate::totals::Summary;

/// A log, the tables, and what they have to come to.
#[derive(Clone)]
struct World {
    place: Place,
    db: SqliteDatabase,
    expected: Arc<Summary>,
}

impl World {
    async fn new(settings: &Settings) -> Self {
        let expected = Arc::new(Summary::of(&Orders::new(settings.events).collect::<Vec<_>>()));
        let place = Place::filled(Orders::new(settings.events)).await;
        let db = place.open().await;
        SqliteReadModels::new(&db).create_table::<OrderRow>().await.unwrap();
        sqlx::raw_sql(statements::SQLITE_TABLE).execute(db.pool()).await.unwrap();
        Self { place, db, expected }
    }

    /// Also the log of changes, so that each run begins with an empty one.
    async fn empty(&self) {
        sqlx::raw_sql(plain::TABLES).execute(self.db.pool()).await.unwrap();
        let sql = "DELETE FROM order_rows; DELETE FROM order_lines; PRAGMA wal_checkpoint(TRUNCATE)";
        sqlx::raw_sql(sql).execute(self.db.pool()).await.unwrap();
    }

    fn check(&self, table: &str) {
        assert_eq!(Summary::from_rows(self.place.summary(table)), *self.expected);
    }

    fn store(&self) -> (SqliteEventStore, SqliteCheckpoints) {
        (SqliteEventStore::new(&self.db), SqliteCheckpoints::new(&self.db))
    }
}

pub(super) async fn repository(settings: Settings) -> Vec<Row> {
    let world = World::new(&settings).await;
    let limit = || by_rows(world.clone());
    let ours = || ours_by_repository(world.clone());
    let row = Row {
        name: "rows-sqlite-repository".to_owned(),
        what: "into a SQLite table, through a repository".to_owned(),
        limit: "rusqlite: a page of 1,000 a transaction, a row read and written once; checkpoint".to_owned(),
        reach: Reach::AtLeast(0.5),
        count: settings.events,
        ..Row::default()
    };
    let rows = vec![Row { pairs: compare(&settings, limit, ours).await, ..row }];
    world.db.close().await;
    rows
}

async fn by_rows(world: World) -> Duration {
    world.empty().await;
    let place = world.place.clone();
    let apply = move || {
        let mut conn = place.connect();
        let (begun, mut position) = (Instant::now(), 0);
        while let Some(last) = plain::by_rows(&mut conn, position) {
            position = last;
        }
        begun.elapsed()
    };
    let taken = tokio::task::spawn_blocking(apply).await.unwrap();
    world.check("plain_rows");
    taken
}

async fn ours_by_repository(world: World) -> Duration {
    world.empty().await;
    let (store, checkpoints) = world.store();
    let taken = catch_up(store, checkpoints, OrderRows).await;
    world.check("order_rows");
    taken
}

pub(super) async fn connection(settings: Settings) -> Vec<Row> {
    let settings = settings.fewer();
    let world = World::new(&settings).await;
    let limit = || by_statements(world.clone(), false);
    let ours = || ours_by_statements(world.clone());
    let row = Row {
        name: "rows-sqlite-connection".to_owned(),
        what: "into a SQLite table, by `&mut SqliteConnection`".to_owned(),
        limit: "sqlx: a page of 1,000 a transaction, a statement an event; checkpoint".to_owned(),
        reach: Reach::AtLeast(0.7),
        count: settings.events,
        ..Row::default()
    };
    let rows = vec![Row { pairs: compare(&settings, limit, ours).await, ..row }];
    world.db.close().await;
    rows
}

/// Where there are `letters`, it deletes them.
async fn by_statements(world: World, letters: bool) -> Duration {
    use sqlx::ConnectOptions as _;
    world.empty().await;
    if letters {
        sqlx::raw_sql(plain::LETTERS).execute(world.db.pool()).await.unwrap();
    }
    let options = (*world.db.pool().connect_options()).clone().row_buffer_size(PAGE);
    let mut conn = options.connect().await.unwrap();
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
    world.check("order_lines");
    taken
}

async fn ours_by_statements(world: World) -> Duration {
    world.empty().await;
    let (store, checkpoints) = world.store();
    let taken = catch_up(store, checkpoints, SqliteOrderLines).await;
    world.check("order_lines");
    taken
}

pub(super) async fn letters(settings: Settings) -> Vec<Row> {
    let settings = settings.fewer();
    let world = World::new(&settings).await;
    let limit = || by_statements(world.clone(), true);
    let ours = || ours_by_letters(world.clone());
    let limit_is = "sqlx: a page of 1,000 a transaction, a statement an event, the letters deleted; checkpoint";
    let row = letters::row("SQLite", limit_is, settings.events);
    let rows = vec![Row { pairs: compare(&settings, limit, ours).await, ..row }];
    world.db.close().await;
    rows
}

async fn ours_by_letters(world: World) -> Duration {
    world.empty().await;
    let (store, checkpoints) = world.store();
    let taken = letters::retry_all(store, checkpoints, SqliteOrderLines).await;
    world.check("order_lines");
    taken
}

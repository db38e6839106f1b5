//! Appending to PostgreSQL.

use std::sync::Arc;
use std::time::{Duration, Instant};

use eventsource::postgres::PostgresEventStore;

use super::append::{Appends, append_all};
use crate::limits::append_postgres as plain;
use crate::measure::compare;
use crate::places::postgres::Place;
use crate::settings::Settings;
use crate::table::{Reach, Row};

const LIMIT: &str = "sqlx: a statement that reads the stream's version and inserts, a connection a client";

pub(super) async fn one_client(settings: Settings) -> Vec<Row> {
    let settings = settings.fewer();
    let row = row("append-postgres-1", "1 event a commit, 1 client, PostgreSQL", Reach::AtLeast(0.9));
    measure(row, &settings, Appends::singly(settings.events, 1)).await
}

pub(super) async fn eight_clients(settings: Settings) -> Vec<Row> {
    let settings = settings.fewer();
    let row = row("append-postgres-8-clients", "1 event a commit, 8 clients, PostgreSQL", Reach::AtLeast(1.5));
    measure(row, &settings, Appends::singly(settings.events, 8)).await
}

pub(super) async fn hundred(settings: Settings) -> Vec<Row> {
    let row = row("append-postgres-100", "100 events a commit, 1 client, PostgreSQL", Reach::AtLeast(0.8));
    measure(row, &settings, Appends::by_hundreds(settings.events)).await
}

fn row(name: &str, what: &str, reach: Reach) -> Row {
    Row { name: name.to_owned(), what: what.to_owned(), limit: LIMIT.to_owned(), reach, ..Row::default() }
}

async fn measure(row: Row, settings: &Settings, appends: Appends) -> Vec<Row> {
    let appends = Arc::new(appends);
    let limit = || limit(Arc::clone(&appends));
    let ours = || ours(Arc::clone(&appends));
    vec![Row { count: appends.events(), pairs: compare(settings, limit, ours).await, ..row }]
}

async fn limit(appends: Arc<Appends>) -> Duration {
    let place = Place::plain().await;
    let mut connections = Vec::new();
    for _ in 0..appends.clients() {
        connections.push(place.connect().await);
    }
    let begun = Instant::now();
    let clients = connections.into_iter().enumerate().map(|(client, mut conn)| {
        let appends = Arc::clone(&appends);
        tokio::spawn(async move {
            for append in appends.of(client) {
                match &append.facts[..] {
                    [fact] => drop(plain::one(&mut conn, fact).await),
                    facts => plain::many(&mut conn, append.stream, facts).await,
                }
            }
        })
    });
    for client in clients.collect::<Vec<_>>() {
        client.await.unwrap();
    }
    let taken = begun.elapsed();
    assert_eq!(place.count().await, appends.events());
    place.drop().await;
    taken
}

async fn ours(appends: Arc<Appends>) -> Duration {
    let place = Place::migrated().await;
    let db = place.open().await;
    // Connections are there before the first client comes, as the limit's are.
    let mut connections = Vec::new();
    for _ in 0..appends.clients() {
        connections.push(db.pool().acquire().await.unwrap());
    }
    drop(connections);
    let taken = append_all(PostgresEventStore::new(&db), &appends).await;
    db.close().await;
    assert_eq!(place.count().await, appends.events());
    place.drop().await;
    taken
}

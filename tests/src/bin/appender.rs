//! `appender FILE COUNT`: appends COUNT bumps to the log in FILE, one at a time, as another process would.

use std::error::Error;

use eventsource::sqlite::{SqliteDatabase, SqliteEventStore};
use eventsource_tests::domain::bump;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let file = arguments.next().ok_or("usage: appender FILE COUNT")?;
    let count: u64 = arguments.next().ok_or("usage: appender FILE COUNT")?.parse()?;
    let db = SqliteDatabase::open(file).await?;
    let store = SqliteEventStore::new(&db);
    for by in 0..count {
        bump(&store, [by]).await;
    }
    db.close().await;
    Ok(())
}

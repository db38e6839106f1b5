//! `command_child sqlite FILE ROUND` and `command_child postgres URL SCHEMA ROUND`: executes the commands of a round, each
//! under its id, and ends.

use std::error::Error;

use eventsource::postgres::{PostgresDatabase, PostgresEventStore, PostgresOptions, PostgresSnapshots};
use eventsource::sqlite::{SqliteDatabase, SqliteEventStore, SqliteSnapshots};
use eventsource_tests::ledgers::{execute_all, ledgers};
use eventsource_tests::orphan::end_with_parent;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<_> = std::env::args().skip(1).collect();
    let arguments: Vec<_> = arguments.iter().map(String::as_str).collect();
    end_with_parent();
    match arguments[..] {
        ["sqlite", file, round] => {
            let db = SqliteDatabase::open(file).await?;
            let ledgers = ledgers(SqliteEventStore::new(&db), SqliteSnapshots::new(&db));
            Ok(execute_all(&ledgers, round.parse()?).await?)
        }
        ["postgres", url, schema, round] => {
            let db = PostgresDatabase::open_with(PostgresOptions::new(url)?.schema(schema)).await?;
            let ledgers = ledgers(PostgresEventStore::new(&db), PostgresSnapshots::new(&db));
            Ok(execute_all(&ledgers, round.parse()?).await?)
        }
        _ => Err("usage: see the first lines of this program".into()),
    }
}

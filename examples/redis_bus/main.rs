//! Three processes and a Redis server: one appends, one is live within milliseconds, one is a plain Redis consumer.
//!
//! `cargo run --bin redis_bus` starts all three for five orders. Each alone:
//!
//! * `redis_bus live FILE`: a projection that is woken by Redis, and a relay that publishes every event to a stream;
//! * `redis_bus consume`: reads the stream with nothing but a Redis client;
//! * `redis_bus append FILE [COUNT]`: places orders.
//!
//! The log is a SQLite file. `REDIS_URL` names the server, `redis://127.0.0.1/` by default.

mod append;
mod consume;
mod demo;
mod live;
mod order;

use std::error::Error;
use std::path::Path;
use std::process::ExitCode;

use eventsource_redis::RedisOptions;

type Result<T> = std::result::Result<T, Box<dyn Error>>;

const USAGE: &str = "usage: redis_bus [live FILE | consume | append FILE [COUNT]]";

#[tokio::main]
async fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match run(&arguments).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("redis_bus: {}", eventsource::causes(&*error));
            ExitCode::FAILURE
        }
    }
}

async fn run(arguments: &[&str]) -> Result<()> {
    match *arguments {
        [] => demo::run().await,
        ["live", file] => live::run(Path::new(file)).await,
        ["consume"] => consume::run().await,
        ["append", file] => append::run(Path::new(file), 5).await,
        ["append", file, count] => append::run(Path::new(file), count.parse()?).await,
        _ => Err(USAGE.into()),
    }
}

/// Where Redis is.
fn url() -> String {
    std::env::var("REDIS_URL").unwrap_or_else(|_| "redis://127.0.0.1/".to_owned())
}

/// How the framework uses it, and under which names.
fn options() -> RedisOptions {
    RedisOptions::new(url()).prefix("redis_bus")
}

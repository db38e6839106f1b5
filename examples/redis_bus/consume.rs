//! The process that knows nothing of the framework: it reads the stream with a plain Redis client.

use std::collections::HashSet;

use redis::AsyncTypedCommands as _;
use redis::streams::{StreamRangeReply, StreamReadOptions};

use crate::Result;

/// Prints what is published from now on.
pub async fn run() -> Result<()> {
    let config = redis::AsyncConnectionConfig::new().set_response_timeout(None);
    let mut redis = redis::Client::open(crate::url())?.get_multiplexed_async_connection_with_config(&config).await?;
    let stream = "redis_bus:events";
    let end: StreamRangeReply = redis.xrevrange_count(stream, "+", "-", 1).await?;
    let mut after = end.ids.first().map_or_else(|| "0-0".to_owned(), |entry| entry.id.clone());
    println!("consumer: ready");

    // An event can be in the stream twice: its id tells. A real consumer keeps the ids where it keeps its results.
    let mut seen = HashSet::new();
    let options = StreamReadOptions::default().count(100).block(0);
    loop {
        let Some(read) = redis.xread_options(&[stream], &[&after], &options).await? else { continue };
        for entry in read.keys.into_iter().flat_map(|key| key.ids) {
            let field = |name: &str| entry.get::<String>(name).unwrap_or_default();
            if seen.insert(field("id")) {
                println!("consumer: {} at position {}: {}", field("type"), field("position"), field("payload"));
            }
            after = entry.id;
        }
    }
}

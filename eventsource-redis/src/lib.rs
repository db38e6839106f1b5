//! Redis for [`eventsource`]: wake-ups by Pub/Sub, committed events by Redis Streams.
//!
//! | what you need | what to take |
//! | --- | --- |
//! | Subscriptions in other processes that see an event within milliseconds | [`RedisNotifier`]: a wake-up, never data |
//! | Every event in a stream for other programs, at least once | [`RedisRelay`]: a subscription that publishes the log |
//! | Events handled by one of several consumers, at least once | [`RedisGroup`]: a consumer group |
//! | Events in every process while it runs, at most once | [`RedisEventBus`]: publish and subscribe |
//!
//! The log is the only source of truth. Redis may lose everything: subscriptions read the log, and the relay publishes
//! the missing events again.
//!
//! # The stream
//!
//! Any Redis client can read the stream [`RedisOptions::stream`]. Each entry is an event, with these fields:
//!
//! | field | value |
//! | --- | --- |
//! | `id` | the id of the event, a UUID: **the deduplication id**, since an event can be in the stream more than once |
//! | `position` | its position in the log, a decimal number |
//! | `aggregate_type`, `aggregate_id`, `version` | its stream in the log, and its version in the stream, from 1 |
//! | `type`, `schema_version` | the stored name of the event, and its schema version |
//! | `occurred_at`, `recorded_at` | RFC 3339, UTC, microseconds |
//! | `metadata` | a JSON object |
//! | `payload` | JSON, as it is stored |
//!
//! Entries older than [`RedisOptions::max_age`] (7 days by default) are removed.
//!
//! # Outages
//!
//! If Redis does not answer, a call fails with a [`RedisError`] after [`RedisOptions::timeout`] (1 s by default). Later
//! calls connect again, with backoff up to 1 s. The save of an aggregate succeeds nevertheless, and reports the error
//! in [`Saved::publish_error`](eventsource::Saved::publish_error).
#![warn(unreachable_pub)]

mod bus;
mod client;
mod consumer;
mod entry;
mod error;
mod group;
mod group_settings;
mod link;
mod listeners;
mod notifier;
mod options;
mod own;
mod reader;
mod relay;
mod stream;

pub use bus::RedisEventBus;
pub use client::RedisClient;
pub use error::RedisError;
pub use group::RedisGroup;
pub use notifier::RedisNotifier;
pub use options::RedisOptions;
pub use relay::RedisRelay;

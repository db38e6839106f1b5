//! The names of the metrics and of their labels.
//!
//! They follow the conventions of OpenTelemetry. A Prometheus recorder replaces each dot by `_`, and adds `_seconds` to a
//! time and `_total` to a counter.

/// How long an append took.
pub const APPEND_DURATION: &str = "eventsource.append.duration";
/// How many events were appended.
pub const APPEND_EVENTS: &str = "eventsource.append.events";
/// How many events were replayed to load an aggregate.
pub const LOAD_EVENTS: &str = "eventsource.load.events";
/// How many events a subscription has passed.
pub const EVENTS: &str = "eventsource.subscription.events";
/// How long the handlers of a batch ran.
pub const PROCESS_DURATION: &str = "eventsource.subscription.process.duration";
/// How long a commit took.
pub const COMMIT_DURATION: &str = "eventsource.subscription.commit.duration";
/// How long a subscription waited for a page of the log.
pub const READ_DURATION: &str = "eventsource.subscription.read.duration";
/// How many events a batch has.
pub const BATCH_SIZE: &str = "eventsource.subscription.batch.size";
/// How long after its append an event is visible in the read model.
pub const DELAY: &str = "eventsource.subscription.delay";
/// How many attempts to apply a batch have failed.
pub const ATTEMPTS_FAILED: &str = "eventsource.subscription.attempts.failed";
/// The position of a subscription.
pub const POSITION: &str = "eventsource.subscription.position";
/// The end of the log.
pub const LOG_HEAD: &str = "eventsource.log.head";
/// How many positions a subscription is behind the end of the log.
pub const LAG_EVENTS: &str = "eventsource.subscription.lag.events";
/// How long the first event that a subscription has not passed has waited.
pub const LAG_TIME: &str = "eventsource.subscription.lag.time";
/// The state of a subscription.
pub const STATE: &str = "eventsource.subscription.state";
/// Whether this process owns a subscription.
pub const OWNED: &str = "eventsource.subscription.owned";
/// How many dead letters wait.
pub const LETTER_COUNT: &str = "eventsource.dead_letter.count";
/// How many events wait behind dead letters.
pub const LETTER_HELD: &str = "eventsource.dead_letter.held";
/// The age of the oldest dead letter.
pub const LETTER_OLDEST_AGE: &str = "eventsource.dead_letter.oldest.age";
/// How much of a rebuild is done.
pub const REBUILD_RATIO: &str = "eventsource.rebuild.ratio";
/// How long a rebuild will still take.
pub const REBUILD_TIME_LEFT: &str = "eventsource.rebuild.time_left";
/// How long the log could not be read further.
pub const HORIZON_HELD_TIME: &str = "eventsource.horizon.held.time";
/// How many requests of operators the owner has answered.
pub const REQUESTS: &str = "eventsource.requests";

/// The label for the type of an aggregate.
pub const AGGREGATE_TYPE: &str = "eventsource.aggregate.type";
/// The label for the type of an event.
pub const EVENT_TYPE: &str = "eventsource.event.type";
/// The label for the name of a subscription.
pub const SUBSCRIPTION: &str = "eventsource.subscription.name";
/// The label for what has happened to an event: `handled`, `parked`, `dead_lettered` or `skipped`. For a request:
/// `accepted` or `refused`.
pub const OUTCOME: &str = "outcome";
/// The label for the kind of an error. A measurement without an error does not have it.
pub const ERROR_TYPE: &str = "error.type";
/// The label for the name of a state, in snake case.
pub const STATE_NAME: &str = "state";
/// The label for the kind of a rebuild: `in_place` or `side_by_side`.
pub const REBUILD_KIND: &str = "kind";
/// The label for the action of a request, such as `retry` or `rebuild`: see `RequestAction::as_str`.
pub const ACTION: &str = "action";

/// The value of a label in place of a name that is not known.
pub const OTHER: &str = "_other";

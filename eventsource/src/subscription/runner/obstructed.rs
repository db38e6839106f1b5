//! An event that meets an outage each time it runs alone, while the database answers other queries: for example a
//! statement that always takes too long, or that ends its own connection. The state names the event, the cause and the
//! start time. The event is retried for ever, unless
//! [`SubscriptionConfig::outage_limit`](crate::SubscriptionConfig::outage_limit) is set.

use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, SecondsFormat, Utc};
use tokio::time::{Instant, timeout};

use super::{End, Owner};
use crate::event::{RecordedEvent, now};
use crate::projection::{CheckpointStore, HandlerError, times};
use crate::subscription::Failure;
use crate::subscription::erased::Met;

/// An event that met outages when it ran alone, while the database answered other queries.
#[derive(Debug, Clone, Copy)]
pub(super) struct Obstruction {
    times: u32,
    since: DateTime<Utc>,
    begun: Instant,
}

/// What was done about an outage.
pub(super) enum Outcome {
    /// The runner has waited. There is an obstruction if the event ran alone and the database answers other queries.
    Waited(Option<Obstruction>),
    /// The outage limit is exceeded: the event has failed.
    GivenUp(Arc<Failure>),
}

/// How often in a row a batch is applied again at once after a conflict or a stale connection.
const AT_ONCE: u32 = 3;

/// How often at least an event meets an outage before it has failed.
const LEAST_TIMES: u32 = 3;

/// How long to wait for the answer to another query.
const PATIENCE: Duration = Duration::from_secs(2);

impl<C: CheckpointStore> Owner<'_, C> {
    /// Whether to apply the same again at once, after `in_a_row` outages. If so, waits up to 5 ms first, so that two
    /// transactions in conflict do not meet again.
    pub(super) async fn is_repeated_at_once(&mut self, met: &Met, in_a_row: u32) -> Result<bool, End> {
        let at_once = met.verdict.is_repeated_at_once() && in_a_row <= AT_ONCE;
        if at_once {
            tracing::debug!(subscription = self.context.core.name, error = %met.error, in_a_row, "applying a batch again");
            self.context.delay(Duration::from_millis(5).mul_f64(self.context.core.chance.draw())).await?;
        }
        Ok(at_once)
    }

    /// Waits after an outage of a batch, which the handler of `event` met.
    pub(super) async fn met_among_others(
        &mut self,
        event: &RecordedEvent,
        met: &Met,
        in_a_row: u32,
    ) -> Result<(), End> {
        self.context
            .outage(format!("{} (met by the handler at position {})", met.error, event.position()), in_a_row)
            .await
    }

    /// Waits after an outage that `event` met while it ran alone, or decides that the event has failed.
    pub(super) async fn met_alone(
        &mut self,
        event: &RecordedEvent,
        before: Option<Obstruction>,
        met: Met,
        in_a_row: u32,
    ) -> Result<Outcome, End> {
        if !self.is_answered_otherwise().await? {
            self.met_among_others(event, &met, in_a_row).await?;
            return Ok(Outcome::Waited(None));
        }
        let mut obstruction = before.unwrap_or_else(|| Obstruction { times: 0, since: now(), begun: Instant::now() });
        obstruction.times += 1;
        let reason = obstruction.reason(event, &met.error);
        let elapsed = obstruction.begun.elapsed();
        if obstruction.times >= LEAST_TIMES
            && self.context.core.config.outage_limit.is_some_and(|limit| elapsed >= limit)
        {
            let error =
                HandlerError::transient(format!("{reason}, for longer than `SubscriptionConfig::outage_limit`"));
            let mut failure = self.failure_of(event, error);
            failure.attempts = obstruction.times;
            failure.first_failed_at = obstruction.since;
            return Ok(Outcome::GivenUp(Arc::new(failure)));
        }
        self.context.outage(reason, obstruction.times).await?;
        Ok(Outcome::Waited(Some(obstruction)))
    }

    /// Whether the database answers another query: a write on another connection.
    async fn is_answered_otherwise(&mut self) -> Result<bool, End> {
        if !self.context.core.facts.has_stored_checkpoint {
            return Ok(true);
        }
        let checkpoints = Arc::clone(&self.context.checkpoints);
        let (core, epoch) = (Arc::clone(&self.context.core), self.active.epoch);
        let asked = timeout(PATIENCE, checkpoints.renew(&core.name, epoch, core.config.lease));
        Ok(matches!(self.context.unless_stopped(asked).await?, Ok(Ok(_))))
    }
}

impl Obstruction {
    fn reason(&self, event: &RecordedEvent, error: &HandlerError) -> String {
        let since = self.since.to_rfc3339_opts(SecondsFormat::Secs, true);
        format!(
            "event `{}` at position {} of {} cannot be applied: {error}; it met this {} since {since}, running alone, while \
             the database answered other queries",
            event.event_type(),
            event.position(),
            event.stream(),
            times(self.times),
        )
    }
}

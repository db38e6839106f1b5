//! Calls the handlers of a batch, one event after the other.

use std::future::{Future, poll_fn};
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::Poll;

use tracing::Instrument as _;

use crate::event::{RecordedEvent, check_readable};
use crate::projection::{CommitError, EventSubscriber, HandlerError, UnitOfWork};
use crate::subscription::subscription_shared::SubscriptionShared;

/// Applies `events`, in order, until one fails. Counts in `done` those that are applied.
pub(super) async fn apply_each<U: UnitOfWork, P: EventSubscriber<U>>(
    core: &SubscriptionShared,
    subscriber: &mut P,
    events: &[Arc<RecordedEvent>],
    unit: &mut U,
    done: &AtomicUsize,
) -> Result<(), HandlerError> {
    if P::KIND.facts().is_transactional {
        unit.begin_batch(events);
    }
    for event in events {
        check_readable(event)?;
        unit.begin_event(event);
        let span = tracing::debug_span!(
            "event",
            subscription = core.name,
            event_type = event.event_type(),
            position = event.position().value(),
            otel.status_code = tracing::field::Empty,
        );
        // Entering a disabled span would cost as much as the call of the handler.
        let result = match span.is_disabled() {
            true => in_time(core, subscriber.handle(event, unit)).await,
            // The call itself can do all the work, before the future is polled.
            false => {
                core.link_event(&span, event);
                let call = span.in_scope(|| subscriber.handle(event, unit));
                let result = in_time(core, call.instrument(span.clone())).await;
                if result.is_err() {
                    span.record("otel.status_code", "ERROR");
                }
                result
            }
        };
        // The handler ended the transaction, whether it failed or not. An outage ends the transaction too.
        let is_outage = |error: &HandlerError| error.is_outage() || unit.is_outage(error.source());
        if !unit.is_intact() && !result.as_ref().is_err_and(is_outage) {
            return Err(HandlerError::permanent(CommitError::TransactionEnded));
        }
        result?;
        // Only this line writes it. It is atomic because a panic is caught outside this function.
        done.store(done.load(Ordering::Relaxed) + 1, Ordering::Relaxed);
        if !P::KIND.facts().has_stored_checkpoint {
            // After each event, so that no event is applied to this state again, however the runner ends.
            core.in_memory.move_to(event.position());
        }
    }
    Ok(())
}

/// Runs `call` with the handler timeout. A call that completes at its first poll needs no timer.
async fn in_time(
    core: &SubscriptionShared,
    call: impl Future<Output = Result<(), HandlerError>>,
) -> Result<(), HandlerError> {
    let mut call = pin!(call);
    if let Poll::Ready(done) = poll_fn(|context| Poll::Ready(call.as_mut().poll(context))).await {
        return done;
    }
    let timeout = core.config.handler_timeout;
    if !core.facts.keeps_state {
        return tokio::time::timeout(timeout, call).await.unwrap_or_else(|_| Err(HandlerError::timed_out(timeout)));
    }
    // The task may be dropped with the async runtime in the middle of the call: until the call ends, the state is
    // unknown.
    core.in_memory.interrupt();
    let done = tokio::time::timeout(timeout, call).await.map_err(|_| HandlerError::timed_out(timeout))?;
    core.in_memory.recover();
    done
}

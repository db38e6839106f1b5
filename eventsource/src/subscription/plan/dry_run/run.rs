//! Runs the handlers of each subscription.

use tokio::time::Instant;

use super::{DryRun, DryRunReport, TrialOutcome, TriedSubscription, window};
use crate::event::{DecodeError, Position, now};
use crate::projection::CheckpointStore;
use crate::subscription::config::StartFrom;
use crate::subscription::plan::look::{Part, Planner};
use crate::subscription::plan::trial_run::{DESCRIBED, Ended, Tally, TrialRun};
use crate::subscription::plan::{FailedEvent, PlanError, TrialProgress};

/// The part of the log that a subscription is to apply.
#[derive(Clone, Copy)]
struct Span {
    from: Position,
    to: Position,
}

impl<C: CheckpointStore> Planner<C> {
    /// Runs the handlers of each subscription, one subscription after the other.
    pub(in crate::subscription) async fn dry_run(&self, options: &DryRun) -> Result<DryRunReport, PlanError> {
        let head = self.store.head().await?;
        let first = match options.last {
            Some(events) => window::last(&*self.store, events).await?,
            None => Position::START,
        };
        let mut subscriptions = Vec::with_capacity(self.parts.len());
        for part in &self.parts {
            let start = match part.core.config.start {
                StartFrom::Beginning => Position::START,
                StartFrom::After(position) => position,
                // It would get none of the present events. Its handlers are tried with them all the same.
                StartFrom::End => Position::START,
            };
            let span = Span { from: start.max(first).min(head), to: head };
            subscriptions.push(self.try_one(part, span, options).await?);
        }
        Ok(DryRunReport { format: 1, at: now(), head, subscriptions })
    }

    async fn try_one(&self, part: &Part<C>, span: Span, options: &DryRun) -> Result<TriedSubscription, PlanError> {
        let begun = Instant::now();
        let facts = part.core.facts;
        let mut tried = TriedSubscription {
            name: part.core.name.clone(),
            outcome: TrialOutcome::Complete {},
            from: span.from,
            to: span.from,
            applied: 0,
            failed: 0,
            held: 0,
            failures: Vec::new(),
            seconds: 0.0,
        };
        let ended = if facts.is_transactional || facts.keeps_state {
            self.handle(part, span, options, &mut tried).await
        } else {
            tried.outcome = TrialOutcome::OnlyDecoded {};
            self.decode(part, span, options, &mut tried).await
        };
        match ended {
            Ok(()) => {}
            Err(Ended::Failed(error)) => return Err(error),
            Err(Ended::CutShort(reason)) => tried.outcome = TrialOutcome::CutShort { reason },
            Err(Ended::NotTried(reason)) => {
                tried.outcome = TrialOutcome::NotTried { reason };
                tried.to = span.from;
                (tried.applied, tried.failed, tried.held) = (0, 0, 0);
                tried.failures.clear();
            }
        }
        if span.from > Position::START {
            window::note_earlier(&*self.store, span.from, &mut tried.failures).await?;
        }
        tried.seconds = begun.elapsed().as_secs_f64();
        Ok(tried)
    }

    /// Calls the handlers.
    async fn handle(
        &self,
        part: &Part<C>,
        span: Span,
        options: &DryRun,
        tried: &mut TriedSubscription,
    ) -> Result<(), Ended> {
        let mut run = TrialRun::begin(part, &*self.checkpoints).await?;
        while tried.to < span.to {
            let (events, passed) = self.page(part, tried.to, span.to).await?;
            let applied = run.apply(&events).await;
            let Tally { applied: count, failed, held, failures } = &run.tally;
            tried.applied = *count;
            tried.failed = *failed;
            tried.held = *held;
            tried.failures.extend_from_slice(&failures[tried.failures.len()..]);
            applied?;
            tried.to = passed;
            tell(options, span, tried);
        }
        Ok(())
    }

    /// Only decodes the events.
    async fn decode(
        &self,
        part: &Part<C>,
        span: Span,
        options: &DryRun,
        tried: &mut TriedSubscription,
    ) -> Result<(), Ended> {
        while tried.to < span.to {
            let (events, passed) = self.page(part, tried.to, span.to).await?;
            for event in &events {
                match self.catalogue.registry().decode(event) {
                    // A subscriber that is written by hand decodes types that no registry lists.
                    Ok(_) | Err(DecodeError::Unknown { .. }) => tried.applied += 1,
                    Err(error) => {
                        tried.failed += 1;
                        if tried.failures.len() < DESCRIBED {
                            tried.failures.push(FailedEvent::of(event, causes(&error)));
                        }
                    }
                }
            }
            tried.to = passed;
            tell(options, span, tried);
        }
        Ok(())
    }
}

fn tell(options: &DryRun, Span { from, to }: Span, tried: &TriedSubscription) {
    let (subscription, at, failed) = (&*tried.name, tried.to, tried.failed);
    options.tell(&TrialProgress { subscription, from, at, to, failed });
}

/// Returns the texts of an error and its causes.
fn causes(error: &dyn std::error::Error) -> Vec<String> {
    std::iter::successors(Some(error), |error| error.source()).map(ToString::to_string).collect()
}

//! Does what an operator asks of a subscription.

use std::sync::Arc;
use std::time::Duration;

use super::serve::answer;
use crate::event::Position;
use crate::projection::generation::next_checkpoint;
use crate::projection::operations::{Answer, NewRequest, Pause};
use crate::projection::{Checkpoint, CheckpointStore, LetterSearch, ServedRequest};
use crate::subscription::handle::answered::answered;
use crate::subscription::handle::subscription_control::SubscriptionControl;
use crate::subscription::manager::supervised::SupervisedSubscription;
use crate::subscription::rebuild::tracked::Outcome;
use crate::subscription::requests::{self, Rebuilding, Request, Skip};
use crate::subscription::{
    Action, DeadLetterError, DeadLetters, LetterSelection, ManagerError, RebuildKind, RetryReport, SkipError,
};
use crate::text::{bounded, counted};

/// The longest time until a side-by-side rebuild is stored, before it is answered that it has begun. It is longer while
/// another process has the lease on the next generation.
const STORED_WITHIN: Duration = Duration::from_secs(10);

impl<C: CheckpointStore> SupervisedSubscription<C> {
    /// Does what the request asks for. Another owner may have done it already: then the answer is the same.
    /// `by` has taken it with `epoch`.
    pub(in crate::subscription) async fn perform(
        self: &Arc<Self>,
        action: Action,
        request: &NewRequest,
        by: &str,
        epoch: u64,
    ) -> Answer {
        match action {
            Action::Pause { reason } => {
                let pause = Pause::new(&*request.by, reason, request.at);
                answer(self.store_pause(&pause).await, |()| "paused".to_owned())
            }
            Action::Resume {} => answer(self.remove_pause().await, |()| "resumed".to_owned()),
            Action::Restart {} => answer(Arc::clone(self).restart().await, |()| "restarted".to_owned()),
            Action::Rebuild { kind } => self.perform_rebuild(kind.into()).await,
            Action::RebuildAndHold { reason } => {
                let hold = Some(Pause::new(&*request.by, reason, request.at));
                self.perform_rebuild(Rebuilding::SideBySide { hold }).await
            }
            Action::SwitchRebuild {} => self.perform_switch().await,
            Action::CancelRebuild {} => self.perform_cancel().await,
            Action::RetryLetters { letters } => self.retry(letters).await,
            Action::Skip { from, to, .. } => {
                let skipped = format!("the events after {from} up to {to} are skipped");
                let served = ServedRequest::new(request.id, by, epoch, skipped.clone());
                answer(self.skip(Skip { from, to, served }).await, |()| skipped)
            }
            Action::Forget {} => Answer::Refused(
                "this process has the subscription: `unsubscribe` it, or end all processes that have it, first"
                    .to_owned(),
            ),
            Action::DismissLetters { positions, reason } => self.dismiss(&positions, &reason).await,
            Action::DismissMatching { search, reason } => self.dismiss_matching(*search, reason, request).await,
        }
    }

    fn letters(self: &Arc<Self>) -> DeadLetters {
        let slot: Arc<dyn SubscriptionControl> = Arc::clone(self) as _;
        DeadLetters::new(Arc::clone(&self.core), slot)
    }

    async fn perform_rebuild(&self, how: Rebuilding) -> Answer {
        let kind = how.kind();
        let next = match kind {
            RebuildKind::InPlace => self.next_generation().await,
            RebuildKind::SideBySide => None,
        };
        let is_held = matches!(how, Rebuilding::SideBySide { hold: Some(_) });
        if let Some(unfinished) = self.core.rebuilds.unfinished()
            && unfinished.kind == kind
            && !is_held
        {
            return Answer::Done(format!("the rebuild {kind} has begun already, and goes on"));
        }
        let begun = self.rebuild(how).await;
        // The operator looks at the stored state next, from another process.
        if let (Ok(tracked), RebuildKind::SideBySide) = (&begun, kind)
            && tokio::time::timeout(STORED_WITHIN, tracked.until_stored()).await.is_ok()
            && let Outcome::Failed(reason) = tracked.outcome()
        {
            return Answer::Refused(reason.to_string());
        }
        let held = if is_held { ", and is held" } else { "" };
        let discarded = match next {
            // One of a newer program stays.
            Some(next) if begun.is_ok() && self.next_generation().await.is_none() => match next.pause {
                Some(hold) => format!("; the next generation that {} held is discarded", hold.by),
                None => "; the unfinished next generation is discarded".to_owned(),
            },
            _ => String::new(),
        };
        answer(begun, |_| format!("the rebuild {kind} has begun{held}{discarded}"))
    }

    /// Returns the checkpoint of the next generation, for the answer: a rebuild does not fail because this cannot be read.
    async fn next_generation(&self) -> Option<Checkpoint> {
        self.checkpoints.load(&next_checkpoint(&self.core.name)).await.ok().flatten()
    }

    /// The owner before may have removed the hold, and switched.
    async fn perform_switch(&self) -> Answer {
        answer(self.release_next().await, |released| match released {
            true => "the hold is removed: the next generation serves when it has reached the end of the log".to_owned(),
            false => "no next generation is held".to_owned(),
        })
    }

    /// Moves the checkpoint without applying events, also of a subscription that has faulted: it is started for that.
    async fn skip(&self, skip: Skip) -> Result<(), SkipError> {
        let subscription = self.core.name.clone();
        if !self.core.facts.has_stored_checkpoint {
            return Err(SkipError::InMemory { subscription });
        }
        let runtime = tokio::runtime::Handle::try_current().map_err(|_| ManagerError::NoRuntime)?;
        let (answer, asked) = requests::answer();
        self.start_with(&runtime, Some(Request::Skip { skip, answer })).await;
        match answered(&self.core, asked).await {
            Ok(skipped) => skipped,
            Err(state) => Err(SkipError::NotRunning { subscription, state }),
        }
    }

    async fn perform_cancel(&self) -> Answer {
        match self.core.rebuilds.unfinished() {
            None => Answer::Done("there is no unfinished rebuild".to_owned()),
            Some(unfinished) => {
                answer(self.cancel_rebuild(&unfinished).await, |()| "the rebuild is cancelled".to_owned())
            }
        }
    }

    async fn retry(self: &Arc<Self>, which: LetterSelection) -> Answer {
        let letters = self.letters();
        let report = match &which {
            LetterSelection::All => letters.retry_all().await,
            LetterSelection::At(position) => letters.retry(*position).await,
            LetterSelection::Positions(positions) => return retry_each(&letters, positions).await,
            LetterSelection::Stream(stream) => letters.retry_stream(stream).await,
            LetterSelection::Event(id) => match letters.of_event(*id).await {
                Ok(letter) => letters.retry(letter.position).await,
                Err(error) => Err(error),
            },
            LetterSelection::Matching(search) => {
                return answer(letters.retry_matching(search).await, |report| many("retried", &report));
            }
        };
        match report {
            // The owner before, or another operator, has served it.
            Err(DeadLetterError::Unknown { .. }) => Answer::Done(format!("no dead letter waits {which}")),
            report => answer(report, |report| outcome(&report)),
        }
    }

    /// Dismisses the letters that the search finds. A letter that failed after the request was made is not among them: the
    /// operator has not seen it, and the events behind the dismissed letters can fail as they did.
    async fn dismiss_matching(self: &Arc<Self>, search: LetterSearch, reason: String, request: &NewRequest) -> Answer {
        let before = search.failed_before.map_or(request.at, |before| before.min(request.at));
        let report = self.letters().dismiss_matching(&search.failed_before(before), reason).await;
        answer(report, |report| many("dismissed", &report))
    }

    async fn dismiss(self: &Arc<Self>, positions: &[Position], reason: &str) -> Answer {
        let letters = self.letters();
        let mut dismissed = 0_u64;
        for position in positions {
            match letters.dismiss(*position, reason).await {
                Ok(_) => dismissed += 1,
                Err(DeadLetterError::Unknown { .. }) => {}
                Err(error) => {
                    let error = crate::causes::with_causes(&error);
                    return Answer::Refused(format!("{dismissed} of {} dismissed: {error}", positions.len()));
                }
            }
        }
        let gone = positions.len() as u64 - dismissed;
        Answer::Done(match gone {
            0 => format!("{} dismissed", counted(dismissed, "dead letter")),
            gone => format!("{} dismissed; {gone} did not wait any more", counted(dismissed, "dead letter")),
        })
    }
}

/// Retries the letters at these positions, and says what came of all of them together.
async fn retry_each(letters: &DeadLetters, positions: &[Position]) -> Answer {
    let (mut together, mut gone) = (RetryReport::default(), 0_u64);
    for position in positions {
        match letters.retry(*position).await {
            Ok(report) => {
                together.applied += report.applied;
                together.more_left |= report.more_left;
                together.left.extend(report.left);
            }
            Err(DeadLetterError::Unknown { .. }) => gone += 1,
            Err(error) => {
                let error = crate::causes::with_causes(&error);
                return Answer::Refused(format!("{}: {error}", outcome(&together)));
            }
        }
    }
    let gone = if gone > 0 { format!("; {gone} did not wait any more") } else { String::new() };
    Answer::Done(format!("{}{gone}", outcome(&together)))
}

/// Says what was done with the letters that a search found.
fn many(done: &str, report: &RetryReport) -> String {
    let more = if report.more_found { "; the search finds more of them: ask again" } else { "" };
    format!("{} {done}, {}{more}", counted(report.letters, "dead letter"), outcome(report))
}

fn outcome(report: &RetryReport) -> String {
    let at_least = if report.more_left { "at least " } else { "" };
    let applied = counted(report.applied, "event");
    // Other letters of the subscription can wait too.
    let left = if report.left.is_empty() { "none".to_owned() } else { bounded(report.left.len() as u64) };
    let why = report.left.iter().find_map(|letter| Some((letter.position, letter.errors.first()?)));
    let why = why.map(|(position, error)| format!("; the one at position {position} says: {error}"));
    format!("{applied} applied, {at_least}{left} of these letters left{}", why.unwrap_or_default())
}

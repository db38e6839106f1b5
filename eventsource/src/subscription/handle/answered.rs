//! Waits for the answer of a runner.

use crate::subscription::SubscriptionState;
use crate::subscription::requests::Asked;
use crate::subscription::subscription_shared::{Control, SubscriptionShared};

/// Waits for the answer of the runner. A request that a pause interrupts is served after the resume.
///
/// # Errors
/// The state of the subscription, if it does not serve the request.
pub(in crate::subscription) async fn answered<T>(
    core: &SubscriptionShared,
    asked: Asked<T>,
) -> Result<T, SubscriptionState> {
    let Asked { receiver: mut answer, turn } = asked;
    let mut progress = core.progress.listen();
    loop {
        let state = progress.borrow_and_update().state.clone();
        let paused = *core.control.borrow() == Control::Pause;
        let ended = !state.is_running() || state.is_aside();
        if ended || (paused && turn.take()) {
            // It may have been served just before.
            return answer.try_recv().map_err(|_| state);
        }
        // `core` keeps the sender of the progress alive.
        tokio::select! {
            answer = &mut answer => return answer.map_err(|_| core.progress.snapshot().state),
            _ = progress.changed() => {}
        }
    }
}

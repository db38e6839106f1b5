//! Waits for a command.

use tokio::sync::watch;

use crate::subscription::StopReason;
use crate::subscription::subscription_shared::Control;

/// Waits until the control says stop.
pub(super) async fn stop_requested(control: &mut watch::Receiver<Control>) -> StopReason {
    loop {
        if let Control::Stop(reason) = *control.borrow_and_update() {
            return reason;
        }
        // The subscription keeps the sender alive.
        let _ = control.changed().await;
    }
}

/// Waits until the control says pause or stop.
pub(super) async fn hold_requested(control: &mut watch::Receiver<Control>) {
    while *control.borrow_and_update() == Control::Run {
        let _ = control.changed().await;
    }
}

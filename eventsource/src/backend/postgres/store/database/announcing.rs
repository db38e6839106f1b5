//! Wake-ups: what a database announces, and what it hears.

use std::sync::Arc;

use super::super::listen::{Listener, Wake};
use super::{Inner, PostgresDatabase};
use crate::store::WakeUpSender;

impl PostgresDatabase {
    /// Returns the sender of wake-ups. The first call starts to listen for appends of other processes.
    pub(in super::super) fn wake_ups(&self) -> &WakeUpSender {
        self.listen();
        &self.0.wake_ups
    }

    /// Returns the sender that wakes those that wait for a change of the requests and the pauses. The first call starts
    /// to listen to other processes.
    pub(in crate::backend) fn operations(&self) -> &WakeUpSender {
        self.listen();
        &self.0.operations
    }

    fn listen(&self) {
        let Inner { listener, options, announcer, wake_ups, operations, runtime, .. } = &*self.0;
        listener.get_or_init(|| {
            let connect = options.listener_options()?;
            let (wake_ups, operations) = (Arc::clone(wake_ups), Arc::clone(operations));
            Some(Listener::start(runtime, connect, announcer, Wake { wake_ups, operations }))
        });
    }

    /// Announces a change of the requests and the pauses, to this process and to other ones.
    pub(in crate::backend) async fn announce_operations(&self) {
        self.0.operations.wake();
        self.0.announcer.announce_operations(&self.0.pool).await;
    }

    /// Announces an append: to this process at once, and to other processes soon.
    pub(in super::super) fn announce(&self) {
        self.0.wake_ups.wake();
        self.0.announcer.announce(&self.0.pool);
    }
}

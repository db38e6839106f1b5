//! The fixtures on which the contracts of buses run.

use std::sync::Arc;

use crate::bus::{EventBus, Notifier};

/// A fresh event bus, with connections as several processes have them. A bus that is `Clone` is a fixture, and its
/// clones are the connections.
///
/// ```
/// use eventsource::MemoryEventBus;
/// use eventsource::testing::contract::EventBusFixture;
///
/// let bus = EventBusFixture::connect(&MemoryEventBus::new());
/// # let _ = bus;
/// ```
pub trait EventBusFixture: Send + Sync {
    /// Returns a connection to the bus, as another process would have it.
    fn connect(&self) -> Arc<dyn EventBus>;
}

impl<B: EventBus + Clone> EventBusFixture for B {
    fn connect(&self) -> Arc<dyn EventBus> {
        Arc::new(self.clone())
    }
}

/// A fresh notifier, with connections as several processes have them. A notifier that is `Clone` is a fixture, and its
/// clones are the connections.
///
/// ```
/// use eventsource::MemoryEventBus;
/// use eventsource::testing::contract::NotifierFixture;
///
/// let notifier = NotifierFixture::connect(&MemoryEventBus::new());
/// # let _ = notifier;
/// ```
pub trait NotifierFixture: Send + Sync {
    /// Returns a connection to the notifier, as another process would have it.
    fn connect(&self) -> Arc<dyn Notifier>;
}

impl<N: Notifier + Clone> NotifierFixture for N {
    fn connect(&self) -> Arc<dyn Notifier> {
        Arc::new(self.clone())
    }
}

/// The server of a bus or a notifier, which a case stops and starts. The methods may block for a short time.
///
/// ```
/// use std::process::Command;
///
/// use eventsource::testing::contract::BusServerFixture;
///
/// struct Container(&'static str);
///
/// impl BusServerFixture for Container {
///     fn kill(&self) {
///         Command::new("docker").args(["kill", self.0]).status().expect("docker runs");
///     }
///
///     fn start(&self) {
///         Command::new("docker").args(["start", self.0]).status().expect("docker runs");
///         // … and wait until it answers.
///     }
/// }
/// ```
pub trait BusServerFixture: Send + Sync {
    /// Kills the server, as a crash does (SIGKILL), and returns when it is dead.
    fn kill(&self);

    /// Starts the server again at the same address, and returns when it answers.
    fn start(&self);
}

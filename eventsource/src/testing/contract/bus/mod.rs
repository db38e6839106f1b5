//! The contracts of event buses and notifiers, also while their server is down.

mod events;
mod fixture;
mod notifier;
mod outage;
mod recorder;

pub use events::{EVENT_BUS_CASES, run_on_event_bus};
pub use fixture::{BusServerFixture, EventBusFixture, NotifierFixture};
pub use notifier::{NOTIFIER_CASES, run_on_notifier};
pub use outage::{EVENT_BUS_OUTAGE_CASES, NOTIFIER_OUTAGE_CASES, run_on_event_bus_outage, run_on_notifier_outage};

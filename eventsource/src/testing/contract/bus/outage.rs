//! The contracts of event buses and notifiers while their server is down, and afterwards.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::{Instant, sleep, timeout};

use super::super::listed::{dispatch, names};
use super::super::violation::{ensure, ensure_eq};
use super::super::{Verdict, Violation};
use super::recorder::{DEADLINE, IN_TIME, Recorder, Woken, stored};
use super::{BusServerFixture, EventBusFixture, NotifierFixture};
use crate::bus::Notifier;
use crate::event::{EventFilter, RecordedEvent};
use crate::store::{EventLog as _, MemoryEventStore};

/// Passes the cases of an event bus whose server is down to another macro.
#[doc(hidden)]
#[macro_export]
macro_rules! __event_bus_outage_cases {
    ([$($then:tt)*] $($with:tt)*) => {
        $($then)*! { {$($with)*}
            a_publish_to_a_dead_server_fails_in_time_and_the_append_stays
            a_subscription_receives_again_after_its_server_is_back
        }
    };
}

/// The names of the cases of an event bus whose server is down, for [`run_on_event_bus_outage`].
///
/// ```
/// use eventsource::testing::contract::EVENT_BUS_OUTAGE_CASES;
///
/// assert!(EVENT_BUS_OUTAGE_CASES.contains(&"a_subscription_receives_again_after_its_server_is_back"));
/// ```
pub const EVENT_BUS_OUTAGE_CASES: &[&str] = crate::__event_bus_outage_cases!([names]);

/// Runs the case `name` of an event bus whose server is down.
/// [`event_bus_outage_contract!`](crate::event_bus_outage_contract) creates a test for each case.
///
/// # Errors
/// [`Violation`] if the bus breaks the contract, or there is no such case.
///
/// # Examples
/// ```
/// # use std::sync::Arc;
/// # use eventsource::MemoryEventBus;
/// # use eventsource::bus::{EventBus, Notifier};
/// # use eventsource::testing::contract::{BusServerFixture, EventBusFixture, NotifierFixture, Violation};
/// # struct Server;
/// # impl BusServerFixture for Server {
/// #     fn kill(&self) {}
/// #     fn start(&self) {}
/// # }
/// # impl EventBusFixture for Server {
/// #     fn connect(&self) -> Arc<dyn EventBus> { Arc::new(MemoryEventBus::new()) }
/// # }
/// use eventsource::testing::contract::{EVENT_BUS_OUTAGE_CASES, run_on_event_bus_outage};
///
/// async fn check(server: &Server) -> Result<(), Violation> {
///     for name in EVENT_BUS_OUTAGE_CASES {
///         run_on_event_bus_outage(name, server).await?;
///     }
///     Ok(())
/// }
/// # let _ = check;
/// ```
pub async fn run_on_event_bus_outage<F: EventBusFixture + BusServerFixture>(
    name: &str,
    fixture: &F,
) -> Result<(), Violation> {
    crate::__event_bus_outage_cases!([dispatch] name fixture)
}

/// Passes the cases of a notifier whose server is down to another macro.
#[doc(hidden)]
#[macro_export]
macro_rules! __notifier_outage_cases {
    ([$($then:tt)*] $($with:tt)*) => {
        $($then)*! { {$($with)*}
            a_notification_to_a_dead_server_fails_in_time
            a_listener_is_woken_when_its_server_is_back
            a_listener_that_began_while_the_server_was_down_is_woken
        }
    };
}

/// The names of the cases of a notifier whose server is down, for [`run_on_notifier_outage`].
///
/// ```
/// use eventsource::testing::contract::NOTIFIER_OUTAGE_CASES;
///
/// assert!(NOTIFIER_OUTAGE_CASES.contains(&"a_listener_is_woken_when_its_server_is_back"));
/// ```
pub const NOTIFIER_OUTAGE_CASES: &[&str] = crate::__notifier_outage_cases!([names]);

/// Runs the case `name` of a notifier whose server is down.
/// [`notifier_outage_contract!`](crate::notifier_outage_contract) creates a test for each case.
///
/// # Errors
/// [`Violation`] if the notifier breaks the contract, or there is no such case.
///
/// # Examples
/// ```
/// # use std::sync::Arc;
/// # use eventsource::MemoryEventBus;
/// # use eventsource::bus::{EventBus, Notifier};
/// # use eventsource::testing::contract::{BusServerFixture, EventBusFixture, NotifierFixture, Violation};
/// # struct Server;
/// # impl BusServerFixture for Server {
/// #     fn kill(&self) {}
/// #     fn start(&self) {}
/// # }
/// # impl NotifierFixture for Server {
/// #     fn connect(&self) -> Arc<dyn Notifier> { Arc::new(MemoryEventBus::new()) }
/// # }
/// use eventsource::testing::contract::{NOTIFIER_OUTAGE_CASES, run_on_notifier_outage};
///
/// async fn check(server: &Server) -> Result<(), Violation> {
///     for name in NOTIFIER_OUTAGE_CASES {
///         run_on_notifier_outage(name, server).await?;
///     }
///     Ok(())
/// }
/// # let _ = check;
/// ```
pub async fn run_on_notifier_outage<F: NotifierFixture + BusServerFixture>(
    name: &str,
    fixture: &F,
) -> Result<(), Violation> {
    crate::__notifier_outage_cases!([dispatch] name fixture)
}

/// Notifies of the events until that succeeds.
async fn notify_when_back<N: Notifier + ?Sized>(notifier: &N, events: &[Arc<RecordedEvent>]) -> Verdict {
    let start = Instant::now();
    loop {
        match timeout(IN_TIME, notifier.notify(events)).await {
            Ok(Ok(())) => return Ok(()),
            Ok(Err(error)) if start.elapsed() > DEADLINE => return Err(error.into()),
            Ok(Err(_)) => sleep(Duration::from_millis(5)).await,
            Err(_) => return Err(Violation::new(format_args!("a call did not return within {IN_TIME:?}"))),
        }
    }
}

/// Checks three times that a notification fails in time.
async fn fails_in_time<N: Notifier + ?Sized>(notifier: &N, events: &[Arc<RecordedEvent>]) -> Verdict {
    for _ in 0..3 {
        let failed = timeout(IN_TIME, notifier.notify(events)).await;
        let failed = failed.map_err(|_| Violation::new(format_args!("a call did not return within {IN_TIME:?}")))?;
        ensure!(failed.is_err(), "a call to a dead server succeeded");
    }
    Ok(())
}

async fn a_publish_to_a_dead_server_fails_in_time_and_the_append_stays<F>(fixture: &F) -> Verdict
where
    F: EventBusFixture + BusServerFixture,
{
    let (publisher, recorder) = (fixture.connect(), Recorder::new());
    let subscription = publisher.subscribe(EventFilter::all(), recorder.clone()).await?;
    let store = MemoryEventStore::new();
    publisher.publish(&stored(&store, "Counted", 1).await?).await?;
    fixture.kill();
    let events = stored(&store, "Counted", 2).await?;
    fails_in_time(&*publisher, &events).await?;
    ensure_eq!(store.head().await?, events[1].position(), "the head of the log after a failed publish");
    fixture.start();
    notify_when_back(&*publisher, &events).await?;
    recorder.until_all(&events).await?;
    drop(subscription);
    Ok(())
}

async fn a_subscription_receives_again_after_its_server_is_back<F>(fixture: &F) -> Verdict
where
    F: EventBusFixture + BusServerFixture,
{
    let (publisher, bus) = (fixture.connect(), fixture.connect());
    let recorder = Recorder::new();
    let subscription = bus.subscribe(EventFilter::all(), recorder.clone()).await?;
    let store = MemoryEventStore::new();
    for _ in 0..2 {
        fixture.kill();
        fixture.start();
        let events = stored(&store, "Counted", 3).await?;
        notify_when_back(&*publisher, &events).await?;
        recorder.until_all(&events).await?;
    }
    drop(subscription);
    Ok(())
}

async fn a_notification_to_a_dead_server_fails_in_time<F>(fixture: &F) -> Verdict
where
    F: NotifierFixture + BusServerFixture,
{
    let (sender, store) = (fixture.connect(), MemoryEventStore::new());
    let events = stored(&store, "Counted", 1).await?;
    sender.notify(&events).await?;
    fixture.kill();
    fails_in_time(&*sender, &events).await?;
    fixture.start();
    notify_when_back(&*sender, &events).await
}

/// The listener may have lost wake-ups, so it is woken without another notification.
async fn a_listener_is_woken_when_its_server_is_back<F>(fixture: &F) -> Verdict
where
    F: NotifierFixture + BusServerFixture,
{
    let (sender, listener) = (fixture.connect(), fixture.connect());
    let woken = Woken::new();
    let subscription = listener.listen(woken.wake()).await?;
    let store = MemoryEventStore::new();
    let before = woken.count();
    sender.notify(&stored(&store, "Counted", 1).await?).await?;
    woken.more_than(before, "before the server is killed").await?;
    let before = woken.count();
    fixture.kill();
    fixture.start();
    woken.more_than(before, "after its server was killed and started").await?;
    let before = woken.count();
    notify_when_back(&*sender, &stored(&store, "Counted", 1).await?).await?;
    woken.more_than(before, "by a notification after that").await?;
    drop(subscription);
    Ok(())
}

async fn a_listener_that_began_while_the_server_was_down_is_woken<F>(fixture: &F) -> Verdict
where
    F: NotifierFixture + BusServerFixture,
{
    let (sender, listener) = (fixture.connect(), fixture.connect());
    fixture.kill();
    let woken = Woken::new();
    let listened = timeout(IN_TIME, listener.listen(woken.wake())).await;
    let listened = listened.map_err(|_| Violation::new(format_args!("a call did not return within {IN_TIME:?}")))?;
    fixture.start();
    let subscription = match listened {
        Ok(subscription) => subscription,
        // A manager retries to listen as well.
        Err(_) => listener.listen(woken.wake()).await?,
    };
    let before = woken.count();
    notify_when_back(&*sender, &stored(&MemoryEventStore::new(), "Counted", 1).await?).await?;
    woken.more_than(before, "by a notification after its server was started").await?;
    drop(subscription);
    Ok(())
}

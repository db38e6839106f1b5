//! Handlers that call the manager.

use super::world::*;

/// What a handler does to the manager that runs it.
#[derive(Clone, Copy, PartialEq)]
enum Call {
    UnsubscribeItself,
    WaitForItself,
    Subscribe,
}

struct Caller {
    call: Call,
    door: Door,
    manager: Arc<OnceLock<std::sync::Weak<Manager>>>,
    own: Arc<OnceLock<SubscriptionHandle<Caller>>>,
}

#[projection(effects, name = "caller")]
impl Caller {
    #[handles(Bumped)]
    async fn bumped(&self, _: &Bumped) {
        self.door.pass().await;
        let manager = self.manager.get().unwrap().upgrade().unwrap();
        match self.call {
            Call::UnsubscribeItself => drop(manager.unsubscribe("caller").await),
            Call::WaitForItself => drop(self.own.get().unwrap().caught_up().await),
            Call::Subscribe => drop(manager.subscribe(Seen::default(), SubscriptionConfig::default()).await),
        }
    }
}

async fn called(call: Call) -> (Arc<Manager>, Door) {
    let store = MemoryEventStore::new();
    let manager = Arc::new(manager(&store));
    let door = Door::shut();
    let (weak, own) = (Arc::new(OnceLock::new()), Arc::new(OnceLock::new()));
    weak.set(Arc::downgrade(&manager)).unwrap();
    let caller = Caller { call, door: door.clone(), manager: weak, own: Arc::clone(&own) };
    let handle = manager.subscribe(caller, SubscriptionConfig::default()).await.unwrap();
    let _ = own.set(handle);
    bump(&store, [1]).await;
    manager.start().await.unwrap();
    door.has_waiters().await;
    (manager, door)
}

#[tokio::test]
async fn a_handler_that_unsubscribes_itself_does_not_hang_the_manager() {
    let (manager, door) = called(Call::UnsubscribeItself).await;
    door.open();
    tokio::task::yield_now().await;
    timeout(LONG, manager.stop()).await.expect("the manager hangs").unwrap();
}

#[tokio::test]
async fn a_handler_that_waits_for_itself_does_not_hang() {
    let (manager, door) = called(Call::WaitForItself).await;
    door.open();
    timeout(LONG, manager.stop()).await.expect("the manager hangs").unwrap();
}

#[tokio::test]
async fn a_handler_that_subscribes_during_a_stop_does_not_hang() {
    let (manager, door) = called(Call::Subscribe).await;
    let (stopped, ()) = tokio::join!(timeout(LONG, manager.stop()), async { door.open() });
    stopped.expect("the stop waits for the handler, and the handler for the stop").unwrap();
}

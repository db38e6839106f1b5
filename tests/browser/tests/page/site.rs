//! A dashboard on a port of this machine, over a manager in memory.

use std::net::SocketAddr;
use std::sync::Arc;

use axum::Router;
use eventsource::admin::{Admin as _, ManagerAdmin};
use eventsource::engine::{MemoryProjectionStates, ProjectionEngine};
use eventsource::prelude::*;
use eventsource::projection::Projection as _;
use eventsource_dashboard::{Dashboard, LiveUpdates, Payloads};
use serde::{Deserialize, Serialize};
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use uuid::Uuid;

use crate::wait::DEADLINE;

#[derive(Serialize, Deserialize, DomainEvent)]
#[event(aggregate = "Order")]
pub(crate) struct OrderPlaced {
    pub(crate) customer: String,
    pub(crate) total_cents: u64,
}

#[derive(Serialize, Deserialize, DomainEvent)]
#[event(aggregate = "Order")]
pub(crate) struct OrderPaid {
    pub(crate) method: String,
}

/// What was ordered, as a projection in memory.
#[derive(Debug, Clone, Default, Serialize)]
pub(crate) struct Totals {
    pub(crate) orders: u64,
    pub(crate) cents: u64,
}

#[projection(name = "totals")]
impl Totals {
    #[handles(OrderPlaced)]
    fn placed(&mut self, order: &OrderPlaced) {
        self.orders += 1;
        self.cents += order.total_cents;
    }
}

/// A text that does harm where it is not escaped: it would run a script, end an attribute, and turn the text around.
pub(crate) const HOSTILE: &str =
    "\"'><script>window.harmed=1</script><img src=x onerror=\"window.harmed=1\">\u{202e}\u{1b}[31m";

/// A server of one router.
pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    stop: oneshot::Sender<()>,
    task: JoinHandle<()>,
}

impl Server {
    pub(crate) async fn start(router: Router, updates: Option<LiveUpdates>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (stop, stopped) = oneshot::channel();
        let task = tokio::spawn(async move {
            let service = router.into_make_service_with_connect_info::<SocketAddr>();
            let stopped = async {
                let _ = stopped.await;
                updates.inspect(LiveUpdates::end);
            };
            axum::serve(listener, service).with_graceful_shutdown(stopped).await.unwrap();
        });
        Self { address, stop, task }
    }

    /// Stops it, and waits until it has answered its open requests.
    pub(crate) async fn stop(self) {
        self.stop.send(()).unwrap();
        tokio::time::timeout(DEADLINE, self.task).await.expect("the server stops").unwrap();
    }
}

/// A shop with its dashboard under `/admin`.
pub(crate) struct Site {
    pub(crate) server: Server,
    pub(crate) manager: Arc<SubscriptionManager<MemoryCheckpoints>>,
    pub(crate) store: MemoryEventStore,
    pub(crate) totals: SubscriptionHandle<Totals>,
}

impl Site {
    /// A shop with orders. The projection `name` cannot apply an order of the customer `poison`.
    pub(crate) async fn start(name: &str, poison: &str, payloads: Payloads) -> Self {
        let store = MemoryEventStore::new();
        let manager = SubscriptionManager::new(store.clone(), MemoryEventBus::new(), MemoryCheckpoints::new());
        let engine = |name: &str| ProjectionEngine::new(name, MemoryProjectionStates::new()).with_state(0_u64);
        let refused = poison.to_owned();
        let mailer = engine(name)
            .update::<OrderPlaced>(move |count, order| {
                if order.customer == refused {
                    return Err(HandlerError::permanent(format!("the mail server refuses the recipient `{refused}`")));
                }
                *count += 1;
                Ok(())
            })
            .update::<OrderPaid>(|_, _| ());
        let revenue = engine("revenue").update::<OrderPlaced>(|total, order| *total += order.total_cents);
        let stock = engine("stock").update::<OrderPaid>(|paid, _| *paid += 1);
        manager.subscribe(mailer, SubscriptionConfig::from_beginning()).await.unwrap();
        manager.subscribe(revenue, SubscriptionConfig::from_beginning()).await.unwrap();
        manager.subscribe(stock, SubscriptionConfig::from_beginning()).await.unwrap();
        let totals = manager.subscribe(Totals::default(), SubscriptionConfig::from_beginning()).await.unwrap();
        manager.start().await.unwrap();
        let manager = Arc::new(manager);
        let registry =
            Registry::of([OrderPlaced::DESCRIPTOR, OrderPaid::DESCRIPTOR]).with_projections([Totals::DESCRIPTOR]);
        let dashboard = Dashboard::new(ManagerAdmin::new(Arc::clone(&manager))).title("shop").payloads(payloads);
        let dashboard = dashboard.topology(&registry);
        let updates = dashboard.live_updates();
        let router = Router::new().nest("/admin", dashboard.router());
        let server = Server::start(router, Some(updates)).await;
        Self { server, manager, store, totals }
    }

    /// A shop with some orders, one of which is a dead letter at position 5.
    pub(crate) async fn shop() -> Self {
        let site = Self::start("mailer", "poison", Payloads::Masked).await;
        for (number, customer) in (1..).zip(["Ada", "Grace", "poison", "Barbara", "Edsger", "Katherine"]) {
            site.order(number, customer).await;
        }
        site.caught_up().await;
        site
    }

    /// Places an order and pays it, and returns its stream.
    pub(crate) async fn order(&self, number: u128, customer: &str) -> StreamId {
        let stream = StreamId::new("Order", Uuid::from_u128(0x0192_f0c1_a2b3_7d4e_8f00_0000_0000_0000 + number));
        let placed = OrderPlaced { customer: customer.to_owned(), total_cents: 1_500 };
        let metadata = Metadata::new().correlation_id(Uuid::from_u128(number)).actor("web").entry("channel", "shop");
        let placed = NewEvent::of(&placed).unwrap().with_metadata(metadata.clone());
        let cause = placed.id();
        let paid = NewEvent::of(&OrderPaid { method: "card".to_owned() }).unwrap();
        let paid = paid.with_metadata(metadata.causation_id(cause));
        self.store.append(&stream, ExpectedVersion::NoStream, vec![placed, paid]).await.unwrap();
        stream
    }

    pub(crate) async fn caught_up(&self) {
        let admin = self.admin();
        for subscription in self.manager.snapshots() {
            admin.caught_up(&subscription.name, DEADLINE).await.unwrap();
        }
    }

    pub(crate) fn admin(&self) -> ManagerAdmin<MemoryCheckpoints> {
        ManagerAdmin::new(Arc::clone(&self.manager))
    }

    /// The events of the log.
    pub(crate) async fn events(&self) -> Vec<Arc<RecordedEvent>> {
        let page = self.store.read_log(Position::START, &EventFilter::all(), PageLimit::events(100)).await;
        page.unwrap().events
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}/admin{path}", self.server.address)
    }

    pub(crate) async fn stop(self) {
        self.server.stop().await;
        self.manager.stop().await.unwrap();
    }
}

/// A part of a path, encoded.
pub(crate) fn part(text: &str) -> String {
    text.bytes().map(|byte| format!("%{byte:02X}")).collect()
}

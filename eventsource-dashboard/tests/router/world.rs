//! A manager in memory with events, a dead letter and a projection that fails, and requests to its dashboard.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::http::{HeaderMap, Request, StatusCode};
use eventsource::admin::ManagerAdmin;
use eventsource::prelude::*;
use eventsource::projection::Projection as _;
use eventsource::testing::faults::{Faults, FaultyEventStore};
use eventsource_dashboard::Dashboard;
use http_body_util::BodyExt as _;
use serde::{Deserialize, Serialize};
use tower::ServiceExt as _;

/// A text that does harm where it is not escaped.
pub(crate) const HOSTILE: &str = "<script>alert(1)</script>\u{202e}\u{1b}[31m";

/// The correlation of all events.
pub(crate) const CORRELATION: uuid::Uuid = uuid::Uuid::from_u128(7);

#[derive(Serialize, Deserialize, DomainEvent)]
#[event(aggregate = "Order")]
pub(crate) struct OrderPlaced {
    pub(crate) note: String,
}

/// Counts orders. It cannot apply an order with a hostile note.
#[derive(Clone, Default, Serialize)]
struct Orders {
    number: u64,
}

#[projection(name = "orders")]
impl Orders {
    #[handles(OrderPlaced)]
    fn placed(&mut self, event: &OrderPlaced) -> Result<(), HandlerError> {
        if event.note == HOSTILE {
            return Err(HandlerError::permanent(format!("cannot read {}", event.note)));
        }
        self.number += 1;
        Ok(())
    }
}

pub(crate) struct World {
    pub(crate) router: Router,
    pub(crate) manager: Arc<SubscriptionManager<MemoryCheckpoints>>,
    pub(crate) event: RecordedEvent,
    /// Faults of the event store, as the subscription and the page see it.
    pub(crate) faults: Faults,
    pub(crate) store: FaultyEventStore<MemoryEventStore>,
}

impl World {
    /// Nested at `/admin`, with these options.
    pub(crate) async fn new(options: impl FnOnce(Dashboard) -> Dashboard) -> Self {
        let faults = Faults::new();
        let store = FaultyEventStore::new(MemoryEventStore::new(), &faults);
        let manager = SubscriptionManager::new(store.clone(), MemoryEventBus::new(), MemoryCheckpoints::new());
        let orders = manager.subscribe(Orders::default(), SubscriptionConfig::from_beginning()).await.unwrap();
        manager.start().await.unwrap();
        for note in ["first", HOSTILE] {
            let event = NewEvent::of(&OrderPlaced { note: note.to_owned() }).unwrap();
            let event = event.with_metadata(Metadata::new().correlation_id(CORRELATION));
            let stream = StreamId::new("Order", uuid::Uuid::now_v7());
            store.append(&stream, ExpectedVersion::NoStream, vec![event]).await.unwrap();
        }
        orders.caught_up().within(Duration::from_secs(30)).await.unwrap();
        let page = store.read_log(Position::new(1), &EventFilter::all(), PageLimit::events(1)).await.unwrap();
        let event = RecordedEvent::clone(page.events.first().unwrap());
        let manager = Arc::new(manager);
        let registry = Registry::of([OrderPlaced::DESCRIPTOR]).with_projections([Orders::DESCRIPTOR]);
        let dashboard = Dashboard::new(ManagerAdmin::new(Arc::clone(&manager))).topology(&registry);
        let dashboard = options(dashboard);
        Self { router: Router::new().nest("/admin", dashboard.router()), manager, event, faults, store }
    }

    /// The paths that a browser can open.
    pub(crate) fn paths(&self) -> Vec<String> {
        let (id, stream) = (self.event.id(), self.event.aggregate_id());
        let paths = [
            String::new(),
            "/subscriptions/orders".to_owned(),
            "/letters".to_owned(),
            "/subscriptions/orders/letters".to_owned(),
            "/subscriptions/orders/letters/2".to_owned(),
            "/subscriptions/orders/letters?error=read&kind=OrderPlaced&state=all".to_owned(),
            "/events".to_owned(),
            "/events?kind=OrderPlaced&until=2000-01-01T00:00".to_owned(),
            "/event-types".to_owned(),
            "/streams".to_owned(),
            "/streams?kind=Order".to_owned(),
            format!("/correlations/{CORRELATION}"),
            format!("/events/{id}"),
            format!("/streams/Order/{stream}"),
            format!("/streams/Order/{stream}/steps?projection=orders"),
            "/topology".to_owned(),
            "/topology?around=orders".to_owned(),
            "/operations".to_owned(),
            "/doctor".to_owned(),
        ];
        paths.into_iter().map(|path| format!("/admin{path}")).collect()
    }

    pub(crate) async fn send(&self, request: Request<Body>) -> Answer {
        let answer = self.router.clone().oneshot(request).await.unwrap();
        let (parts, body) = answer.into_parts();
        let body = body.collect().await.unwrap().to_bytes();
        Answer { status: parts.status, headers: parts.headers, body: String::from_utf8(body.to_vec()).unwrap() }
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.send(local("GET", path).body(Body::empty()).unwrap()).await
    }

    /// Sends a form as the page does.
    pub(crate) async fn post(&self, path: &str, form: &str) -> Answer {
        let request = local("POST", path).header("sec-fetch-site", "same-origin");
        let request = request.header("content-type", "application/x-www-form-urlencoded");
        self.send(request.body(Body::from(form.to_owned())).unwrap()).await
    }
}

pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: String,
}

/// A request of a browser on this machine.
pub(crate) fn local(method: &str, path: &str) -> axum::http::request::Builder {
    let peer = SocketAddr::from(([127, 0, 0, 1], 50_000));
    Request::builder().method(method).uri(path).header("host", "localhost:8080").extension(ConnectInfo(peer))
}

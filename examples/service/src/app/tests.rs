//! Probes and metrics are asked every few seconds, for each process: they cost no query.
#![allow(clippy::unwrap_used, reason = "a test fails by a panic")]

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use axum::body::Body;
use axum::http::{Request, StatusCode};
use eventsource::sqlite::SqliteDatabase;
use tower::ServiceExt as _;
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Metadata, Subscriber};

use super::parts;
use crate::http;
use crate::projections::mailer::Mailer;
use crate::projections::orders::OrderRows;

/// Counts the statements that the database driver logs, from every thread.
#[derive(Clone, Default)]
struct Statements(Arc<AtomicUsize>);

impl Subscriber for Statements {
    fn enabled(&self, site: &Metadata<'_>) -> bool {
        site.target() == "sqlx::query"
    }

    fn event(&self, _: &Event<'_>) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }

    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}
    fn record_follows_from(&self, _: &Id, _: &Id) {}
    fn enter(&self, _: &Id) {}
    fn exit(&self, _: &Id) {}
}

#[tokio::test(flavor = "multi_thread")]
async fn probes_and_metrics_cost_no_statement() {
    let statements = Statements::default();
    tracing::subscriber::set_global_default(statements.clone()).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let db = SqliteDatabase::open(folder.path().join("service.db")).await.unwrap();
    let models = db.read_models();
    models.ensure_tables(&OrderRows).await.unwrap();
    let (manager, service) = parts(&db, models.repository(), Mailer { delivers_poison: false }).await.unwrap();
    let router = http::router(service);
    manager.start().await.unwrap();
    let ask = async |path: &str| {
        let request = Request::get(path).body(Body::empty()).unwrap();
        router.clone().oneshot(request).await.unwrap().status()
    };
    let begun = Instant::now();
    while ask("/ready").await != StatusCode::OK {
        assert!(begun.elapsed() < Duration::from_secs(30), "it is not ready");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    assert!(statements.0.load(Ordering::SeqCst) > 0, "the driver logs no statement");
    // The service itself renews leases and reads requests, now and then. If a route cost a statement, there would be no
    // round without one.
    let begun = Instant::now();
    loop {
        let before = statements.0.load(Ordering::SeqCst);
        for path in ["/live", "/ready", "/metrics"] {
            assert_eq!(ask(path).await, StatusCode::OK, "{path}");
        }
        if statements.0.load(Ordering::SeqCst) == before {
            break;
        }
        assert!(begun.elapsed() < Duration::from_secs(30), "each round of probes costs a statement");
    }
    manager.stop().await.unwrap();
}

//! The dashboard over a database, on which another process works.

use std::time::{Duration, Instant};

use axum::Router;
use axum::body::Body;
use axum::http::{Request, StatusCode};
use eventsource::admin::{Admin, DatabaseAdmin};
use eventsource_dashboard::{Access, Dashboard};
use eventsource_tests::backend::Backend;
use http_body_util::BodyExt as _;
use tower::ServiceExt as _;

pub(crate) struct Page(Router);

pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) body: String,
    /// The time to the first byte.
    pub(crate) took: Duration,
}

impl Page {
    pub(crate) fn on<B: Backend>(world: &B) -> Self {
        Self::of(DatabaseAdmin::new(world.checkpoints(), world.store()))
    }

    pub(crate) fn of(admin: impl Admin) -> Self {
        let dashboard = Dashboard::new(admin).access(|_| Access::Full);
        Self(Router::new().nest("/admin", dashboard.router()))
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.ask(path, "text/html").await
    }

    pub(crate) async fn json(&self, path: &str) -> serde_json::Value {
        serde_json::from_str(&self.ask(path, "application/json").await.body).unwrap()
    }

    async fn ask(&self, path: &str, accept: &str) -> Answer {
        let request = Request::builder().uri(format!("/admin{path}")).header("accept", accept);
        let begun = Instant::now();
        let answer = self.0.clone().oneshot(request.body(Body::empty()).unwrap()).await.unwrap();
        let took = begun.elapsed();
        let status = answer.status();
        let body = answer.into_body().collect().await.unwrap().to_bytes();
        Answer { status, body: String::from_utf8(body.to_vec()).unwrap(), took }
    }
}

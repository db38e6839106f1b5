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
        Self::over(Dashboard::new(admin))
    }

    /// With these options.
    pub(crate) fn with<B: Backend>(world: &B, options: impl FnOnce(Dashboard) -> Dashboard) -> Self {
        Self::over(options(Dashboard::new(DatabaseAdmin::new(world.checkpoints(), world.store()))))
    }

    fn over(dashboard: Dashboard) -> Self {
        Self(Router::new().nest("/admin", dashboard.access(|_| Access::Full).router()))
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.ask(path, "text/html").await
    }

    pub(crate) async fn json(&self, path: &str) -> serde_json::Value {
        serde_json::from_str(&self.ask(path, "application/json").await.body).unwrap()
    }

    /// Sends a form as the page does.
    pub(crate) async fn post(&self, path: &str, form: &str) -> Answer {
        let request = Request::post(format!("/admin{path}")).header("sec-fetch-site", "same-origin");
        let request = request.header("content-type", "application/x-www-form-urlencoded");
        self.send(request.body(Body::from(form.to_owned())).unwrap()).await
    }

    async fn ask(&self, path: &str, accept: &str) -> Answer {
        let request = Request::builder().uri(format!("/admin{path}")).header("accept", accept);
        self.send(request.body(Body::empty()).unwrap()).await
    }

    async fn send(&self, request: Request<Body>) -> Answer {
        let begun = Instant::now();
        let answer = self.0.clone().oneshot(request).await.unwrap();
        let took = begun.elapsed();
        let status = answer.status();
        let body = answer.into_body().collect().await.unwrap().to_bytes();
        Answer { status, body: String::from_utf8(body.to_vec()).unwrap(), took }
    }
}

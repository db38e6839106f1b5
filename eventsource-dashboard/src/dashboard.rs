//! The dashboard, and its options.

use std::fmt;
use std::sync::Arc;

use axum::Router;
use axum::http::request::Parts;
use axum::middleware::from_fn_with_state;
use eventsource::Registry;
use eventsource::admin::Admin;

use crate::access::Access;
use crate::guard::{guard, limit};
use crate::live::{self, LiveUpdates, Sampler};
use crate::pages::topology::Graph;
use crate::payload::Payloads;
use crate::{assets, pages};

/// A web page for operators. See the [crate page](crate) for an example.
///
/// # What it costs
/// Its router reads the overview each 10 s, also while no page is open, so that a page that is opened has the curves of
/// the last hour. That is 5 statements on SQLite and 7 on PostgreSQL, however many subscriptions and dead letters there are;
/// counts stop at 10,000. It remembers up to 1,024 subscriptions, in about 10 MB. While pages are open, all of them share one
/// read each second, and the pages of a subscription, of a request and of the end of the log read 1 or 2 statements more.
/// [`LiveUpdates::end`] ends all of this.
pub struct Dashboard {
    admin: Arc<dyn Admin>,
    title: String,
    payloads: Payloads,
    access: Option<AccessFn>,
    operator: Option<OperatorFn>,
    live: LiveUpdates,
    read_only: bool,
    topology: Option<Graph>,
}

type AccessFn = Arc<dyn Fn(&Parts) -> Access + Send + Sync>;
type OperatorFn = Arc<dyn Fn(&Parts) -> String + Send + Sync>;

/// What the pages share.
pub(crate) struct Settings {
    pub(crate) admin: Arc<dyn Admin>,
    pub(crate) title: String,
    pub(crate) payloads: Payloads,
    pub(crate) access: Option<AccessFn>,
    pub(crate) operator: Option<OperatorFn>,
    pub(crate) live: LiveUpdates,
    pub(crate) read_only: bool,
    pub(crate) topology: Option<Graph>,
    pub(crate) sampler: Arc<Sampler>,
}

pub(crate) type Shared = Arc<Settings>;

impl Dashboard {
    /// Creates it over the port of operators.
    pub fn new(admin: impl Admin) -> Self {
        Self::from_shared(Arc::new(admin))
    }

    /// Creates it over a port of operators that others use too.
    pub fn from_shared(admin: Arc<dyn Admin>) -> Self {
        Self {
            admin,
            title: "eventsource".to_owned(),
            payloads: Payloads::Masked,
            access: None,
            operator: None,
            live: LiveUpdates::new(),
            read_only: false,
            topology: None,
        }
    }

    /// Sets the title of the pages. The default is `eventsource`.
    #[must_use]
    pub fn title(mut self, title: impl Into<String>) -> Self {
        self.title = title.into();
        self
    }

    /// Sets whether the values of payloads and metadata are shown. The default is [`Payloads::Masked`].
    #[must_use]
    pub const fn payloads(mut self, payloads: Payloads) -> Self {
        self.payloads = payloads;
        self
    }

    /// Decides for each request what it may do. Without this, only a browser on the same machine may see the dashboard.
    ///
    /// ```
    /// # use eventsource::prelude::*;
    /// # use eventsource_dashboard::{Access, Dashboard};
    /// # let admin = eventsource::admin::DatabaseAdmin::new(MemoryCheckpoints::new(), MemoryEventStore::new());
    /// let dashboard = Dashboard::new(admin).access(|request| match request.headers.get("x-team") {
    ///     Some(team) if team == "operations" => Access::Full,
    ///     Some(_) => Access::ReadOnly,
    ///     None => Access::Deny,
    /// });
    /// # let _ = dashboard;
    /// ```
    #[must_use]
    pub fn access(mut self, access: impl Fn(&Parts) -> Access + Send + Sync + 'static) -> Self {
        self.access = Some(Arc::new(access));
        self
    }

    /// Forbids every change, whatever [`access`](Self::access) says. The default is `false`.
    #[must_use]
    pub const fn read_only(mut self, read_only: bool) -> Self {
        self.read_only = read_only;
        self
    }

    /// Adds a page that shows the events, aggregates, projections and read models of this program, as a drawing and as
    /// tables. [`Registry::global`] has all that are linked.
    ///
    /// ```
    /// # use eventsource::prelude::*;
    /// # use eventsource_dashboard::Dashboard;
    /// # let admin = eventsource::admin::DatabaseAdmin::new(MemoryCheckpoints::new(), MemoryEventStore::new());
    /// let dashboard = Dashboard::new(admin).topology(eventsource::Registry::global());
    /// # let _ = dashboard;
    /// ```
    #[must_use]
    pub fn topology(mut self, registry: &Registry) -> Self {
        self.topology = Some(Graph::of(registry.topology()));
        self
    }

    /// Names the operator of a request, for the record of requests. The default is `dashboard`.
    #[must_use]
    pub fn operator(mut self, operator: impl Fn(&Parts) -> String + Send + Sync + 'static) -> Self {
        self.operator = Some(Arc::new(operator));
        self
    }

    /// Returns the handle that ends the live updates of open pages. Use it when the server stops.
    #[must_use]
    pub fn live_updates(&self) -> LiveUpdates {
        self.live.clone()
    }

    /// Returns the router. It can be nested at any path.
    ///
    /// It reads the overview each 10 s, until the router is dropped or the [live updates](Self::live_updates) end: see
    /// [what it costs](Self#what-it-costs). Outside of a Tokio runtime, this begins with the first request.
    pub fn router(self) -> Router {
        let Self { admin, title, payloads, access, operator, live, read_only, topology } = self;
        let sampler = Arc::new(Sampler::new(Arc::clone(&admin)));
        sampler.run(&live);
        let shared: Shared =
            Arc::new(Settings { admin, title, payloads, access, operator, live, read_only, topology, sampler });
        let limited = from_fn_with_state(Arc::clone(&shared), limit);
        let guarded = from_fn_with_state(Arc::clone(&shared), guard);
        let pages = pages::routes().layer(limited);
        pages.merge(live::routes()).merge(assets::routes()).layer(guarded).with_state(shared)
    }
}

impl fmt::Debug for Dashboard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Dashboard")
            .field("title", &self.title)
            .field("payloads", &self.payloads)
            .finish_non_exhaustive()
    }
}

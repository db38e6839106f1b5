//! Puts the parts together: a database, the projections, the HTTP server, and the order in which they stop.

#[cfg(test)]
mod tests;

use std::future::{Future, IntoFuture as _};
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::response::Redirect;
use axum::routing::get;
use eventsource::admin::ManagerAdmin;
use eventsource::postgres::{PostgresDatabase, PostgresOpenError, PostgresOptions};
use eventsource::prelude::*;
use eventsource::sqlite::{SqliteDatabase, SqliteOpenError};
use eventsource::store::Observed;
use eventsource::subscription::{Backend, HealthLimits, ManagerError, Signal, SubscribeError, shutdown_signal};
use eventsource_dashboard::{Dashboard, LiveUpdates};
use metrics_exporter_prometheus::BuildError;
use tokio::net::TcpListener;
use tokio::sync::oneshot;

use crate::config::{Config, Database};
use crate::http::{self, Service};
use crate::metrics;
use crate::projections::mailer::Mailer;
use crate::projections::orders::{OrderRow, OrderRows};
use crate::{projections, traces};

/// After a signal, open requests have this long to be answered.
const DRAIN: Duration = Duration::from_secs(10);
/// After that, the projections have this long to finish their batches. Kubernetes kills a process after 30 s in all.
const STOP: Duration = Duration::from_secs(15);

/// The service cannot start, or ended with an error.
#[derive(Debug, thiserror::Error)]
pub enum AppError {
    #[error("the SQLite database cannot be opened")]
    Sqlite(#[from] SqliteOpenError),
    #[error("the PostgreSQL database cannot be opened")]
    Postgres(#[from] PostgresOpenError),
    #[error("the tables of the read models cannot be created")]
    ReadModels(#[from] ReadModelError),
    #[error("a projection cannot be subscribed")]
    Subscribe(#[from] SubscribeError),
    #[error("the projections cannot be started or stopped")]
    Manager(#[from] ManagerError),
    #[error("the metrics cannot be recorded")]
    Metrics(#[from] BuildError),
    #[error("the HTTP server cannot run")]
    Http(#[from] io::Error),
}

/// Runs the service until SIGINT or SIGTERM.
pub async fn run(config: Config) -> Result<(), AppError> {
    let signal = shutdown_signal()?;
    let listener = TcpListener::bind(config.listen).await?;
    let mailer = Mailer { delivers_poison: config.delivers_poison };
    match config.database {
        Database::Sqlite { file } => {
            let db = SqliteDatabase::open(file).await?;
            let models = db.read_models();
            models.ensure_tables(&OrderRows).await?;
            let ran = run_on(&db, models.repository(), mailer, listener, signal).await;
            db.close().await;
            ran
        }
        Database::Postgres { url, schema } => {
            let options = PostgresOptions::new(&url)?;
            let options = match schema {
                Some(schema) => options.schema(schema),
                None => options,
            };
            let db = PostgresDatabase::open_with(options).await?;
            let models = db.read_models();
            models.ensure_tables(&OrderRows).await?;
            let ran = run_on(&db, models.repository(), mailer, listener, signal).await;
            db.close().await;
            ran
        }
    }
}

/// The transactions of a database, through which its projections write.
type Unit<B> = <<B as Backend>::Checkpoints as CheckpointStore>::Unit;

/// From here on, the code does not know which database it is.
async fn run_on<B>(
    db: &B,
    rows: ReadRepository<OrderRow>,
    mailer: Mailer,
    listener: TcpListener,
    signal: impl Future<Output = Signal> + Send + 'static,
) -> Result<(), AppError>
where
    B: Backend<Store: EventStore + Clone>,
    OrderRows: EventSubscriber<Unit<B>>,
    Mailer: EventSubscriber<Unit<B>>,
{
    let (manager, service) = parts(db, rows, mailer).await?;
    // Only a browser on this machine sees the page: `Dashboard::access` decides otherwise.
    let page = Dashboard::new(ManagerAdmin::new(Arc::clone(&manager))).title("service").topology(Registry::global());
    let updates = page.live_updates();
    let router = http::router(service).nest("/admin", page.router());
    let router = router.route("/admin/", get(|| async { Redirect::permanent("/admin") }));
    manager.start().await?;
    let served = serve(listener, router, updates, signal).await;
    // The projections stop last: a request that waits for them is answered before.
    let stopped = manager.stop_within(STOP).await;
    served?;
    stopped?;
    Ok(())
}

/// Subscribes the projections, and returns what the routes need.
async fn parts<B>(
    db: &B,
    rows: ReadRepository<OrderRow>,
    mailer: Mailer,
) -> Result<(Arc<SubscriptionManager<B::Checkpoints>>, Service), AppError>
where
    B: Backend<Store: EventStore + Clone>,
    OrderRows: EventSubscriber<Unit<B>>,
    Mailer: EventSubscriber<Unit<B>>,
{
    let (metrics, rendered) = metrics::install()?;
    let manager = SubscriptionManager::builder(db).observer(metrics.clone());
    let manager = Arc::new(traces::of_manager(manager).build());
    tokio::spawn(metrics.sample_every(metrics::GAUGES, &manager));
    let rows_name = projections::subscribe(&manager, mailer).await?;

    let health = Arc::clone(&manager);
    let store = traces::of_store(Observed::new(db.event_store()).observer(metrics));
    let service = Service {
        // The stores wake the projections after an append, so this bus has no listener.
        orders: AggregateRepository::new(store, MemoryEventBus::new()),
        rows,
        rows_name,
        admin: Arc::new(ManagerAdmin::new(Arc::clone(&manager))),
        health: Arc::new(move || health.health(HealthLimits::default())),
        metrics: rendered,
    };
    Ok((manager, service))
}

/// Serves HTTP until the signal and then until the open requests are answered, at most [`DRAIN`] longer.
async fn serve(
    listener: TcpListener,
    router: Router,
    updates: LiveUpdates,
    signal: impl Future<Output = Signal> + Send + 'static,
) -> io::Result<()> {
    let address = listener.local_addr()?;
    let (draining, is_draining) = oneshot::channel();
    let server = axum::serve(listener, router.into_make_service_with_connect_info::<SocketAddr>())
        .with_graceful_shutdown(async move {
            let signal = signal.await;
            tracing::info!(%signal, "no new requests");
            // An open page is a request that stays open.
            updates.end();
            let _ = draining.send(());
        });
    println!("listening on http://{address}");
    let deadline = async {
        let _ = is_draining.await;
        tokio::time::sleep(DRAIN).await;
    };
    tokio::select! {
        served = server.into_future() => served,
        () = deadline => {
            tracing::warn!(after = ?DRAIN, "requests were cut off");
            Ok(())
        }
    }
}

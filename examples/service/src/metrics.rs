//! The metrics of eventsource, in the text format of Prometheus, for `GET /metrics`.
//!
//! `docs/metrics.md` in the repository of eventsource lists them, and `dashboards/` has a dashboard and alerts.

use std::time::Duration;

use eventsource::metrics::Metrics;
use metrics_exporter_prometheus::{BuildError, PrometheusBuilder, PrometheusHandle};

/// How often old samples of histograms are drained. Without it, they would pile up between two scrapes.
const UPKEEP: Duration = Duration::from_secs(5);
/// How often the gauges are set, such as the lag. A scrape sets none: it costs no query.
pub const GAUGES: Duration = Duration::from_secs(10);

/// The limits of the buckets, for seconds and for numbers of events.
const BUCKETS: &[f64] = &[0.001, 0.005, 0.025, 0.1, 0.5, 1.0, 5.0, 10.0, 100.0, 1_000.0, 10_000.0];

/// Installs the recorder of this process. Returns the observer that writes to it, and the handle that renders it.
pub fn install() -> Result<(Metrics, PrometheusHandle), BuildError> {
    let builder = PrometheusBuilder::new().with_recommended_naming(true).set_buckets(BUCKETS)?;
    let handle = builder.install_recorder()?;
    let upkeep = handle.clone();
    tokio::spawn(async move {
        loop {
            tokio::time::sleep(UPKEEP).await;
            upkeep.run_upkeep();
        }
    });
    // After the recorder is installed: it describes the metrics to it.
    Ok((Metrics::new(), handle))
}

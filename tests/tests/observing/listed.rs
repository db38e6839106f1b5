//! The list of the metrics for readers, the dashboard and the alerts name what the code emits.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use eventsource::metrics::{ALL, Kind, MetricInfo, names};

fn file(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(path)
}

fn read(path: &str) -> String {
    std::fs::read_to_string(file(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// Returns the list as Markdown.
fn list() -> String {
    let mut text = "# Metrics\n\nThe feature `metrics` of `eventsource` writes these metrics (`eventsource::metrics`). A test \
                    compares this list with the code.\nWrite it again with `UPDATE_METRICS=1 cargo test -p eventsource-tests \
                    --test observing listed`.\n\n| metric | in Prometheus | kind | unit | labels | what it measures |\n| --- | \
                    --- | --- | --- | --- | --- |\n"
        .to_owned();
    for metric in ALL {
        let MetricInfo { name, kind, unit, labels, description, .. } = metric;
        let labels: Vec<_> = labels.iter().map(|label| format!("`{label}`")).collect();
        let prometheus = metric.prometheus_name();
        writeln!(text, "| `{name}` | `{prometheus}` | {kind} | `{unit}` | {} | {description} |", labels.join(", "))
            .unwrap();
    }
    text
}

#[test]
fn list_of_metrics_is_the_one_of_the_code() {
    if std::env::var_os("UPDATE_METRICS").is_some() {
        std::fs::write(file("docs/metrics.md"), list()).unwrap();
    }
    assert_eq!(read("docs/metrics.md"), list(), "run this test with UPDATE_METRICS=1, and review the difference");
}

/// Returns the words of `text` that begin with `eventsource_`.
fn words(text: &str) -> BTreeSet<&str> {
    let words = text.split(|letter: char| !letter.is_ascii_alphanumeric() && letter != '_');
    words.filter(|word| word.starts_with("eventsource_")).collect()
}

/// Returns the series of all metrics, in the form of Prometheus, and the labels.
fn known() -> BTreeSet<String> {
    let mut known = BTreeSet::new();
    for metric in ALL {
        let name = metric.prometheus_name();
        if metric.kind == Kind::Histogram {
            known.extend(["_bucket", "_sum", "_count"].map(|suffix| format!("{name}{suffix}")));
        } else {
            known.insert(name);
        }
        known.extend(metric.labels.iter().map(|label| label.replace('.', "_")));
    }
    known
}

#[test]
fn dashboard_shows_each_metric_and_no_other() {
    let text = read("dashboards/grafana.json");
    let dashboard: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert!(dashboard["panels"].as_array().is_some_and(|panels| panels.len() > 10));
    let (shown, known) = (words(&text), known());
    let unknown: Vec<_> = shown.iter().filter(|word| !known.contains(**word)).collect();
    assert!(unknown.is_empty(), "the code does not emit {unknown:?}");
    for metric in ALL {
        let name = metric.prometheus_name();
        assert!(shown.iter().any(|word| word.starts_with(&name)), "the dashboard does not show {name}");
    }
}

#[test]
fn alerts_name_metrics_and_states_that_exist() {
    let text = read("dashboards/alerts.yml");
    let known = known();
    let unknown: Vec<_> = words(&text).into_iter().filter(|word| !known.contains(*word)).collect();
    assert!(unknown.is_empty(), "the code does not emit {unknown:?}");
    let alerts: Vec<_> = text.lines().filter_map(|line| line.trim().strip_prefix("- alert: ")).collect();
    assert_eq!(
        alerts,
        [
            "EventsourceLagTime",
            "EventsourceNoProgress",
            "EventsourceLettersOld",
            "EventsourceFaulted",
            "EventsourceHorizonHeld",
            "EventsourceTwoOwners"
        ]
    );
    let asked = format!("{}=~\"", names::STATE_NAME);
    let states = text.split(&asked).nth(1).and_then(|rest| rest.split('"').next()).unwrap();
    let exist: BTreeSet<_> =
        eventsource::SubscriptionState::NAMES.iter().map(|state| state.replace(' ', "_")).collect();
    assert!(states.split('|').all(|state| exist.contains(state)), "{states}");
}

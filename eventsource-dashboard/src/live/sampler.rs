//! Samples of the subscriptions, for all pages of this process.

use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use chrono::{DateTime, Utc};
use eventsource::admin::{Admin, AdminError, Overview, OverviewSample, SubscriptionView};
use tokio::runtime::Handle;

use super::LiveUpdates;
use super::history::History;

/// The time between two samples while no page is open.
const INTERVAL: Duration = Duration::from_secs(10);

/// The longest time that a page waits for a sample. Then it shows the last one.
const PATIENCE: Duration = Duration::from_secs(2);

/// The subscriptions at one time.
#[derive(Debug, Clone)]
pub(crate) struct Sample {
    pub(crate) overview: Arc<Overview>,
    /// Why there is no newer one, if the last attempt failed.
    pub(crate) trouble: Option<String>,
}

impl Sample {
    /// Returns what an open page shows of a sample. `None`: there is no overview yet.
    pub(super) fn of(sample: &OverviewSample) -> Option<Self> {
        let overview = Arc::new(sample.overview.clone()?);
        Some(Self { overview, trouble: sample.failure.clone() })
    }

    /// Returns why this sample is old, if it is.
    pub(crate) fn trouble(&self) -> Option<Trouble> {
        self.trouble.clone().map(|why| Trouble { at: self.overview.at, why })
    }
}

/// Why a page shows an old sample.
#[derive(Debug, Clone)]
pub(crate) struct Trouble {
    /// The time of the sample.
    pub(crate) at: DateTime<Utc>,
    pub(crate) why: String,
}

impl Trouble {
    /// Returns the age of the sample in seconds.
    pub(crate) fn age(&self) -> u64 {
        (Utc::now() - self.at).num_seconds().max(0).unsigned_abs()
    }
}

/// Why there is no sample, not even an old one.
#[derive(Debug)]
pub(crate) enum Missed {
    Failed(AdminError),
    Late,
}

impl fmt::Display for Missed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Failed(error) => eventsource::causes(error).fmt(f),
            Self::Late => write!(f, "There was no answer within {} seconds.", PATIENCE.as_secs()),
        }
    }
}

async fn in_time<T>(answer: impl Future<Output = Result<T, AdminError>>) -> Result<T, Missed> {
    match tokio::time::timeout(PATIENCE, answer).await {
        Ok(answer) => answer.map_err(Missed::Failed),
        Err(_) => Err(Missed::Late),
    }
}

/// Takes samples for pages that are loaded, and keeps the last one, and the last hour.
pub(crate) struct Sampler {
    admin: Arc<dyn Admin>,
    last: Mutex<Option<Arc<Overview>>>,
    history: History,
    /// Whether there is a task that takes samples also while no page is open.
    is_running: AtomicBool,
}

impl Sampler {
    pub(crate) fn new(admin: Arc<dyn Admin>) -> Self {
        Self { admin, last: Mutex::new(None), history: History::default(), is_running: AtomicBool::new(false) }
    }

    /// Takes a sample each 10 s, for the curves, until this is dropped or the live updates end. Later calls do nothing, and
    /// neither does a call outside of a Tokio runtime.
    pub(crate) fn run(self: &Arc<Self>, live: &LiveUpdates) {
        let Ok(runtime) = Handle::try_current() else { return };
        if self.is_running.swap(true, Ordering::Relaxed) {
            return;
        }
        let (sampler, live) = (Arc::downgrade(self), live.clone());
        runtime.spawn(async move {
            loop {
                tokio::select! {
                    () = live.ended() => return,
                    () = tokio::time::sleep(INTERVAL) => {}
                }
                let Some(sampler) = sampler.upgrade() else { return };
                if !sampler.history.is_current() {
                    // A page says what fails.
                    let _ = sampler.now().await;
                }
            }
        });
    }

    pub(crate) const fn history(&self) -> &History {
        &self.history
    }

    /// Keeps a sample, unless it is an old one.
    pub(super) fn remember(&self, sample: &Sample) {
        if sample.trouble.is_none() {
            self.history.note(&sample.overview);
            *self.last() = Some(Arc::clone(&sample.overview));
        }
    }

    fn last(&self) -> MutexGuard<'_, Option<Arc<Overview>>> {
        self.last.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes a sample, or returns the last one if the database fails or does not answer in time.
    pub(crate) async fn now(&self) -> Result<Sample, Missed> {
        match in_time(self.admin.overview()).await {
            Ok(overview) => {
                let sample = Sample { overview: Arc::new(overview), trouble: None };
                self.remember(&sample);
                Ok(sample)
            }
            Err(missed) => self.keep(&missed).ok_or(missed),
        }
    }

    /// Returns a subscription, and why it is from an old sample, if it is.
    pub(crate) async fn one(&self, name: &str) -> Result<(SubscriptionView, Option<Trouble>), Missed> {
        let missed = match in_time(self.admin.subscription(name)).await {
            Ok(view) => return Ok((view, None)),
            Err(missed @ Missed::Failed(AdminError::UnknownSubscription { .. })) => return Err(missed),
            Err(missed) => missed,
        };
        let kept = self.keep(&missed);
        let found = kept.and_then(|sample| {
            let view = sample.overview.subscriptions.iter().find(|view| view.name == name)?;
            Some((view.clone(), sample.trouble()))
        });
        found.ok_or(missed)
    }

    /// Returns the last sample, and why there is no newer one.
    fn keep(&self, missed: &Missed) -> Option<Sample> {
        let overview = self.last().clone()?;
        Some(Sample { overview, trouble: Some(missed.to_string()) })
    }
}

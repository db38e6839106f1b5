//! Reads the overview each second, while a receiver exists.
//!
//! All receivers of one [`Admin`](super::Admin) share one task. It ends when the last receiver is dropped, and the next
//! receiver starts it again. Both decisions are made under one lock, so no receiver is left without a task.

use std::future::Future;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::runtime::Handle;
use tokio::sync::watch;
use tokio::task::AbortHandle;
use tokio::time::{Instant, sleep};

use super::{AdminError, Overview, OverviewSample};
use crate::causes::with_causes;

/// The time between two samples.
const PERIOD: Duration = Duration::from_secs(1);

/// The time after which a store that has not answered counts as a failure, and the time after which it is asked again.
const SLOW: Duration = Duration::from_secs(2);
const HANGING: Duration = Duration::from_secs(30);

/// The task, and what it sends. The task ends when this is dropped.
#[derive(Debug, Default)]
pub(super) struct Sampler(Arc<Shared>);

#[derive(Debug, Default)]
struct Shared {
    sender: watch::Sender<Arc<OverviewSample>>,
    /// The task, while it runs.
    task: Mutex<Option<AbortHandle>>,
}

impl Drop for Sampler {
    fn drop(&mut self) {
        if let Some(task) = self.0.task.lock().unwrap_or_else(PoisonError::into_inner).take() {
            task.abort();
        }
    }
}

impl Sampler {
    /// Returns a receiver of what `read` returns each second. `read` returns `None` to end the task.
    pub(super) fn watch<R, F>(&self, read: R) -> watch::Receiver<Arc<OverviewSample>>
    where
        R: Fn() -> Option<F> + Send + 'static,
        F: Future<Output = Result<Overview, AdminError>> + Send + 'static,
    {
        let mut task = self.0.task.lock().unwrap_or_else(PoisonError::into_inner);
        let receiver = self.0.sender.subscribe();
        if task.as_ref().is_none_or(AbortHandle::is_finished) {
            match Handle::try_current() {
                Ok(runtime) => *task = Some(runtime.spawn(run(Arc::clone(&self.0), read)).abort_handle()),
                Err(_) => self.0.fail("a receiver was made outside of a Tokio runtime, so nothing is read".to_owned()),
            }
        }
        receiver
    }
}

async fn run<R, F>(shared: Arc<Shared>, read: R)
where
    R: Fn() -> Option<F> + Send + 'static,
    F: Future<Output = Result<Overview, AdminError>> + Send + 'static,
{
    while !shared.ends() {
        let Some(reading) = read() else { return };
        tokio::select! {
            () = shared.sample(reading) => {}
            () = shared.sender.closed() => continue,
        }
        tokio::select! {
            () = sleep(PERIOD) => {}
            () = shared.sender.closed() => {}
        }
    }
}

impl Shared {
    /// Returns whether there is no receiver. Then the task has ended: the next receiver starts another one.
    fn ends(&self) -> bool {
        let mut task = self.task.lock().unwrap_or_else(PoisonError::into_inner);
        let ends = self.sender.receiver_count() == 0;
        if ends {
            *task = None;
        }
        ends
    }

    /// Sends what `reading` returns. Sends a failure each second while it takes long.
    async fn sample(&self, reading: impl Future<Output = Result<Overview, AdminError>>) {
        tokio::pin!(reading);
        let start = Instant::now();
        let mut patience = SLOW;
        loop {
            tokio::select! {
                read = &mut reading => return match read {
                    Ok(overview) => drop(self.sender.send_replace(Arc::new(OverviewSample::of(overview)))),
                    Err(error) => self.fail(with_causes(&error).to_string()),
                },
                () = sleep(patience) => {
                    let waited = start.elapsed();
                    self.fail(format!("the stores have not answered for {} s", waited.as_secs()));
                    if waited >= HANGING {
                        return;
                    }
                    patience = PERIOD;
                }
            }
        }
    }

    fn fail(&self, failure: String) {
        self.sender.send_modify(|sample| *sample = Arc::new(sample.failed(failure)));
    }
}

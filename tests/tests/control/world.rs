//! A projection that fails as often as a test wants.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};

use eventsource::prelude::*;
use eventsource::subscription::FailurePolicy;
use eventsource_tests::domain::Bumped;
use eventsource_tests::wait::eventually;

/// Applies bumps outside a transaction. Fails at 2 for a number of times.
#[derive(Clone, Default)]
pub(crate) struct Fails {
    pub(crate) left: Arc<AtomicU32>,
    pub(crate) applied: Arc<Mutex<Vec<u64>>>,
}

#[projection(name = "fails", effects)]
impl Fails {
    #[handles(Bumped)]
    async fn bumped(&self, event: &Bumped) -> Result<(), HandlerError> {
        let fails = |left: u32| left.checked_sub(1);
        if event.by == 2 && self.left.fetch_update(Ordering::SeqCst, Ordering::SeqCst, fails).is_ok() {
            return Err(HandlerError::permanent("not yet"));
        }
        self.applied.lock().unwrap().push(event.by);
        Ok(())
    }
}

impl Fails {
    pub(crate) fn times(times: u32) -> Self {
        Self { left: Arc::new(AtomicU32::new(times)), applied: Arc::default() }
    }

    pub(crate) fn applied(&self) -> Vec<u64> {
        self.applied.lock().unwrap().clone()
    }
}

/// Faults at the first failure.
pub(crate) fn stops() -> SubscriptionConfig {
    SubscriptionConfig::default().on_failure(FailurePolicy::Stop)
}

/// Waits for the state of this name.
pub(crate) async fn is<P>(handle: &SubscriptionHandle<P>, state: &str) {
    eventually(state, || async { handle.snapshot().state.name() == state }).await;
}

/// Runs each case in memory and on SQLite.
#[macro_export]
macro_rules! on_both {
    ($($case:ident)*) => {
        mod in_memory {
            $(
                #[tokio::test]
                async fn $case() {
                    super::$case::<eventsource_tests::backend::Memory>().await;
                }
            )*
        }

        mod on_sqlite {
            $(
                #[tokio::test]
                async fn $case() {
                    super::$case::<eventsource_tests::backend::Sqlite>().await;
                }
            )*
        }
    };
}

//! Which databases the current task holds a unit of work on.

use std::future::Future;
use std::sync::Arc;

tokio::task_local! {
    static HELD: Vec<Held>;
}

/// A database on which a task holds a unit of work.
#[derive(Debug, Clone)]
pub(crate) struct Held {
    /// The file, as SQLite knows it.
    pub(crate) file: Arc<str>,
    /// Which pool of connections to that file.
    pub(crate) pool: u64,
}

/// Runs `work` with the mark that its task holds `held`.
pub(crate) async fn scope<F: Future>(held: Held, work: F) -> F::Output {
    let mut all = HELD.try_with(Clone::clone).unwrap_or_default();
    all.push(held);
    HELD.scope(all, work).await
}

/// Whether the task holds a unit of work for which `is` is true.
pub(crate) fn any(is: impl Fn(&Held) -> bool) -> bool {
    HELD.try_with(|all| all.iter().any(is)).unwrap_or(false)
}

//! Runs a future to its end, inside or outside of a runtime.

use std::future::Future;
use std::panic::resume_unwind;
use std::thread;

/// Returns the output of `future`, which runs on a thread of its own, since the test may run inside of a runtime. A
/// panic is passed on.
#[allow(clippy::panic, reason = "a test fails by a panic")]
pub(super) fn run<F: Future + Send>(future: F) -> F::Output
where
    F::Output: Send,
{
    let on_a_runtime = || match tokio::runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime.block_on(future),
        Err(error) => panic!("the test cannot run a future: {error}"),
    };
    match thread::scope(|scope| scope.spawn(on_a_runtime).join()) {
        Ok(output) => output,
        Err(panic) => resume_unwind(panic),
    }
}

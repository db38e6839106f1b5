//! Runs the handlers of a program over the real log, and keeps nothing.

mod options;
mod report;
mod run;
mod window;

pub use self::options::DryRun;
pub use self::report::{DryRunReport, TrialOutcome, TriedSubscription};

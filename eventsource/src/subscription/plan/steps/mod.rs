//! Steps over one stream: what each of its events changes.

mod changes;
mod error;
mod report;
mod run;
mod state;

pub use self::changes::{RowChange, RowChangeKind, StepChanges, ValueChange};
pub use self::error::StepError;
pub use self::report::{Step, StepOutcome, Steps};
pub use self::state::StepState;

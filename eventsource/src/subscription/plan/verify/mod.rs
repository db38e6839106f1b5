//! Compares a read model with its log.

mod error;
mod report;
mod run;
mod sifted;

pub use self::error::VerifyError;
pub use self::report::VerifyReport;

//! The ways to fail that have an exit code of their own.

use std::error::Error;
use std::process::ExitCode;

pub type Result<T> = std::result::Result<T, Box<dyn Error + Send + Sync>>;

#[derive(Debug, thiserror::Error)]
pub enum Failure {
    #[error("{path} is not a git repository: {git}")]
    NotARepository { path: String, git: String },
    #[error(
        "the database holds another history than {path} has now: {why}. Nothing was changed. \
         Run again with --fresh to empty the database and import from the beginning"
    )]
    OtherHistory { path: String, why: String },
}

impl Failure {
    pub fn exit_code(error: &(dyn Error + Send + Sync + 'static)) -> ExitCode {
        match error.downcast_ref() {
            Some(Self::NotARepository { .. }) => ExitCode::from(2),
            Some(Self::OtherHistory { .. }) => ExitCode::from(3),
            None => ExitCode::FAILURE,
        }
    }
}

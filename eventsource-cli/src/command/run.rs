//! `run`.

use clap::Args;

use crate::context::Context;
use crate::error::CliError;

#[derive(Debug, Clone, Args)]
pub struct Run {}

impl Run {
    /// Runs the program. It handles signals itself.
    pub(crate) async fn run(self, context: &Context) -> Result<(), CliError> {
        context.program("run")?.run(&context.options).await
    }
}

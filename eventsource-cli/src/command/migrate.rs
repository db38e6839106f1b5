//! `migrate`.

use clap::Args;
use serde_json::json;

use crate::connect::migrate;
use crate::context::{Confirm, Context};
use crate::error::CliError;

#[derive(Debug, Clone, Args)]
pub struct Migrate {}

impl Migrate {
    pub(crate) async fn run(self, context: &Context) -> Result<(), CliError> {
        context.confirm("create or migrate the tables; there is no way back", Confirm::Yes).await?;
        migrate(&context.options).await?;
        match context.output.is_json {
            true => context.output.document(&json!({ "format": 1, "migrated": true })),
            false => context.output.line("The tables are up to date."),
        }
    }
}

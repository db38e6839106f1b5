//! `migrate`.

use clap::Args;
use serde_json::json;

use crate::connect::{migrate, missing_migrations};
use crate::context::{Confirm, Context};
use crate::error::CliError;

#[derive(Debug, Clone, Args)]
pub struct Migrate {
    /// Print the SQL of the migrations that are missing, and change nothing: for a role that may create tables.
    #[arg(long)]
    print: bool,
}

impl Migrate {
    pub(super) const fn only_shows(&self) -> bool {
        self.print
    }

    pub(crate) async fn run(self, context: &Context) -> Result<(), CliError> {
        if self.print {
            let sql = missing_migrations(&context.options).await?;
            return match (context.output.is_json, sql.is_empty()) {
                (true, _) => context.output.document(&json!({ "format": 1, "sql": sql })),
                (false, true) => context.output.line("-- The tables are up to date."),
                (false, false) => context.output.line(sql.trim_end()),
            };
        }
        let is_due = !context.answered(missing_migrations(&context.options)).await?.is_empty();
        if is_due {
            context.confirm("create or migrate the tables; there is no way back", Confirm::Yes).await?;
            // It takes as long as it takes, if the database answers.
            migrate(&context.options).await?;
        }
        match (context.output.is_json, is_due) {
            (true, _) => context.output.document(&json!({ "format": 1, "migrated": is_due })),
            (false, true) => context.output.line("The tables were migrated: they are up to date."),
            (false, false) => context.output.line("The tables are up to date."),
        }
    }
}

//! `plan`: what this program would do to the database.

mod text;

use clap::Args;
use eventsource::subscription::plan::{Estimates, Plan as Planned};

use crate::context::Context;
use crate::error::CliError;

#[derive(Debug, Clone, Args)]
pub struct Plan {
    /// Do not estimate how long replays take.
    #[arg(long)]
    no_estimates: bool,
}

impl Plan {
    pub(crate) async fn run(self, context: &Context) -> Result<(), CliError> {
        let estimates = if self.no_estimates { Estimates::None } else { Estimates::Sampled };
        let plan = context.program("plan")?.look(&context.options).await?.plan(estimates).await?;
        match context.output.is_json {
            true => context.output.document(&plan)?,
            false => text::print(context, &plan)?,
        }
        let problems = refused(&plan);
        if problems.is_empty() { Ok(()) } else { Err(CliError::Check { problems }) }
    }
}

fn refused(plan: &Planned) -> Vec<String> {
    plan.refused().map(|planned| format!("`{}` would be refused", planned.name)).collect()
}

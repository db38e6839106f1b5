//! `plan`: what this program would do to the database.

mod dry_run;
mod text;

pub(super) use self::dry_run::event as failed_event;

use std::sync::Arc;

use clap::Args;
use eventsource::subscription::plan::{
    DryRun, DryRunReport, Estimates, Plan as Planned, PlannedSubscription, TriedSubscription,
};
use eventsource::text::exactly;
use serde_json::Value;

use super::progress::Progress;
use crate::context::Context;
use crate::error::CliError;
use crate::output::escape;

#[derive(Debug, Clone, Args)]
pub struct Plan {
    /// Do not estimate how long replays take.
    #[arg(long)]
    no_estimates: bool,
    /// Run the handlers over the real log, keep nothing, and list the events that would fail. If it is interrupted, nothing is
    /// left, and it begins again the next time.
    #[arg(long)]
    dry_run: bool,
    /// The last events of the log for the dry run.
    #[arg(long, value_name = "N", default_value_t = 10_000, requires = "dry_run", conflicts_with = "all")]
    last: u64,
    /// The whole log for the dry run.
    #[arg(long, requires = "dry_run")]
    all: bool,
}

impl Plan {
    pub(crate) async fn run(self, context: &Context) -> Result<(), CliError> {
        let estimates = if self.no_estimates { Estimates::None } else { Estimates::Sampled };
        let planned = context.program("plan")?.look(&context.options).await?;
        let mut plan = planned.plan(estimates).await?;
        let report = match self.dry_run {
            true => Some(self.dry_run(&*planned).await?),
            false => None,
        };
        if let Some(report) = &report {
            plan.estimate_by(report);
        }
        if context.output.is_json {
            let mut document = serde_json::to_value(&plan)?;
            if let (Some(report), Value::Object(entries)) = (&report, &mut document) {
                entries.insert("dry_run".to_owned(), serde_json::to_value(report)?);
            }
            context.output.document(&document)?;
        } else {
            text::print(context, &plan)?;
            report.iter().try_for_each(|report| dry_run::print(&context.output, report))?;
        }
        let mut problems = refused(&plan);
        problems.extend(report.iter().flat_map(DryRunReport::failed).map(would_fail));
        if problems.is_empty() { Ok(()) } else { Err(CliError::Check { problems }) }
    }

    async fn dry_run(&self, planned: &dyn crate::program::Planned) -> Result<DryRunReport, CliError> {
        let progress = Arc::new(Progress::new());
        let options = if self.all { DryRun::all() } else { DryRun::last(self.last) };
        let options = options.on_progress({
            let progress = Arc::clone(&progress);
            move |told| {
                let name = escape::line(told.subscription, 60);
                progress.show(&format!("trying {name}"), told.at.value(), told.to.value());
            }
        });
        planned.dry_run(&options).await
    }
}

fn refused(plan: &Planned) -> Vec<String> {
    let refused = plan.refused().map(|planned| format!("`{}` would be refused", planned.name));
    refused.chain(plan.obstructed().map(obstructed)).collect()
}

fn obstructed(planned: &PlannedSubscription) -> String {
    match planned.missing_tables.is_empty() {
        true => format!("`{}` is faulted", planned.name),
        false => format!("a table of `{}` is missing", planned.name),
    }
}

fn would_fail(tried: &TriedSubscription) -> String {
    format!("{} of `{}` would fail", exactly(tried.failed, "event"), tried.name)
}

//! `doctor`: the part that needs only the database.

use clap::Args;
use eventsource::projection::FindingLevel;

use crate::context::Context;
use crate::error::CliError;
use crate::output::escape;

#[derive(Debug, Clone, Args)]
pub struct Doctor {}

impl Doctor {
    pub(crate) async fn run(self, context: &Context) -> Result<(), CliError> {
        let diagnosis = context.reading().await?.admin.diagnose().await?;
        if context.output.is_json {
            context.output.document(&diagnosis)?;
        } else {
            for finding in &diagnosis.findings {
                let level = match finding.level {
                    FindingLevel::Error => "error",
                    FindingLevel::Warning => "warning",
                    _ => "note",
                };
                context.output.line(&format!("{level}: {}", escape::line(&finding.what, 2_000)))?;
                context.output.line(&format!("  why: {}", escape::line(&finding.why, 2_000)))?;
                context.output.line(&format!("  remedy: {}", escape::line(&finding.remedy, 2_000)))?;
            }
            if diagnosis.problems().next().is_none() {
                context.output.line("No problems were found.")?;
            }
        }
        let problems: Vec<_> = diagnosis.problems().map(|finding| finding.what.clone()).collect();
        if problems.is_empty() { Ok(()) } else { Err(CliError::Check { problems }) }
    }
}

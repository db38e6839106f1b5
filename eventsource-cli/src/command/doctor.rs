//! `doctor`: the part that needs only the database.

use clap::Args;
use eventsource::admin::Diagnosis;
use eventsource::projection::FindingLevel;
use eventsource::text::exactly;
use serde_json::json;

use crate::connect::grants;
use crate::context::Context;
use crate::error::CliError;
use crate::output::escape;

#[derive(Debug, Clone, Args)]
pub struct Doctor {
    /// Print the SQL that creates a role for readers, one for operators and one for services on PostgreSQL, and change
    /// nothing.
    #[arg(long)]
    grants: bool,
    /// What the names of the roles begin with.
    #[arg(long, value_name = "NAME", default_value = "eventsource", requires = "grants")]
    role_prefix: String,
}

impl Doctor {
    pub(crate) async fn run(self, context: &Context) -> Result<(), CliError> {
        if self.grants {
            let sql = grants(&context.options, &self.role_prefix)?;
            return match context.output.is_json {
                true => context.output.document(&json!({ "format": 1, "sql": sql })),
                false => context.output.line(sql.trim_end()),
            };
        }
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
        let (errors, warnings) = (of(&diagnosis, FindingLevel::Error), of(&diagnosis, FindingLevel::Warning));
        let problems = [(errors, "error"), (warnings, "warning")];
        let problems = problems.into_iter().filter(|(number, _)| *number > 0);
        let problems: Vec<_> = problems.map(|(number, noun)| exactly(number, noun)).collect();
        match problems.is_empty() {
            true => Ok(()),
            false => Err(CliError::Check { problems: vec![problems.join(" and ")] }),
        }
    }
}

/// Returns how many findings have this level.
fn of(diagnosis: &Diagnosis, level: FindingLevel) -> u64 {
    diagnosis.findings.iter().filter(|finding| finding.level == level).count() as u64
}

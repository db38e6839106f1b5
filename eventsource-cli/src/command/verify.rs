//! `verify`: compares a read model with its log.

use clap::Args;
use eventsource::projection::{RowDifferenceKind, TableComparison};
use eventsource::subscription::plan::VerifyReport;
use eventsource::text::exactly;

use super::plan::failed_event;
use super::progress::Progress;
use crate::context::Context;
use crate::error::CliError;
use crate::output::{Output, Table, escape};

#[derive(Debug, Clone, Args)]
pub struct Verify {
    /// The subscription.
    name: String,
}

impl Verify {
    pub(crate) async fn run(self, context: &Context) -> Result<(), CliError> {
        let planned = context.program("verify")?.look(&context.options).await?;
        let progress = Progress::new();
        let report = planned
            .verify(&self.name, &|told| {
                let name = escape::line(told.subscription, 60);
                progress.show(&format!("verifying {name}"), told.at.value(), told.to.value());
            })
            .await;
        drop(progress);
        let report = report?;
        match context.output.is_json {
            true => context.output.document(&report)?,
            false => print(&context.output, &report)?,
        }
        match report.is_equal() {
            true => Ok(()),
            false => Err(CliError::Check { problems: vec![format!("`{}` differs from its log", report.subscription)] }),
        }
    }
}

fn print(output: &Output, report: &VerifyReport) -> Result<(), CliError> {
    let VerifyReport { position, applied, left_out, .. } = report;
    let (name, applied) = (escape::line(&report.subscription, 200), exactly(*applied, "event"));
    let without = match left_out {
        0 => String::new(),
        left_out => format!(", without {} of dead letters", exactly(*left_out, "event")),
    };
    output.line(&format!("{name} was compared with its log at position {position}: {applied}{without}."))?;
    for failed in &report.failures {
        output.line(&format!("failed now: {}", failed_event(failed)))?;
    }
    let mut table = Table::new(&["TABLE", "ROWS", "MISSING", "EXTRA", "DIFFERENT"]);
    for compared in &report.tables {
        let numbers = [compared.rows, compared.missing, compared.extra, compared.different];
        table.row([compared.table.clone()].into_iter().chain(numbers.map(|number| number.to_string())));
    }
    output.table(&table)?;
    report.tables.iter().try_for_each(|compared| differences(output, compared))
}

fn differences(output: &Output, compared: &TableComparison) -> Result<(), CliError> {
    if compared.is_equal() {
        return Ok(());
    }
    output.line(&format!("{}:", escape::line(&compared.table, 200)))?;
    for row in &compared.differences {
        let what = match &row.kind {
            RowDifferenceKind::Missing {} => "is missing".to_owned(),
            RowDifferenceKind::Extra {} => "is not in the log".to_owned(),
            RowDifferenceKind::Different { columns } => {
                let columns = columns
                    .iter()
                    .map(|column| format!("{} is {}, and {} by the log", column.column, column.live, column.rebuilt));
                columns.collect::<Vec<_>>().join("; ")
            }
            other => format!("{other:?}"),
        };
        output.line(&format!("  {} {}", escape::line(&row.id, 200), escape::line(&what, 2_000)))?;
    }
    let all = compared.missing + compared.extra + compared.different;
    let more = all - compared.differences.len() as u64;
    if more > 0 { output.line(&format!("  and {}", exactly(more, "more row"))) } else { Ok(()) }
}

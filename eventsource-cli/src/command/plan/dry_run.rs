//! A dry run as text.

use eventsource::subscription::plan::{DryRunReport, FailedEvent, TrialOutcome};
use eventsource::text::exactly;

use crate::error::CliError;
use crate::output::{Output, Table, escape};

/// The most characters of a line.
const LONGEST: usize = 2_000;

pub(super) fn print(output: &Output, report: &DryRunReport) -> Result<(), CliError> {
    output.line("")?;
    output.line("Dry run: the handlers were called with the log, and nothing was kept.")?;
    let mut table = Table::new(&["NAME", "FROM", "TO", "APPLIED", "FAILED", "HELD"]);
    for tried in &report.subscriptions {
        let numbers = [tried.from.value(), tried.to.value(), tried.applied, tried.failed, tried.held];
        table.row([tried.name.clone()].into_iter().chain(numbers.map(|number| number.to_string())));
    }
    output.table(&table)?;
    for tried in &report.subscriptions {
        let name = escape::line(&tried.name, 200);
        if let Some(note) = note(&tried.outcome) {
            output.line(&format!("{name}: {}", escape::line(&note, LONGEST)))?;
        }
        for failed in &tried.failures {
            output.line(&format!("{name}: {}", event(failed)))?;
        }
        let more = tried.failed - tried.failures.len() as u64;
        if more > 0 {
            output.line(&format!("{name}: {} would fail", exactly(more, "more event")))?;
        }
    }
    Ok(())
}

fn note(outcome: &TrialOutcome) -> Option<String> {
    match outcome {
        TrialOutcome::Complete {} => None,
        TrialOutcome::OnlyDecoded {} => Some("its effects are outside: its events were only decoded".to_owned()),
        TrialOutcome::CutShort { reason } => Some(format!("only a part was tried: {reason}")),
        TrialOutcome::NotTried { reason } => Some(format!("not tried: {reason}")),
        other => Some(format!("{other:?}")),
    }
}

/// Returns the text of an event that would fail.
pub(in crate::command) fn event(failed: &FailedEvent) -> String {
    let FailedEvent { position, event_type, stream, errors, needs_earlier, .. } = failed;
    let note = if *needs_earlier { " (it may need an earlier event of its stream)" } else { "" };
    let text = format!("position {position}, `{event_type}` of {stream}: {}{note}", errors.join(": "));
    escape::line(&text, LONGEST)
}

//! A plan as text.

use eventsource::store::StoredType;
use eventsource::subscription::plan::{Estimate, EstimateBy, Plan, PlannedAction, PlannedSubscription};
use eventsource::text::short_name;

use crate::command::status::by;
use crate::context::Context;
use crate::error::CliError;
use crate::output::{Output, Table, escape};

/// The most characters of a line.
const LONGEST: usize = 2_000;

pub(super) fn print(context: &Context, plan: &Plan) -> Result<(), CliError> {
    let output = &context.output;
    output.line(&format!("The log ends at position {}.", plan.head))?;
    let mut table = Table::new(&["NAME", "ACTION", "FROM", "TIME", "KIND"]);
    for planned in &plan.subscriptions {
        let time = planned.estimate.as_ref().map_or_else(|| "-".to_owned(), time);
        let from = planned.from.to_string();
        let cells = [&*planned.name, planned.action.name(), &from, &time, &planned.kind];
        table.row(cells.map(ToString::to_string));
    }
    output.table(&table)?;
    for planned in &plan.subscriptions {
        details(output, planned)?;
    }
    let names: Vec<_> = plan.stored_only.iter().map(|stored| format!("`{}`", stored.name)).collect();
    listed(output, "Checkpoints without a subscription in this program", &names)?;
    listed(output, "Event types that nothing decodes", &types(&plan.unknown_types))?;
    listed(output, "Event types that nothing handles", &types(&plan.unhandled_types))
}

/// Prints what the table has no place for.
fn details(output: &Output, planned: &PlannedSubscription) -> Result<(), CliError> {
    let mut lines = Vec::new();
    if let PlannedAction::Refuse { reason } = &planned.action {
        lines.push(format!("refused: {reason}"));
    }
    if !planned.missing_tables.is_empty() {
        lines.push(format!("missing tables: {}", planned.missing_tables.join(", ")));
        let name = &planned.name;
        lines.push(format!(
            "The program would create them, without the rows of the events up to position {}: restore them, or run it and \
             `rebuild {name}`.",
            planned.from
        ));
    }
    if let Some(failure) = &planned.failure {
        lines.push(format!("faulted: {failure}"));
        lines.push("The program would apply that event again.".to_owned());
    }
    if let Some(change) = &planned.change {
        lines.push(format!("stored:  {}", change.stored));
        lines.push(format!("program: {}", change.current));
        let parts = [
            ("events added", &change.events_added),
            ("events removed", &change.events_removed),
            ("columns added", &change.columns_added),
            ("columns removed", &change.columns_removed),
            ("also", &change.other),
        ];
        let parts = parts.into_iter().filter(|(_, names)| !names.is_empty());
        lines.extend(parts.map(|(what, names)| format!("{what}: {}", names.join(", "))));
    }
    if let Some(owner) = &planned.owner {
        let owner = short_name(owner);
        lines.push(format!("owned by {owner}: this program would stand by until that one ends"));
    }
    if let Some(pause) = &planned.pause {
        lines.push(format!("paused {}", by(pause)));
    }
    if lines.is_empty() {
        return Ok(());
    }
    output.line(&format!("{}:", escape::line(&planned.name, 200)))?;
    lines.iter().try_for_each(|line| output.line(&format!("  {}", escape::line(line, LONGEST))))
}

fn listed(output: &Output, what: &str, names: &[String]) -> Result<(), CliError> {
    match names {
        [] => Ok(()),
        names => output.line(&format!("{what}: {}", escape::line(&names.join(", "), LONGEST))),
    }
}

fn types(types: &[StoredType]) -> Vec<String> {
    types.iter().map(|stored| format!("`{}` from position {}", stored.name, stored.first)).collect()
}

/// Returns the text of an estimate, such as `about 3 min`.
fn time(estimate: &Estimate) -> String {
    let about = match estimate.seconds {
        seconds if seconds < 1.0 => "less than 1 s".to_owned(),
        seconds if seconds < 120.0 => format!("about {seconds:.0} s"),
        seconds if seconds < 7_200.0 => format!("about {:.0} min", seconds / 60.0),
        seconds => format!("about {:.0} h", seconds / 3_600.0),
    };
    match estimate.by {
        EstimateBy::Reading => format!("{about} to read"),
        _ => about,
    }
}

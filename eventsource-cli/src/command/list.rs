//! `list`: the projections of the program next to what is stored.

use clap::Args;
use eventsource::admin::SubscriptionView;
use eventsource::subscription::plan::{Estimates, PlannedAction, PlannedSubscription};
use serde::Serialize;

use crate::context::Context;
use crate::error::CliError;
use crate::output::Table;

#[derive(Debug, Clone, Args)]
pub struct List {}

/// A subscription of the program or of the database.
#[derive(Debug, Serialize)]
struct Listed<'a> {
    name: &'a str,
    /// What the code of the program says of it.
    code: &'static str,
    planned: Option<&'a PlannedSubscription>,
    stored: Option<&'a SubscriptionView>,
}

#[derive(Debug, Serialize)]
struct Listing<'a> {
    format: u32,
    subscriptions: Vec<Listed<'a>>,
}

impl List {
    pub(crate) async fn run(self, context: &Context) -> Result<(), CliError> {
        let planned = context.program("list")?.look(&context.options).await?;
        let plan = planned.plan(Estimates::None).await?;
        let overview = planned.admin().overview().await?;
        let view = |name: &str| overview.subscriptions.iter().find(|view| view.name == name);
        let of_code = plan.subscriptions.iter().map(|planned| Listed {
            name: &planned.name,
            code: code(planned),
            planned: Some(planned),
            stored: view(&planned.name),
        });
        let is_of_code = |view: &&SubscriptionView| plan.subscriptions.iter().any(|planned| planned.name == view.name);
        let orphans = overview.subscriptions.iter().filter(|view| !is_of_code(view)).map(|view| Listed {
            name: &view.name,
            code: "not in the program",
            planned: None,
            stored: Some(view),
        });
        let mut subscriptions: Vec<_> = of_code.chain(orphans).collect();
        subscriptions.sort_by_key(|listed| listed.name);
        if context.output.is_json {
            return context.output.document(&Listing { format: 1, subscriptions });
        }
        let mut table = Table::new(&["NAME", "PROGRAM", "STATE", "POSITION", "KIND"]).optional(&["KIND"]);
        for Listed { name, code, planned, stored } in subscriptions {
            let state = stored.map_or("-", |view| &*view.state);
            let position = stored.map_or_else(|| "-".to_owned(), |view| view.position.to_string());
            let kind = planned.map(|planned| &*planned.kind).or_else(|| stored.map(|view| &*view.kind));
            table.row([name, code, state, &position, kind.unwrap_or("-")].map(str::to_owned));
        }
        context.output.table(&table)
    }
}

fn code(planned: &PlannedSubscription) -> &'static str {
    match (&planned.action, &planned.change) {
        (_, Some(_)) => "changed",
        (PlannedAction::Refuse { .. }, None) => "refused",
        (PlannedAction::Start {}, None) => "new",
        (PlannedAction::Replay {}, None) => "in memory",
        _ => "unchanged",
    }
}

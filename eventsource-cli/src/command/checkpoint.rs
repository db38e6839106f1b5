//! `checkpoint`.

use clap::Subcommand;
use eventsource::admin::SubscriptionView;
use serde_json::json;

use crate::context::Context;
use crate::error::CliError;
use crate::output::Table;

#[derive(Debug, Clone, Subcommand)]
pub enum CheckpointCommand {
    /// Show the checkpoints, or that of one subscription.
    Show {
        /// Only this subscription.
        name: Option<String>,
    },
}

impl CheckpointCommand {
    pub(crate) async fn run(self, context: &Context) -> Result<(), CliError> {
        let Self::Show { name } = self;
        let admin = context.reading().await?.admin;
        let views = match name {
            Some(name) => vec![admin.subscription(&name).await?],
            None => admin.overview().await?.subscriptions,
        };
        let stored = views.iter().filter(|view| view.updated_at.is_some());
        if context.output.is_json {
            let checkpoints: Vec<_> = stored.map(as_json).collect();
            return context.output.document(&json!({ "format": 1, "checkpoints": checkpoints }));
        }
        let mut table = Table::new(&["NAME", "POSITION", "UPDATED", "OWNER", "FINGERPRINT"]);
        for view in stored {
            let updated = view.updated_at.map(|at| at.to_string()).unwrap_or_default();
            let owner = view.owner.as_ref().map_or("-", |owner| &owner.manager).to_owned();
            table.row([view.name.clone(), view.position.to_string(), updated, owner, view.fingerprint.clone()]);
        }
        context.output.table(&table)
    }
}

fn as_json(view: &SubscriptionView) -> serde_json::Value {
    json!({
        "name": view.name, "position": view.position, "updated_at": view.updated_at, "owner": view.owner,
        "fingerprint": view.fingerprint, "rebuild_to": view.rebuild_to, "next_generation": view.next_generation,
        "pause": view.pause,
    })
}

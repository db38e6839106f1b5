//! `checkpoint`.

use clap::Subcommand;
use eventsource::admin::SubscriptionView;
use eventsource::event::Position;
use eventsource::subscription::Action;
use eventsource::text::time;
use serde_json::json;

use super::status::owner;
use super::steer::steer;
use crate::context::{Confirm, Context};
use crate::error::CliError;
use crate::output::Table;

#[derive(Debug, Clone, Subcommand)]
pub enum CheckpointCommand {
    /// Show the checkpoints, or that of one subscription.
    Show {
        /// Only this subscription.
        name: Option<String>,
    },
    /// Move a checkpoint forward without applying the events in between. They are recorded as skipped for ever.
    Skip {
        /// The subscription.
        name: String,
        /// The last position that is skipped.
        #[arg(long, value_name = "P")]
        to: u64,
        /// The reason, for other operators.
        #[arg(long)]
        reason: String,
    },
    /// Remove the checkpoint and the dead letters of a subscription that no process has any more.
    Forget {
        /// The subscription.
        name: String,
    },
}

impl CheckpointCommand {
    pub(super) const fn only_shows(&self) -> bool {
        matches!(self, Self::Show { .. })
    }

    pub(crate) async fn run(self, context: &Context) -> Result<(), CliError> {
        match self {
            Self::Show { name } => show(context, name).await,
            Self::Skip { name, to, reason } => skip(context, &name, Position::new(to), reason).await,
            Self::Forget { name } => {
                let change = format!("remove the checkpoint and the dead letters of `{name}`");
                let connected = context.changing().await?;
                steer(context, &connected, &name, Action::Forget {}, &change, Some(Confirm::Name(&name))).await
            }
        }
    }
}

async fn skip(context: &Context, name: &str, to: Position, reason: String) -> Result<(), CliError> {
    let connected = context.changing().await?;
    let from = context.answered(async { Ok(connected.admin.subscription(name).await?) }).await?.position;
    if to <= from {
        let usage =
            format!("`{name}` is at position {from} already: a skip goes forward only; `rebuild {name}` goes back");
        return Err(CliError::Usage(usage));
    }
    let change = format!("skip the events after position {from} up to {to}: `{name}` never applies them");
    steer(context, &connected, name, Action::Skip { from, to, reason }, &change, Some(Confirm::Name(name))).await
}

async fn show(context: &Context, name: Option<String>) -> Result<(), CliError> {
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
    let mut table =
        Table::new(&["NAME", "POSITION", "UPDATED", "OWNER", "FINGERPRINT"]).optional(&["FINGERPRINT", "UPDATED"]);
    for view in stored {
        let updated = view.updated_at.map(time).unwrap_or_default();
        table.row([view.name.clone(), view.position.to_string(), updated, owner(view), view.fingerprint.clone()]);
    }
    context.output.table(&table)
}

fn as_json(view: &SubscriptionView) -> serde_json::Value {
    json!({
        "name": view.name, "position": view.position, "updated_at": view.updated_at, "owner": view.owner,
        "fingerprint": view.fingerprint, "rebuild_to": view.rebuild_to, "next_generation": view.next_generation,
        "pause": view.pause, "skipped": view.skipped,
    })
}

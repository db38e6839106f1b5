//! `rebuild`.

use std::time::Duration;

use clap::{Args, Subcommand};
use eventsource::admin::SubscriptionView;
use eventsource::subscription::{Action, RebuildKind};
use serde_json::json;

use super::progress::Progress;
use super::steer::{answer, steer};
use crate::connect::Connected;
use crate::context::{Confirm, Context};
use crate::error::CliError;
use crate::output::{Table, escape};

#[derive(Debug, Clone, Args)]
#[command(args_conflicts_with_subcommands = true, subcommand_negates_reqs = true)]
pub struct Rebuild {
    #[command(subcommand)]
    command: Option<Other>,
    /// The subscription.
    #[arg(required = true)]
    name: Option<String>,
    /// Build new tables, and switch to them when they are complete.
    #[arg(long)]
    side_by_side: bool,
    /// Build the new tables and keep them up to date, and switch to them with `rebuild switch`. It ends when the rebuild
    /// has begun.
    #[arg(long, requires = "side_by_side")]
    hold: bool,
    /// The reason of the hold, for other operators.
    #[arg(long, requires = "hold", default_value = "", hide_default_value = true)]
    reason: String,
    /// End when the rebuild has begun.
    #[arg(long)]
    detach: bool,
}

#[derive(Debug, Clone, Subcommand)]
enum Other {
    /// Switch to the new tables that a rebuild holds, as soon as they have reached the end of the log.
    Switch {
        /// The subscription.
        name: String,
        /// End when the switch is asked for.
        #[arg(long)]
        detach: bool,
    },
    /// Cancel the unfinished rebuild of a subscription.
    Cancel {
        /// The subscription.
        name: String,
    },
    /// List the unfinished rebuilds.
    Status,
}

/// The time between two looks at a rebuild.
const LOOK: Duration = Duration::from_millis(200);

impl Rebuild {
    pub(super) const fn only_shows(&self) -> bool {
        matches!(self.command, Some(Other::Status))
    }

    pub(crate) async fn run(self, context: &Context) -> Result<(), CliError> {
        match (self.command, self.name) {
            (Some(Other::Cancel { name }), _) => {
                let change = format!("cancel the unfinished rebuild of `{name}`");
                let connected = context.changing().await?;
                steer(context, &connected, &name, Action::CancelRebuild {}, &change, Some(Confirm::Yes)).await
            }
            (Some(Other::Switch { name, detach }), _) => switch(context, &name, detach).await,
            (Some(Other::Status), _) => status(context).await,
            (None, Some(name)) if self.hold => hold(context, &name, self.reason).await,
            (None, Some(name)) => begin(context, &name, self.side_by_side, self.detach).await,
            (None, None) => Err(CliError::Usage("name the subscription".to_owned())),
        }
    }
}

async fn hold(context: &Context, name: &str, reason: String) -> Result<(), CliError> {
    let change = format!(
        "build new tables for `{name}` from the log, whose names end in `__next`, and keep them for `rebuild switch {name}`"
    );
    let connected = context.changing().await?;
    steer(context, &connected, name, Action::RebuildAndHold { reason }, &change, Some(Confirm::Yes)).await
}

async fn switch(context: &Context, name: &str, detach: bool) -> Result<(), CliError> {
    let connected = context.changing().await?;
    let before = context.answered(async { Ok(connected.admin.subscription(name).await?) }).await?;
    // Without a hold it changes nothing.
    if before.hold.is_some() {
        let change = format!("switch to the new tables of `{name}`, and drop the present ones");
        context.confirm(&change, Confirm::Yes).await?;
    }
    let begun = context.carry_out(&connected, name, Action::SwitchRebuild {}).await?;
    answer(context, &begun)?;
    match detach || unfinished(&before).is_none() {
        true => Ok(()),
        false => follow(context, &connected, name).await,
    }
}

async fn begin(context: &Context, name: &str, side_by_side: bool, detach: bool) -> Result<(), CliError> {
    let kind = if side_by_side { RebuildKind::SideBySide } else { RebuildKind::InPlace };
    let connected = context.changing().await?;
    let view = context.answered(async { Ok(connected.admin.subscription(name).await?) }).await?;
    let (change, confirm) = match kind {
        RebuildKind::SideBySide => {
            (format!("build new tables for `{name}` from the log, and switch to them"), Confirm::Yes)
        }
        _ => {
            let next = discarded(&view);
            let change = match &*view.kind {
                "effects" => {
                    format!("call the handlers of `{name}` for the whole log again: each effect happens again")
                }
                _ => format!("empty the read model of `{name}`{next}, and replay the log into it"),
            };
            (change, Confirm::Name(name))
        }
    };
    context.confirm(&change, confirm).await?;
    let begun = context.carry_out(&connected, name, Action::Rebuild { kind }).await?;
    answer(context, &begun)?;
    match detach {
        true => Ok(()),
        false => follow(context, &connected, name).await,
    }
}

/// Says which next generation a rebuild in place discards.
fn discarded(view: &SubscriptionView) -> String {
    match (&view.hold, view.next_generation) {
        (Some(hold), _) if hold.reason.is_empty() => format!(", discard the next generation that {} holds", hold.by),
        (Some(hold), _) => format!(", discard the next generation that {} holds ({})", hold.by, hold.reason),
        (None, Some(_)) => ", discard its unfinished next generation".to_owned(),
        (None, None) => String::new(),
    }
}

/// Waits until the rebuild of a subscription is complete. It is stored before the owner answers.
async fn follow(context: &Context, connected: &Connected, name: &str) -> Result<(), CliError> {
    let goes_on =
        format!("the rebuild of `{name}` goes on; `rebuild status` shows it, `rebuild cancel {name}` ends it");
    // It is set once: a command follows one rebuild.
    let _ = context.under_way.set(goes_on);
    let progress = Progress::new();
    loop {
        let view = context.answered(async { Ok(connected.admin.subscription(name).await?) }).await?;
        if let Some(hold) = &view.hold {
            let by = escape::line(&hold.by, 200);
            return ended(context, &format!("the rebuild is held by {by}: `rebuild switch {name}` lets it serve"));
        }
        let Some((done, total)) = unfinished(&view) else { return ended(context, "the rebuild is complete") };
        if !matches!(
            &*view.state,
            "rebuilding" | "catching up" | "live" | "running" | "retrying" | "waiting" | "restarting"
        ) {
            let position = view.position.value();
            return Err(CliError::RebuildEnded { subscription: view.name, state: view.state, position });
        }
        let total = match total {
            Some(total) => total,
            None => context.answered(async { Ok(connected.store.head().await?) }).await?.value(),
        };
        progress.show("rebuilding", done, total);
        tokio::time::sleep(LOOK).await;
    }
}

/// Says how a followed rebuild ended. As JSON, the answer to the request is the only document.
fn ended(context: &Context, how: &str) -> Result<(), CliError> {
    match context.output.is_json {
        true => Ok(()),
        false => context.output.line(how),
    }
}

/// Returns the position of an unfinished rebuild, and where it ends; `None` if that is the end of the log.
fn unfinished(view: &SubscriptionView) -> Option<(u64, Option<u64>)> {
    let in_place = view.rebuild_to.map(|to| (view.position.value(), Some(to.value())));
    in_place.or_else(|| view.next_generation.map(|at| (at.value(), None)))
}

async fn status(context: &Context) -> Result<(), CliError> {
    let overview = context.reading().await?.admin.overview().await?;
    let rebuilds = overview.subscriptions.iter().filter_map(|view| Some((view, unfinished(view)?)));
    if context.output.is_json {
        let rebuilds: Vec<_> = rebuilds
            .map(|(view, (position, to))| {
                let kind = if view.rebuild_to.is_some() { "in_place" } else { "side_by_side" };
                let to = to.unwrap_or(overview.head.value());
                json!({
                    "subscription": view.name, "kind": kind, "state": view.state, "position": position, "to": to,
                    "hold": view.hold,
                })
            })
            .collect();
        return context.output.document(&json!({ "format": 1, "rebuilds": rebuilds }));
    }
    let mut table = Table::new(&["NAME", "KIND", "STATE", "POSITION", "TO"]);
    for (view, (position, to)) in rebuilds {
        let kind = match (view.rebuild_to, &view.hold) {
            (Some(_), _) => "in place",
            (None, Some(_)) => "side by side, held",
            (None, None) => "side by side",
        };
        let to = to.unwrap_or(overview.head.value());
        let state = escape::line(&view.state, 60);
        table.row([view.name.clone(), kind.to_owned(), state, position.to_string(), to.to_string()]);
    }
    context.output.table(&table)
}

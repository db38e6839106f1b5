//! `pause`, `resume` and `restart`.

use std::time::Duration;

use clap::Args;
use eventsource::projection::operations::StoredRequest;
use eventsource::subscription::Action;
use serde_json::json;

use crate::context::{Confirm, Context};
use crate::error::CliError;
use crate::output::escape;

#[derive(Debug, Clone, Args)]
pub struct Pause {
    /// The subscription.
    name: String,
    /// The reason, for other operators.
    #[arg(long, default_value = "")]
    reason: String,
    /// End when the pause is stored. The owner may still apply a batch.
    #[arg(long)]
    detach: bool,
}

/// The time between two looks at a subscription.
const LOOK: Duration = Duration::from_millis(50);

#[derive(Debug, Clone, Args)]
pub struct Named {
    /// The subscription.
    name: String,
}

impl Pause {
    pub(crate) async fn run(self, context: &Context) -> Result<(), CliError> {
        let change = format!("pause `{}`, until `resume`", self.name);
        steer(context, &self.name, Action::Pause { reason: self.reason }, &change, Confirm::Yes).await?;
        match self.detach {
            true => Ok(()),
            false => paused(context, &self.name).await,
        }
    }
}

impl Named {
    pub(crate) async fn resume(self, context: &Context) -> Result<(), CliError> {
        let change = format!("end the pause of `{}`", self.name);
        steer(context, &self.name, Action::Resume {}, &change, Confirm::Yes).await
    }

    pub(crate) async fn restart(self, context: &Context) -> Result<(), CliError> {
        let change = format!("start `{}` again, and end a pause of it", self.name);
        steer(context, &self.name, Action::Restart {}, &change, Confirm::Yes).await
    }
}

/// Waits until a paused subscription has applied its last event: its owner ends the present batch first. A subscription that
/// no process has is paused at once.
async fn paused(context: &Context, name: &str) -> Result<(), CliError> {
    let connected = context.reading().await?;
    let deadline = tokio::time::Instant::now() + context.options.timeout;
    loop {
        let view = context.answered(async { Ok(connected.admin.subscription(name).await?) }).await?;
        let is_owned = view.owner.as_ref().is_some_and(|owner| !owner.is_expired);
        // An operator can have removed the pause meanwhile.
        if !is_owned || view.state == "paused" || view.pause.is_none() {
            return Ok(());
        }
        if tokio::time::Instant::now() >= deadline {
            return Err(CliError::NotPaused { subscription: name.to_owned(), state: view.state });
        }
        tokio::time::sleep(LOOK).await;
    }
}

/// Confirms a change, asks the owner for it, and prints the answer.
pub(super) async fn steer(
    context: &Context,
    name: &str,
    action: Action,
    change: &str,
    confirm: Confirm<'_>,
) -> Result<(), CliError> {
    let connected = context.changing().await?;
    // An unknown name is found before the question.
    context.answered(async { Ok(connected.admin.subscription(name).await?) }).await?;
    context.confirm(change, confirm).await?;
    let ended = context.carry_out(&connected, name, action).await?;
    answer(context, &ended)
}

/// Prints what has become of a request.
pub(super) fn answer(context: &Context, ended: &StoredRequest) -> Result<(), CliError> {
    match context.output.is_json {
        true => context.output.document(&json!({ "format": 1, "request": ended.request, "result": ended.state })),
        false => {
            let (name, state) = (escape::line(&ended.request.subscription, 200), ended.state.to_string());
            context.output.line(&format!("{name}: {}", escape::line(&state, 2_000)))
        }
    }
}

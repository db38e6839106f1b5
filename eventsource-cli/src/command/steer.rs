//! `pause`, `resume` and `restart`.

use std::time::Duration;

use clap::Args;
use eventsource::projection::operations::StoredRequest;
use eventsource::subscription::Action;
use serde_json::json;

use crate::connect::Connected;
use crate::context::{Confirm, Context};
use crate::error::CliError;
use crate::output::{escape, nested};

#[derive(Debug, Clone, Args)]
pub struct Pause {
    /// The subscription.
    name: String,
    /// The reason, for other operators.
    #[arg(long, default_value = "", hide_default_value = true)]
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
        let connected = context.changing().await?;
        let action = Action::Pause { reason: self.reason };
        steer(context, &connected, &self.name, action, &change, Some(Confirm::Yes)).await?;
        match self.detach {
            true => Ok(()),
            false => paused(context, &connected, &self.name).await,
        }
    }
}

impl Named {
    pub(crate) async fn resume(self, context: &Context) -> Result<(), CliError> {
        self.steer(context, Action::Resume {}).await
    }

    pub(crate) async fn restart(self, context: &Context) -> Result<(), CliError> {
        self.steer(context, Action::Restart {}).await
    }

    /// It is not confirmed: it destroys nothing.
    async fn steer(self, context: &Context, action: Action) -> Result<(), CliError> {
        let connected = context.changing().await?;
        steer(context, &connected, &self.name, action, "", None).await
    }
}

/// Waits until a paused subscription has applied its last event: its owner ends the present batch first. A subscription that
/// no process has is paused at once.
async fn paused(context: &Context, connected: &Connected, name: &str) -> Result<(), CliError> {
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

/// Confirms a change, if it needs that, asks the owner for it, and prints the answer.
pub(super) async fn steer(
    context: &Context,
    connected: &Connected,
    name: &str,
    action: Action,
    change: &str,
    confirm: Option<Confirm<'_>>,
) -> Result<(), CliError> {
    // An unknown name is found before the question.
    context.answered(async { Ok(connected.admin.subscription(name).await?) }).await?;
    if let Some(confirm) = confirm {
        context.confirm(change, confirm).await?;
    }
    let ended = context.carry_out(connected, name, action).await?;
    answer(context, &ended)
}

/// Prints what has become of a request.
pub(super) fn answer(context: &Context, ended: &StoredRequest) -> Result<(), CliError> {
    match context.output.is_json {
        true => context
            .output
            .document(&json!({ "format": 1, "request": nested::request(&ended.request)?, "result": ended.state })),
        false => {
            let (name, state) = (escape::line(&ended.request.subscription, 200), ended.state.to_string());
            context.output.line(&format!("{name}: {}", escape::line(&state, 2_000)))
        }
    }
}

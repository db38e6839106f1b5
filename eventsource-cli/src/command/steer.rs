//! `pause`, `resume` and `restart`.

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
}

#[derive(Debug, Clone, Args)]
pub struct Named {
    /// The subscription.
    name: String,
}

impl Pause {
    pub(crate) async fn run(self, context: &Context) -> Result<(), CliError> {
        let change = format!("pause `{}`, until `resume`", self.name);
        steer(context, &self.name, Action::Pause { reason: self.reason }, &change, Confirm::Yes).await
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

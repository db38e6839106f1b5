//! `wait`.

use clap::Args;
use eventsource::event::Position;
use serde_json::json;

use crate::context::Context;
use crate::error::CliError;
use crate::output::{escape, note};

#[derive(Debug, Clone, Args)]
pub struct Wait {
    /// The subscription.
    name: String,
    /// The position of the event; without it, the present end of the log.
    position: Option<u64>,
}

impl Wait {
    pub(crate) async fn run(self, context: &Context) -> Result<(), CliError> {
        let connected = context.reading().await?;
        let within = context.options.timeout;
        if let Some(position) = self.position.map(Position::new).filter(|_| !context.output.is_json) {
            let head = context.answered(async { Ok(connected.store.head().await?) }).await?;
            if position > head {
                note(&format!("the log ends at position {head}: this waits for later events"));
            }
        }
        let passed = async {
            Ok(match self.position {
                Some(position) => connected.admin.wait_for(&self.name, Position::new(position).into(), within).await?,
                None => connected.admin.caught_up(&self.name, within).await?,
            })
        };
        let passed = context.served(passed).await?;
        match context.output.is_json {
            true => context.output.document(&json!({ "format": 1, "subscription": self.name, "position": passed })),
            false => context.output.line(&format!("{} is at position {passed}", escape::line(&self.name, 200))),
        }
    }
}

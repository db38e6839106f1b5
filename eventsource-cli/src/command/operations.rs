//! `operations`.

use clap::Args;
use eventsource::projection::operations::RequestQuery;
use eventsource::subscription::Action;
use eventsource::text::time;
use serde_json::json;
use uuid::Uuid;

use crate::context::Context;
use crate::error::CliError;
use crate::id::parse_id;
use crate::output::{Table, nested};

#[derive(Debug, Clone, Args)]
pub struct Operations {
    /// Only the requests about this subscription.
    name: Option<String>,
    /// Only the requests before this one.
    #[arg(long, value_name = "ID", value_parser = parse_id)]
    before: Option<Uuid>,
    /// At most this many.
    #[arg(long, default_value_t = 50, value_name = "N")]
    limit: usize,
}

impl Operations {
    pub(crate) async fn run(self, context: &Context) -> Result<(), CliError> {
        let limit = self.limit.clamp(1, 10_000);
        let mut query = RequestQuery::latest(limit + 1);
        if let Some(name) = &self.name {
            query = query.of(name);
        }
        if let Some(before) = self.before {
            query = query.before(before);
        }
        let admin = context.reading().await?.admin;
        let mut requests = admin.requests(&query).await?;
        if let Some(name) = self.name.filter(|_| requests.is_empty()) {
            // A wrong name is told.
            admin.subscription(&name).await?;
        }
        let more = requests.len() > limit;
        requests.truncate(limit);
        if context.output.is_json {
            let requests = requests
                .iter()
                .map(|stored| Ok(json!({ "request": nested::request(&stored.request)?, "result": stored.state })));
            let requests = requests.collect::<Result<Vec<_>, CliError>>()?;
            return context.output.document(&json!({ "format": 1, "requests": requests, "more": more }));
        }
        let mut table = Table::new(&["ASKED", "BY", "SUBSCRIPTION", "ACTION", "STATE"]).optional(&["BY"]);
        for stored in &requests {
            let request = &stored.request;
            let action = Action::of_stored(stored).map_or_else(|_| request.action.clone(), |action| action.to_string());
            table.row([
                time(request.at),
                request.by.clone(),
                request.subscription.clone(),
                action,
                stored.state.to_string(),
            ]);
        }
        context.output.table(&table)?;
        match requests.last().filter(|_| more) {
            Some(last) => context.output.line(&format!("There are more: add `--before {}`.", last.request.id)),
            None => Ok(()),
        }
    }
}

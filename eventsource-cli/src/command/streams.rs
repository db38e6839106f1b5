//! `streams`, and how a stream is written.

use clap::Args;
use eventsource::event::StreamId;
use eventsource::store::StreamQuery;
use serde_json::json;
use uuid::Uuid;

use crate::context::Context;
use crate::error::CliError;
use crate::output::{Table, escape};

#[derive(Debug, Clone, Args)]
pub struct Streams {
    /// Only the streams of this aggregate type.
    aggregate_type: Option<String>,
    /// Only the streams after this one: its type, `/` and its id, or its id if the type is given.
    #[arg(long, value_name = "TYPE/ID")]
    after: Option<String>,
    /// At most this many.
    #[arg(long, default_value_t = 100, value_name = "N")]
    limit: usize,
}

impl Streams {
    pub(crate) async fn run(self, context: &Context) -> Result<(), CliError> {
        let limit = self.limit.clamp(1, 10_000);
        let mut query = self.query()?;
        let admin = context.reading().await?.admin;
        let (mut streams, mut more) = (Vec::new(), true);
        while more && streams.len() < limit {
            let page = admin.streams(&query.clone().limit(limit - streams.len())).await?;
            more = page.more;
            streams.extend(page.streams);
            match streams.last() {
                Some(last) => query = query.after(&last.stream),
                None => break,
            }
        }
        if more && let Some(last) = streams.last() {
            // A full page can be the last one.
            more = !admin.streams(&query.after(&last.stream).limit(1)).await?.streams.is_empty();
        }
        if context.output.is_json {
            return context.output.document(&json!({ "format": 1, "streams": streams, "more": more }));
        }
        let mut table = Table::new(&["STREAM", "EVENTS"]);
        for found in &streams {
            table.row([found.stream.to_string(), found.version.to_string()]);
        }
        context.output.table(&table)?;
        match streams.last().filter(|_| more) {
            Some(last) if self.aggregate_type.is_some() => {
                let id = last.stream.aggregate_id();
                context.output.line(&format!("There are more: add `--after {id}`."))
            }
            Some(last) => {
                let stream = escape::line(&last.stream.to_string(), 1_000);
                context.output.line(&format!("There are more: add `--after {stream}`."))
            }
            None => Ok(()),
        }
    }

    fn query(&self) -> Result<StreamQuery, CliError> {
        let query = self.aggregate_type.as_ref().map_or_else(StreamQuery::all, StreamQuery::of_type);
        let Some(after) = &self.after else { return Ok(query) };
        let stream = match (&self.aggregate_type, after.parse::<Uuid>()) {
            (Some(aggregate_type), Ok(id)) => StreamId::new(aggregate_type.clone(), id),
            _ => parse_stream(after).map_err(CliError::Usage)?,
        };
        Ok(query.after(&stream))
    }
}

/// Reads a stream as it is shown, such as `Order/018f…`.
pub(super) fn parse_stream(text: &str) -> Result<StreamId, String> {
    let wrong = || format!("`{}` is no stream: write the aggregate type, `/` and the id", escape::line(text, 200));
    let (aggregate_type, id) = text.rsplit_once('/').ok_or_else(wrong)?;
    let id = id.parse::<Uuid>().map_err(|_| wrong())?;
    Ok(StreamId::new(aggregate_type.to_owned(), id))
}

//! `streams`, and how a stream is written.

use clap::Args;
use eventsource::event::StreamId;
use serde_json::json;
use uuid::Uuid;

use crate::context::Context;
use crate::error::CliError;
use crate::output::{Table, escape};

#[derive(Debug, Clone, Args)]
pub struct Streams {
    /// The aggregate type.
    aggregate_type: String,
    /// Only the streams after this id.
    #[arg(long, value_name = "ID")]
    after: Option<Uuid>,
    /// At most this many.
    #[arg(long, default_value_t = 100, value_name = "N")]
    limit: usize,
}

impl Streams {
    pub(crate) async fn run(self, context: &Context) -> Result<(), CliError> {
        let limit = self.limit.clamp(1, 10_000);
        let store = context.reading().await?.store;
        let mut streams = store.streams(&self.aggregate_type, self.after, limit + 1).await?;
        let more = streams.len() > limit;
        streams.truncate(limit);
        if context.output.is_json {
            let streams: Vec<_> =
                streams.iter().map(|stored| json!({ "stream": stored.stream, "version": stored.version })).collect();
            return context.output.document(&json!({ "format": 1, "streams": streams, "more": more }));
        }
        let mut table = Table::new(&["STREAM", "EVENTS"]);
        for stored in &streams {
            table.row([stored.stream.to_string(), stored.version.to_string()]);
        }
        context.output.table(&table)?;
        match streams.last().filter(|_| more) {
            Some(last) => {
                let id = last.stream.aggregate_id();
                context.output.line(&format!("There are more: add `--after {id}`."))
            }
            None => Ok(()),
        }
    }
}

/// Reads a stream as it is shown, such as `Order/018f…`.
pub(super) fn parse_stream(text: &str) -> Result<StreamId, String> {
    let wrong = || format!("`{}` is no stream: write the aggregate type, `/` and the id", escape::line(text, 200));
    let (aggregate_type, id) = text.rsplit_once('/').ok_or_else(wrong)?;
    let id = id.parse::<Uuid>().map_err(|_| wrong())?;
    Ok(StreamId::new(aggregate_type.to_owned(), id))
}

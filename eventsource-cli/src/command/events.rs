//! `events`.

use std::collections::BTreeMap;
use std::time::Duration;

use clap::{Args, Subcommand};
use eventsource::admin::{Admin, DecodedView, EventView};
use eventsource::event::{EventFilter, Position, StreamId};
use eventsource::store::{MAX_QUERY_LIMIT, PageLimit, StoredType};
use eventsource::text::time;
use serde_json::json;
use uuid::Uuid;

use super::streams::parse_stream;
use crate::context::Context;
use crate::error::CliError;
use crate::id::parse_id;
use crate::output::{Table, escape, nested};

#[derive(Debug, Clone, Subcommand)]
pub enum Events {
    /// Print the latest events, and then each new one until it is interrupted.
    Tail(Tail),
    /// Show an event.
    Show {
        /// Its id, or its position in the log.
        #[arg(value_name = "ID|POSITION", value_parser = parse_event)]
        event: EventRef,
    },
    /// List the events of a stream, by version.
    Stream {
        /// The stream, as it is shown.
        #[arg(value_name = "TYPE/ID", value_parser = parse_stream)]
        stream: StreamId,
        /// Only the events after this version.
        #[arg(long, default_value_t = 0, value_name = "VERSION")]
        after: u64,
        /// At most this many, up to 200.
        #[arg(long, default_value_t = 100, value_name = "N")]
        limit: usize,
    },
    /// List the types of the events in the log, with the position of the first event of each.
    Types,
    /// List the events with a correlation id, each with the event that caused it.
    Correlation {
        /// The correlation id.
        #[arg(value_parser = parse_id)]
        id: Uuid,
        /// Only the events after this position.
        #[arg(long, default_value_t = 0, value_name = "P")]
        after: u64,
        /// At most this many, up to 200.
        #[arg(long, default_value_t = 100, value_name = "N")]
        limit: usize,
    },
}

/// How an event is named.
#[derive(Debug, Clone, Copy)]
pub enum EventRef {
    Id(Uuid),
    Position(Position),
}

fn parse_event(text: &str) -> Result<EventRef, String> {
    let position = text.parse().map(|position| EventRef::Position(Position::new(position)));
    let event = position.or_else(|_| text.parse().map(EventRef::Id));
    event.map_err(|_| "write the id of the event, as a UUID, or its position, as a number".to_owned())
}

impl EventRef {
    async fn read(self, admin: &dyn Admin) -> Result<EventView, CliError> {
        match self {
            Self::Id(id) => Ok(admin.event(id).await?),
            Self::Position(position) => {
                let before = Position::new(position.value().saturating_add(1));
                let page = admin.events(Some(before), &EventFilter::all(), 1).await?;
                let found = page.events.into_iter().find(|event| event.position == position);
                found.ok_or(CliError::NoEvent { position: position.value() })
            }
        }
    }
}

#[derive(Debug, Clone, Args)]
pub struct Tail {
    /// Only events of these types.
    #[arg(long = "type", value_name = "NAME")]
    types: Vec<String>,
    /// Begin with this many of the events that are there, up to 200.
    #[arg(long, alias = "limit", default_value_t = 10, value_name = "N")]
    last: usize,
    /// End after the events that are there.
    #[arg(long)]
    no_follow: bool,
}

/// The longest time between two looks, if the store announces nothing.
const POLL: Duration = Duration::from_millis(500);

/// The most bytes of events that are read at once.
const PAGE_BYTES: usize = 4 << 20;

/// The most types that are listed.
const MOST_TYPES: usize = 10_000;

/// The most characters of a payload as text. All of it is in the JSON.
const LONGEST_PAYLOAD: usize = 20_000;

impl Events {
    pub(super) const fn only_shows(&self) -> bool {
        !matches!(self, Self::Tail(Tail { no_follow: false, .. }))
    }

    pub(crate) async fn run(self, context: &Context) -> Result<(), CliError> {
        match self {
            Self::Tail(tail) => tail.run(context).await,
            Self::Show { event } => {
                let admin = context.reading().await?.admin;
                let event = event.read(&*admin).await?;
                let decoded = admin.decode(&event);
                if context.output.is_json {
                    let event = nested::event(&event)?;
                    return context.output.document(&json!({ "format": 1, "event": event, "decoded": decoded }));
                }
                show(context, &event)?;
                decoded.map_or(Ok(()), |decoded| show_decoded(context, &decoded))
            }
            Self::Stream { stream, after, limit } => of_stream(context, &stream, after, limit).await,
            Self::Types => types(context).await,
            Self::Correlation { id, after, limit } => correlation(context, id, after, limit).await,
        }
    }
}

impl Tail {
    async fn run(self, context: &Context) -> Result<(), CliError> {
        let connected = context.reading().await?;
        let filter = if self.types.is_empty() { EventFilter::all() } else { EventFilter::types(self.types) };
        let mut wake_ups = connected.store.wake_ups();
        let mut after = context.answered(async { Ok(connected.store.head().await?) }).await?;
        if self.last > 0 {
            let before = Position::new(after.value().saturating_add(1));
            let page = connected.admin.events(Some(before), &filter, self.last).await?;
            for event in page.events.iter().rev() {
                print(context, event)?;
            }
        }
        if self.no_follow {
            return Ok(());
        }
        loop {
            let limit = PageLimit::events(200).within_bytes(PAGE_BYTES);
            let page = context.answered(async { Ok(connected.store.read_log(after, &filter, limit).await?) }).await?;
            for event in &page.events {
                print(context, &EventView::of(event))?;
            }
            if page.horizon > after {
                after = page.horizon;
                continue;
            }
            match &mut wake_ups {
                Some(wake_ups) => tokio::select! {
                    () = wake_ups.wait() => {}
                    () = tokio::time::sleep(POLL) => {}
                },
                None => tokio::time::sleep(POLL).await,
            }
        }
    }
}

/// Prints an event as one line.
fn print(context: &Context, event: &EventView) -> Result<(), CliError> {
    if context.output.is_json {
        return context.output.item(&json!({ "format": 1, "event": nested::event(event)? }));
    }
    let (name, stream) = (escape::line(&event.event_type, 60), escape::line(&event.stream.to_string(), 100));
    let payload = escape::line(&event.payload, 200);
    context.output.cut_line(&format!("{}  {name}  {stream} v{}  {payload}", event.position, event.version))
}

/// Prints an event with all that is stored of it.
pub(super) fn show(context: &Context, event: &EventView) -> Result<(), CliError> {
    let optional = |key, value: Option<String>| value.map(|value| (key, value));
    let mut lines = vec![
        ("position", event.position.to_string()),
        ("id", event.id.to_string()),
        ("type", format!("{}, version {}", event.event_type, event.schema_version)),
        ("stream", format!("{}, version {}", event.stream, event.version)),
        ("happened", time(event.occurred_at)),
        ("stored", time(event.recorded_at)),
    ];
    lines.extend(optional("correlation", event.correlation_id.map(|id| id.to_string())));
    lines.extend(optional("caused by", event.causation_id.map(|id| id.to_string())));
    lines.extend(optional("actor", event.actor.clone()));
    lines.extend(optional("tenant", event.tenant.clone()));
    lines.extend(event.metadata.iter().map(|(key, value)| ("metadata", format!("{key} = {value}"))));
    lines.extend(optional("unreadable", event.unreadable.clone()));
    for (key, value) in lines {
        context.output.line(&format!("{key:17} {}", escape::line(&value, 2_000)))?;
    }
    context.output.line(&format!("{:17} {}", "payload", escape::line(&event.payload, LONGEST_PAYLOAD)))?;
    match event.payload.chars().nth(LONGEST_PAYLOAD) {
        Some(_) => {
            context.output.line(&format!("The payload has {} bytes: see all with `--json`.", event.payload.len()))
        }
        None => Ok(()),
    }
}

/// Prints an event as the code of this program reads it.
fn show_decoded(context: &Context, decoded: &DecodedView) -> Result<(), CliError> {
    let lines = match decoded {
        DecodedView::Read { rust_type, version, payload } => {
            vec![("read as", format!("{rust_type}, version {version}")), ("read payload", payload.clone())]
        }
        DecodedView::Failed { rust_type, error } => vec![("not read as", format!("{rust_type}: {error}"))],
        _ => vec![("read as", "unknown: this program has no type for it".to_owned())],
    };
    lines
        .iter()
        .try_for_each(|(key, value)| context.output.line(&format!("{key:17} {}", escape::line(value, LONGEST_PAYLOAD))))
}

async fn of_stream(context: &Context, stream: &StreamId, after: u64, limit: usize) -> Result<(), CliError> {
    let page = context.reading().await?.admin.stream(stream, after, limit).await?;
    if context.output.is_json {
        return context.output.document(&nested::page(&page, &page.events)?);
    }
    let mut table = Table::new(&["VERSION", "POSITION", "TYPE", "STORED", "PAYLOAD"]).optional(&["STORED", "POSITION"]);
    for event in &page.events {
        let numbers = [event.version.to_string(), event.position.to_string(), event.event_type.clone()];
        table.row(numbers.into_iter().chain([time(event.recorded_at), event.payload.clone()]));
    }
    context.output.table(&table)?;
    match page.events.last().filter(|_| page.more) {
        Some(last) => context.output.line(&format!("There are more: add `--after {}`.", last.version)),
        None => Ok(()),
    }
}

async fn types(context: &Context) -> Result<(), CliError> {
    let admin = context.reading().await?.admin;
    let (mut types, mut more): (Vec<StoredType>, bool) = (Vec::new(), true);
    while more && types.len() < MOST_TYPES {
        let after = types.last().map(|last| last.name.clone());
        let page = admin.event_types(after.as_deref(), MAX_QUERY_LIMIT).await?;
        more = page.more;
        types.extend(page.types);
    }
    if context.output.is_json {
        return context.output.document(&json!({ "format": 1, "types": types, "more": more }));
    }
    let mut table = Table::new(&["TYPE", "POSITION OF THE FIRST EVENT"]);
    for found in &types {
        table.row([found.name.clone(), found.first.to_string()]);
    }
    context.output.table(&table)
}

/// Lists the events with one correlation id, each with the event that caused it.
async fn correlation(context: &Context, id: Uuid, after: u64, limit: usize) -> Result<(), CliError> {
    let page = context.reading().await?.admin.correlated(id, Position::new(after), limit).await?;
    if context.output.is_json {
        return context.output.document(&nested::page(&page, &page.events)?);
    }
    let positions: BTreeMap<_, _> = page.events.iter().map(|event| (event.id, event.position)).collect();
    let mut table =
        Table::new(&["POSITION", "CAUSED BY", "TYPE", "STREAM", "STORED"]).optional(&["STORED", "CAUSED BY"]);
    for event in &page.events {
        // A cause that is not among the events is a command, or an event of another page.
        let cause = event.causation_id.map_or_else(
            || "-".to_owned(),
            |cause| positions.get(&cause).map_or_else(|| cause.to_string(), ToString::to_string),
        );
        let stream = format!("{} v{}", event.stream, event.version);
        table.row([event.position.to_string(), cause, event.event_type.clone(), stream, time(event.recorded_at)]);
    }
    context.output.table(&table)?;
    if let Some(last) = page.events.last().filter(|_| page.more) {
        context.output.line(&format!("There are more: add `--after {}`.", last.position))?;
    }
    match page.unsearched_to {
        Some(to) => context.output.line(&format!(
            "Only the events after position {to} were searched: the log has no index on correlation ids."
        )),
        None => Ok(()),
    }
}

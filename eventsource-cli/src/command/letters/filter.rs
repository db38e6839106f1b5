//! Which dead letters a command is about.

use chrono::{DateTime, Utc};
use clap::Args;
use eventsource::event::StreamId;
use eventsource::projection::LetterSearch;

use crate::command::streams::parse_stream;
use crate::time::parse_time;

/// Conditions that a letter must meet, all of them.
#[derive(Debug, Clone, Default, Args)]
#[group(skip)]
pub struct Filter {
    /// Only letters of this stream.
    #[arg(long, value_name = "TYPE/ID", value_parser = parse_stream)]
    pub(super) stream: Option<StreamId>,
    /// Only letters of events of this type.
    #[arg(long = "type", value_name = "NAME")]
    pub(super) event_type: Option<String>,
    /// Only letters whose error contains this text in its first line.
    #[arg(long, value_name = "TEXT")]
    pub(super) error: Option<String>,
    /// Only letters that failed before this time: RFC 3339, or how long ago, such as `2h`.
    #[arg(long, value_name = "TIME", value_parser = parse_time)]
    pub(super) before: Option<DateTime<Utc>>,
}

impl Filter {
    pub(super) const fn is_empty(&self) -> bool {
        self.stream.is_none() && self.event_type.is_none() && self.error.is_none() && self.before.is_none()
    }

    /// Returns the search for letters of the subscription `name`.
    pub(super) fn search(&self, name: Option<&str>) -> LetterSearch {
        let mut search = name.map_or_else(LetterSearch::default, LetterSearch::of);
        search.stream.clone_from(&self.stream);
        search.event_type.clone_from(&self.event_type);
        search.error.clone_from(&self.error);
        search.failed_before = self.before;
        search
    }
}

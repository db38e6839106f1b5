//! `letters groups`.

use clap::Args;
use eventsource::text::time;

use super::filter::Filter;
use crate::context::Context;
use crate::error::CliError;
use crate::output::Table;

#[derive(Debug, Clone, Args)]
pub struct Groups {
    /// The subscription; without it, all of them.
    name: Option<String>,
    /// Count the dismissed letters in place of those that wait.
    #[arg(long)]
    dismissed: bool,
    #[command(flatten)]
    filter: Filter,
}

impl Groups {
    pub(super) async fn run(self, context: &Context) -> Result<(), CliError> {
        let admin = context.reading().await?.admin;
        if let Some(name) = &self.name {
            admin.subscription(name).await?;
        }
        let search = self.filter.search(self.name.as_deref());
        let search = if self.dismissed { search.dismissed() } else { search.waiting() };
        let groups = admin.letter_groups(&search).await?;
        if context.output.is_json {
            return context.output.document(&groups);
        }
        let mut table = Table::new(&["LETTERS", "EVENT TYPE", "FAILED FIRST", "FAILED LAST", "ERROR"])
            .optional(&["FAILED FIRST", "FAILED LAST"]);
        for group in &groups.groups {
            let [oldest, newest] = [group.oldest, group.newest].map(time);
            table.row([group.letters.to_string(), group.event_type.clone(), oldest, newest, group.error.clone()]);
        }
        context.output.table(&table)?;
        match groups.is_exact && !groups.more_groups {
            true => Ok(()),
            false => context.output.line("There are more letters than were counted: the numbers are lower bounds."),
        }
    }
}

//! `letters list`.

use clap::{Args, ValueEnum};
use eventsource::admin::Admin;
use eventsource::event::Position;
use eventsource::projection::{DeadLetter, ErrorClass, LetterKey, LetterQuery};
use eventsource::text::bounded;
use serde_json::json;

use super::filter::Filter;
use super::state;
use crate::context::Context;
use crate::error::CliError;
use crate::output::{Table, escape};

#[derive(Debug, Clone, Args)]
pub struct List {
    /// The subscription; without it, all of them.
    name: Option<String>,
    /// Which letters.
    #[arg(long, default_value = "waiting")]
    state: State,
    /// Only the letters after this one: its subscription, `/` and its position, or its position if the subscription is given.
    #[arg(long, value_name = "NAME/POSITION")]
    after: Option<String>,
    /// At most this many.
    #[arg(long, default_value_t = 100, value_name = "N")]
    limit: usize,
    #[command(flatten)]
    filter: Filter,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum State {
    /// All letters.
    All,
    /// Those that wait, and those that are applied next.
    Waiting,
    /// Those that are applied next.
    Released,
    /// Those that were given up.
    Dismissed,
    /// Those whose last error can pass.
    Transient,
    /// Those whose last error stays.
    Permanent,
}

impl List {
    pub(super) async fn run(self, context: &Context) -> Result<(), CliError> {
        let admin = context.reading().await?.admin;
        if let Some(name) = &self.name {
            admin.subscription(name).await?;
        }
        let (after, limit) = (self.after()?, self.limit.clamp(1, 10_000));
        // One more than is shown: it tells whether there are more.
        let mut letters = match self.is_search() {
            true => self.find(&*admin, after, limit + 1).await?,
            false => self.of_each(&*admin, after, limit + 1).await?,
        };
        let more = letters.len() > limit;
        letters.truncate(limit);
        if context.output.is_json {
            return context.output.document(&json!({ "format": 1, "letters": letters, "more": more }));
        }
        context.output.table(&self.table(&letters))?;
        match letters.last().filter(|_| more) {
            Some(last) => {
                let name = match &self.name {
                    Some(_) => String::new(),
                    None => format!("{}/", escape::line(&last.subscription, 1_000)),
                };
                context.output.line(&format!("There are more: add `--after {name}{}`.", last.position))
            }
            None => Ok(()),
        }
    }

    fn table(&self, letters: &[DeadLetter]) -> Table {
        let columns = ["POSITION", "EVENT", "STREAM", "STATE", "ATTEMPTS", "EVENTS BEHIND IT", "ERROR"];
        let name = self.name.is_none().then_some("NAME");
        let columns: Vec<_> = name.into_iter().chain(columns).collect();
        let mut table = Table::new(&columns).optional(&["EVENTS BEHIND IT", "ATTEMPTS", "STATE", "STREAM"]);
        for letter in letters {
            let name = self.name.is_none().then(|| letter.subscription.clone());
            table.row(name.into_iter().chain([
                letter.position.to_string(),
                letter.event_type.clone(),
                letter.stream.to_string(),
                state(letter),
                letter.attempts.to_string(),
                bounded(letter.held),
                letter.errors.first().cloned().unwrap_or_default(),
            ]));
        }
        table
    }

    /// Returns the letter after which the list begins.
    fn after(&self) -> Result<Option<LetterKey>, CliError> {
        let Some(after) = &self.after else { return Ok(None) };
        let (name, position) = match (&self.name, after.rsplit_once('/')) {
            (Some(name), Some((other, position))) if name == other => (&**name, position),
            (Some(name), _) => (&**name, &**after),
            (None, Some(parts)) => parts,
            (None, None) => {
                let usage = "without a subscription, `--after` needs the subscription, `/` and the position";
                return Err(CliError::Usage(usage.to_owned()));
            }
        };
        let position = position.parse().map_err(|_| {
            CliError::Usage(format!("`{}` is no position: write a number", escape::line(position, 200)))
        })?;
        Ok(Some(LetterKey::new(name, Position::new(position))))
    }

    /// Returns whether the letters are searched for, over all subscriptions if none is given.
    fn is_search(&self) -> bool {
        let is_searchable = matches!(self.state, State::All | State::Waiting | State::Dismissed);
        !self.filter.is_empty() || (self.name.is_none() && is_searchable)
    }

    /// Returns the first `limit` letters that the filter finds.
    async fn find(
        &self,
        admin: &dyn Admin,
        mut after: Option<LetterKey>,
        limit: usize,
    ) -> Result<Vec<DeadLetter>, CliError> {
        let search = self.filter.search(self.name.as_deref());
        let search = match self.state {
            State::All => search,
            State::Waiting => search.waiting(),
            State::Dismissed => search.dismissed(),
            State::Released | State::Transient | State::Permanent => {
                let usage = "a filter is for letters of the states `all`, `waiting` and `dismissed`";
                return Err(CliError::Usage(usage.to_owned()));
            }
        };
        let mut letters = Vec::new();
        while letters.len() < limit {
            let page = admin.find_letters(&search, after.as_ref(), limit - letters.len()).await?;
            letters.extend(page.letters);
            match page.next {
                Some(next) => after = Some(next),
                None => break,
            }
        }
        Ok(letters)
    }

    /// Returns the first `limit` letters in this state, of the given subscription or of each one.
    async fn of_each(
        &self,
        admin: &dyn Admin,
        after: Option<LetterKey>,
        limit: usize,
    ) -> Result<Vec<DeadLetter>, CliError> {
        let names = match &self.name {
            Some(name) => vec![name.clone()],
            None => admin.overview().await?.subscriptions.into_iter().map(|view| view.name).collect(),
        };
        let mut letters = Vec::new();
        for name in names {
            let position = match &after {
                Some(key) if name < key.subscription => continue,
                Some(key) if name == key.subscription => key.position,
                _ => Position::START,
            };
            letters.extend(admin.letters(&name, self.query(position).limit(limit - letters.len())).await?);
            if letters.len() >= limit {
                break;
            }
        }
        Ok(letters)
    }

    fn query(&self, after: Position) -> LetterQuery {
        let query = match self.state {
            State::All => LetterQuery::all(),
            State::Waiting => LetterQuery::parking(),
            State::Released => LetterQuery::released(),
            State::Dismissed => LetterQuery::dismissed(),
            State::Transient => LetterQuery::failed(ErrorClass::Transient),
            State::Permanent => LetterQuery::failed(ErrorClass::Permanent),
        };
        query.after(after)
    }
}

//! `status`.

use std::time::Duration;

use clap::Args;
use eventsource::admin::{Overview, SubscriptionView};

use crate::connect::Connected;
use crate::context::Context;
use crate::error::CliError;
use crate::output::{Table, escape};

#[derive(Debug, Clone, Args)]
pub struct Status {
    /// Only this subscription.
    name: Option<String>,
    /// Show it again each second, until it is interrupted.
    #[arg(long, conflicts_with = "check")]
    watch: bool,
    /// End with 3 if a subscription does not run, or has dead letters, or if the log is held back.
    #[arg(long)]
    check: bool,
}

/// The time between two looks of `--watch`.
const WATCH: Duration = Duration::from_secs(1);

impl Status {
    /// Returns whether it ends with the first answer.
    pub(super) const fn only_shows(&self) -> bool {
        !self.watch
    }

    pub(crate) async fn run(self, context: &Context) -> Result<(), CliError> {
        let connected = context.reading().await?;
        loop {
            let look = async {
                match &self.name {
                    Some(name) => self.one(context, &connected, name).await,
                    None => self.all(context, &connected).await,
                }
            };
            let problems = context.answered(look).await?;
            if self.check && !problems.is_empty() {
                return Err(CliError::Check { problems });
            }
            if !self.watch {
                return Ok(());
            }
            tokio::time::sleep(WATCH).await;
        }
    }

    async fn all(&self, context: &Context, connected: &Connected) -> Result<Vec<String>, CliError> {
        let overview = connected.admin.overview().await?;
        let output = &context.output;
        match (output.is_json, self.watch) {
            (true, true) => output.item(&overview)?,
            (true, false) => output.document(&overview)?,
            (false, _) => {
                output.line(&head(&overview))?;
                output.table(&table(&overview.subscriptions))?;
            }
        }
        let stalled = overview.stalled_by.iter().map(|by| format!("the log is held back by {by}"));
        Ok(stalled.chain(overview.subscriptions.iter().flat_map(problems)).collect())
    }

    async fn one(&self, context: &Context, connected: &Connected, name: &str) -> Result<Vec<String>, CliError> {
        let view = connected.admin.subscription(name).await?;
        let output = &context.output;
        match (output.is_json, self.watch) {
            (true, true) => output.item(&view)?,
            (true, false) => output.document(&view)?,
            (false, _) => {
                for (key, value) in details(&view) {
                    output.line(&format!("{key:12} {}", escape::line(&value, 2_000)))?;
                }
            }
        }
        Ok(problems(&view).collect())
    }
}

fn head(overview: &Overview) -> String {
    let head = format!("The log ends at position {}.", overview.head);
    match &overview.stalled_by {
        Some(by) => format!("{head} It is held back by {}.", escape::line(by, 500)),
        None => head,
    }
}

fn table(views: &[SubscriptionView]) -> Table {
    let mut table = Table::new(&["NAME", "STATE", "POSITION", "BEHIND", "LETTERS", "HELD", "OWNER"])
        .optional(&["HELD", "OWNER", "POSITION"]);
    for view in views {
        let letters = counted(view.letters);
        let cells = [&view.name, &state(view)].map(Clone::clone).into_iter();
        let numbers = [view.position.to_string(), counted(view.behind), letters, view.held.to_string()];
        table.row(cells.chain(numbers).chain([owner(view)]));
    }
    table
}

/// Returns a number that was counted up to 10,001.
pub(super) fn counted(number: u64) -> String {
    if number > 10_000 { "10000+".to_owned() } else { number.to_string() }
}

pub(super) fn state(view: &SubscriptionView) -> String {
    match &view.pause {
        Some(_) if view.state != "paused" => format!("{} (pause wanted)", view.state),
        _ => view.state.clone(),
    }
}

pub(super) fn owner(view: &SubscriptionView) -> String {
    match &view.owner {
        Some(owner) if owner.is_expired => format!("{} (expired)", owner.manager),
        Some(owner) => owner.manager.clone(),
        None => "-".to_owned(),
    }
}

fn details(view: &SubscriptionView) -> Vec<(&'static str, String)> {
    let mut lines = vec![("name", view.name.clone()), ("state", state(view))];
    let optional = |key, value: &Option<String>| value.clone().map(|value| (key, value));
    lines.extend(optional("reason", &view.reason));
    lines.extend(optional("failure", &view.failure));
    lines.push(("position", view.position.to_string()));
    let seconds = view.behind_seconds;
    lines.push(("behind", format!("{} events, {seconds:.0} s", counted(view.behind))));
    lines.push(("letters", format!("{} ({} events held)", counted(view.letters), view.held)));
    lines.push(("handled", format!("{} ({:.1} each second)", view.handled, view.rate)));
    if let Some(pause) = &view.pause {
        lines.push(("paused by", format!("{} at {}: {}", pause.by, pause.at, pause.reason)));
    }
    lines.extend(view.rebuild_to.map(|to| ("rebuild to", to.to_string())));
    lines.extend(view.next_generation.map(|at| ("next table", format!("built up to position {at}"))));
    if let Some(hold) = &view.hold {
        lines.push(("held by", format!("{} at {}: {}", hold.by, hold.at, hold.reason)));
    }
    lines.push(("owner", owner(view)));
    let known = [("kind", &view.kind), ("guarantee", &view.guarantee), ("fingerprint", &view.fingerprint)];
    lines.extend(known.into_iter().filter(|(_, value)| !value.is_empty()).map(|(key, value)| (key, value.clone())));
    lines.extend(view.managers.iter().map(|manager| {
        let silent = if manager.is_silent { ", silent" } else { "" };
        ("manager", format!("{}: {}{silent}", manager.manager, manager.state))
    }));
    lines
}

/// Returns what `--check` does not pass.
pub(super) fn problems(view: &SubscriptionView) -> impl Iterator<Item = String> + use<> {
    const AT_WORK: [&str; 6] = ["live", "catching up", "running", "rebuilding", "retrying letters", "standing by"];
    let name = &view.name;
    let reason = view.reason.as_ref().map(|reason| format!(" ({reason})")).unwrap_or_default();
    let state = (!AT_WORK.contains(&&*view.state)).then(|| format!("`{name}` is {}{reason}", view.state));
    let pause = (view.pause.is_some() && view.state != "paused").then(|| format!("`{name}` has a stored pause"));
    let letters = (view.letters > 0).then(|| format!("`{name}` has {} dead letters", counted(view.letters)));
    [state, pause, letters].into_iter().flatten()
}

//! `status`.

use std::time::Duration;

use chrono::{TimeDelta, Utc};
use clap::Args;
use eventsource::admin::{ManagerView, Overview, SubscriptionView};
use eventsource::event::Position;
use eventsource::projection::operations::Pause;
use eventsource::text::{bounded, counted, exactly, short_name, time};

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

/// A process that was not heard of for this time has ended, as far as is known.
const LONG: TimeDelta = TimeDelta::minutes(10);

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
                    output.line(&format!("{key:17} {}", escape::line(&value, 2_000)))?;
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
    let columns =
        ["NAME", "STATE", "POSITION", "EVENTS BEHIND", "SECONDS BEHIND", "EVENTS A SECOND", "DEAD LETTERS", "OWNER"];
    let mut table =
        Table::new(&columns).optional(&["EVENTS A SECOND", "POSITION", "SECONDS BEHIND", "OWNER", "EVENTS BEHIND"]);
    for view in views {
        table.row([
            view.name.clone(),
            state(view),
            view.position.to_string(),
            bounded(view.behind),
            format!("{:.1}", view.behind_seconds),
            format!("{:.1}", view.rate),
            bounded(view.letters),
            owner(view),
        ]);
    }
    table
}

pub(super) fn state(view: &SubscriptionView) -> String {
    match (&view.pause, &view.hold) {
        (Some(_), _) if view.state != "paused" => format!("{} (pause wanted)", view.state),
        (None, Some(_)) => format!("{} (new tables held)", view.state),
        _ => view.state.clone(),
    }
}

pub(super) fn owner(view: &SubscriptionView) -> String {
    view.owner.as_ref().map_or_else(|| "none".to_owned(), ToString::to_string)
}

/// Returns the details of a subscription, with the names that the page has.
fn details(view: &SubscriptionView) -> Vec<(&'static str, String)> {
    let mut lines = vec![("name", view.name.clone()), ("state", with_reason(&state(view), view.reason.as_deref()))];
    lines.extend(view.failure.iter().map(|failure| ("last failure", failure.clone())));
    lines.extend(view.pause.iter().map(|pause| ("paused", by(pause))));
    let (behind, seconds) = (counted(view.behind, "event"), view.behind_seconds);
    lines.push(("position", format!("{}, {behind} and {seconds:.1} seconds behind", view.position)));
    lines.push(("dead letters", letters(view)));
    lines.push(("handled", format!("{}, {:.1} events a second", exactly(view.handled, "event"), view.rate)));
    let rebuild = view.rebuild_to.map(|to| ("rebuild in place", format!("position {} of {to}", view.position)));
    lines.extend(rebuild);
    let next = |at: Position| ("next generation", format!("position {at} of {}", view.position));
    lines.extend(view.next_generation.map(next));
    lines.extend(view.hold.iter().map(|hold| ("held", by(hold))));
    lines.push(("owner", owner(view)));
    let known = [("kind", &view.kind), ("guarantee", &view.guarantee), ("fingerprint", &view.fingerprint)];
    lines.extend(known.into_iter().filter(|(_, value)| !value.is_empty()).map(|(key, value)| (key, value.clone())));
    lines.extend(view.handles.iter().map(|types| ("handles", types.join(", "))));
    lines.extend(processes(view).into_iter().map(|manager| {
        let silent =
            if manager.is_silent { format!(", not heard of since {}", time(manager.at)) } else { String::new() };
        let state = with_reason(&manager.state, manager.reason.as_deref());
        ("process", format!("{}: {state}{silent}", short_name(&manager.manager)))
    }));
    lines
}

fn with_reason(state: &str, reason: Option<&str>) -> String {
    reason.map_or_else(|| state.to_owned(), |reason| format!("{state}: {reason}"))
}

fn letters(view: &SubscriptionView) -> String {
    let letters = counted(view.letters, "dead letter");
    if view.held > 0 { format!("{letters}, with {} behind", counted(view.held, "event")) } else { letters }
}

/// Returns the operator of a pause or a hold, its time and its reason.
pub(super) fn by(pause: &Pause) -> String {
    let reason = if pause.reason.is_empty() { String::new() } else { format!(": {}", pause.reason) };
    format!("by {} since {}{reason}", pause.by, time(pause.at))
}

/// Returns the processes that have the subscription. One that has stopped, or is silent for long and does not own it, is
/// shown only if there is no other: the one that reported last.
fn processes(view: &SubscriptionView) -> Vec<&ManagerView> {
    let is_owner = |manager: &ManagerView| view.owner.as_ref().is_some_and(|owner| owner.manager == manager.manager);
    let has_ended = |manager: &ManagerView| {
        manager.state == "stopped" || (manager.is_silent && Utc::now() - manager.at >= LONG && !is_owner(manager))
    };
    let at_work: Vec<_> = view.managers.iter().filter(|manager| !has_ended(manager)).collect();
    match at_work.is_empty() {
        true => view.managers.iter().max_by_key(|manager| manager.at).into_iter().collect(),
        false => at_work,
    }
}

/// Returns what `--check` does not pass.
pub(super) fn problems(view: &SubscriptionView) -> impl Iterator<Item = String> + use<> {
    const AT_WORK: [&str; 6] = ["live", "catching up", "running", "rebuilding", "retrying letters", "standing by"];
    let name = &view.name;
    let reason = view.reason.as_ref().map(|reason| format!(" ({reason})")).unwrap_or_default();
    let state = (!AT_WORK.contains(&&*view.state)).then(|| format!("`{name}` is {}{reason}", view.state));
    let pause = (view.pause.is_some() && view.state != "paused").then(|| format!("`{name}` has a stored pause"));
    let letters = (view.letters > 0).then(|| format!("`{name}` has {}", counted(view.letters, "dead letter")));
    [state, pause, letters].into_iter().flatten()
}

//! `doctor`: the part that needs only the database.

use clap::Args;
use eventsource::admin::{Overview, SubscriptionView};
use serde::Serialize;

use crate::context::Context;
use crate::error::CliError;
use crate::output::escape;

#[derive(Debug, Clone, Args)]
pub struct Doctor {}

/// How bad a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
enum Level {
    /// Something does not work.
    Error,
    /// Something will not work, or costs more than it has to.
    Warning,
}

/// A problem.
#[derive(Debug, Clone, Serialize)]
struct Finding {
    level: Level,
    /// What is found.
    what: String,
    /// Why it matters.
    why: &'static str,
    /// The command that mends it.
    remedy: String,
}

#[derive(Serialize)]
struct Report {
    format: u32,
    findings: Vec<Finding>,
}

impl Doctor {
    pub(crate) async fn run(self, context: &Context) -> Result<(), CliError> {
        let overview = context.reading().await?.admin.overview().await?;
        let findings: Vec<_> = log(&overview).into_iter().chain(overview.subscriptions.iter().flat_map(of)).collect();
        let problems: Vec<_> = findings.iter().map(|finding| finding.what.clone()).collect();
        if context.output.is_json {
            context.output.document(&Report { format: 1, findings })?;
        } else {
            for finding in &findings {
                let level = match finding.level {
                    Level::Error => "error",
                    Level::Warning => "warning",
                };
                context.output.line(&format!("{level}: {}", escape::line(&finding.what, 2_000)))?;
                context.output.line(&format!("  why: {}", finding.why))?;
                context.output.line(&format!("  remedy: {}", escape::line(&finding.remedy, 2_000)))?;
            }
            if findings.is_empty() {
                context.output.line("No problems were found.")?;
            }
        }
        if problems.is_empty() { Ok(()) } else { Err(CliError::Check { problems }) }
    }
}

fn log(overview: &Overview) -> Option<Finding> {
    overview.stalled_by.as_ref().map(|by| Finding {
        level: Level::Error,
        what: format!("the log is held back by {by}"),
        why: "new events are stored, and no subscription can read them",
        remedy: "end that transaction or process".to_owned(),
    })
}

fn of(view: &SubscriptionView) -> Vec<Finding> {
    let (name, mut findings) = (&view.name, Vec::new());
    let mut add = |level, what, why, remedy| findings.push(Finding { level, what, why, remedy });
    if matches!(&*view.state, "faulted" | "refused" | "fenced" | "fenced again" | "outdated") {
        let reason = view.reason.as_deref().or(view.failure.as_deref()).unwrap_or("without a reason");
        let what = format!("`{name}` is {}: {reason}", view.state);
        add(Level::Error, what, "it applies no events", format!("mend the cause, then `restart {name}`"));
    }
    if view.state == "not running" {
        let what = format!("no process runs `{name}`");
        add(Level::Warning, what, "it applies no events", "start a process that has it".to_owned());
    }
    if let Some(owner) = view.owner.as_ref().filter(|owner| owner.is_expired) {
        let what = format!("the lease of `{}` on `{name}` has ended and was not given up", owner.manager);
        add(
            Level::Warning,
            what,
            "its process was killed or cannot reach the database",
            "look at that process".to_owned(),
        );
    }
    if let Some(pause) = &view.pause {
        let what = format!("`{name}` is paused by {} since {}: {}", pause.by, pause.at, pause.reason);
        add(Level::Warning, what, "it applies no events", format!("`resume {name}`"));
    }
    if view.letters > 0 {
        let what = format!("`{name}` has {} dead letters, and {} events wait behind them", view.letters, view.held);
        add(Level::Warning, what, "their streams are missing in the read model", format!("`letters list {name}`"));
    }
    if view.rebuild_to.is_some() && view.owner.is_none() {
        let what = format!("the rebuild of `{name}` is unfinished, and no process works on it");
        let remedy = format!("start a process that has it, or `rebuild cancel {name}`");
        add(Level::Warning, what, "the read model is incomplete", remedy);
    }
    if view.next_generation.is_some() && view.owner.is_none() {
        let what = format!("new tables of `{name}` are unfinished, and no process works on them");
        let remedy = format!("start a process that has it, or `rebuild cancel {name}`");
        add(Level::Warning, what, "they take space", remedy);
    }
    let silent = view.managers.iter().filter(|manager| !manager.is_silent && manager.fingerprint != view.fingerprint);
    for manager in silent.filter(|manager| !manager.fingerprint.is_empty() && !view.fingerprint.is_empty()) {
        let what = format!("`{}` has another version of `{name}` than its checkpoint", manager.manager);
        let remedy = format!("deploy one version, or `rebuild {name}`");
        add(Level::Warning, what, "the read model was made by other code", remedy);
    }
    findings
}

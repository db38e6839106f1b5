//! Looks for problems: of the database, of the log, and of each subscription.

use std::collections::{BTreeMap, BTreeSet};

use chrono::TimeDelta;

use super::AdminError;
use super::stored::Stored;
use super::view::{Diagnosis, FORMAT, Overview, SubscriptionView};
use crate::event::now;
use crate::projection::generation::NEXT_CHECKPOINT;
use crate::projection::{CheckpointStore, Finding, LetterSearch, MissingTable};
use crate::text::{counted, short_name, time};

/// A held next generation is worth a look after this time.
const OLD_HOLD: TimeDelta = TimeDelta::days(1);

/// The age from which a dead letter waits too long.
const OLD_LETTER: TimeDelta = TimeDelta::hours(1);

/// The time after which a subscription that no process runs counts as given up.
const FORGOTTEN: TimeDelta = TimeDelta::days(1);

/// How many types of events are looked at, and how many names are listed.
const MOST_TYPES: usize = 1_000;
const LISTED: usize = 10;

impl<C: CheckpointStore> Stored<C> {
    pub(super) async fn diagnose(&self, overview: &Overview, mut more: Vec<Finding>) -> Result<Diagnosis, AdminError> {
        let mut findings = self.checkpoints.diagnose().await?;
        findings.extend(log(overview));
        findings.extend(overview.subscriptions.iter().flat_map(of_subscription));
        self.old_letters(overview, &mut findings).await?;
        self.next_generations(overview, &mut findings).await?;
        self.missing_tables(&mut findings).await?;
        self.unhandled(overview, &mut findings).await?;
        findings.append(&mut more);
        findings.sort_by_key(|finding| std::cmp::Reverse(finding.level));
        Ok(Diagnosis { format: FORMAT, findings })
    }

    async fn old_letters(&self, overview: &Overview, findings: &mut Vec<Finding>) -> Result<(), AdminError> {
        for view in overview.subscriptions.iter().filter(|view| view.letters > 0) {
            let name = &view.name;
            let (letters, held) = (counted(view.letters, "dead letter"), counted(view.held, "event"));
            let groups = self.checkpoints.letter_groups(&LetterSearch::of(name).waiting()).await?;
            let oldest = groups.groups.iter().map(|group| group.oldest).min();
            let age = oldest.map(|oldest| now() - oldest).filter(|age| *age >= OLD_LETTER);
            let old = age.map(|age| format!(", the oldest since {} h", age.num_hours())).unwrap_or_default();
            findings.push(Finding::warning(
                format!("`{name}` has {letters}{old}, and {held} held back"),
                "their events were not applied, and later events of their streams wait",
                format!("`letters groups {name}`, mend the cause, then `letters retry {name} --all`"),
            ));
        }
        Ok(())
    }

    /// A next generation belongs to a subscription.
    async fn next_generations(&self, overview: &Overview, findings: &mut Vec<Finding>) -> Result<(), AdminError> {
        let known: BTreeSet<_> = overview.subscriptions.iter().map(|view| view.name.as_str()).collect();
        for checkpoint in self.checkpoints.list().await? {
            let live = checkpoint.name.strip_suffix(NEXT_CHECKPOINT).filter(|live| !known.contains(live));
            if let Some(live) = live {
                findings.push(Finding::warning(
                    format!("there is a next generation of `{live}`, which has no checkpoint"),
                    "it takes space, and a new subscription with this name would go on with it",
                    format!("start a process that has `{live}`, or `checkpoint forget {live}`"),
                ));
            }
        }
        Ok(())
    }

    async fn missing_tables(&self, findings: &mut Vec<Finding>) -> Result<(), AdminError> {
        let Some(owners) = self.checkpoints.owners() else { return Ok(()) };
        findings.extend(owners.missing().await?.into_iter().map(|MissingTable { table, subscription: name }| {
            Finding::error(
                format!("the table `{table}` of `{name}` does not exist"),
                "a process that creates it goes on from the checkpoint, and the rows of earlier events are missing",
                format!("restore it, or start a process that creates it and `rebuild {name}`"),
            )
        }));
        Ok(())
    }

    /// Looks for events that no reported subscription handles.
    async fn unhandled(&self, overview: &Overview, findings: &mut Vec<Finding>) -> Result<(), AdminError> {
        let reported: Vec<_> = overview.subscriptions.iter().filter(|view| !view.managers.is_empty()).collect();
        let handles_all = reported.iter().any(|view| view.handles.is_none());
        let Some(queries) = self.log.queries().filter(|_| !handles_all && !reported.is_empty()) else { return Ok(()) };
        let handled: BTreeSet<_> = reported.iter().flat_map(|view| view.handles.iter().flatten()).collect();
        let mut unhandled: BTreeMap<_, _> = BTreeMap::new();
        let mut after: Option<String> = None;
        for _ in 0..MOST_TYPES / crate::store::MAX_QUERY_LIMIT {
            let page = queries.list_event_types(after.as_deref(), crate::store::MAX_QUERY_LIMIT).await?;
            let is_last = page.len() < crate::store::MAX_QUERY_LIMIT;
            after = page.last().map(|last| last.name.clone());
            unhandled.extend(page.into_iter().map(|found| (found.name, found.first)));
            if is_last {
                break;
            }
        }
        unhandled.retain(|name, _| !handled.contains(name));
        if unhandled.is_empty() {
            return Ok(());
        }
        let listed = unhandled.iter().take(LISTED).map(|(name, first)| format!("`{name}` (first at {first})"));
        let listed = listed.collect::<Vec<_>>().join(", ");
        let more = if unhandled.len() > LISTED { " and others" } else { "" };
        findings.push(Finding::note(
            format!("no subscription handles {listed}{more}"),
            "these events change no read model",
            "nothing, if that is meant; otherwise handle them",
        ));
        Ok(())
    }
}

fn log(overview: &Overview) -> Option<Finding> {
    let by = overview.stalled_by.as_ref()?;
    Some(Finding::error(
        format!("the log is held back by {by}"),
        "new events are stored, and no subscription can read them",
        "end that transaction or process",
    ))
}

fn of_subscription(view: &SubscriptionView) -> Vec<Finding> {
    let (name, mut findings) = (&view.name, Vec::new());
    if matches!(&*view.state, "faulted" | "refused" | "fenced" | "fenced again" | "outdated") {
        let reason = view.reason.as_deref().or(view.failure.as_deref()).unwrap_or("without a reason");
        let what = format!("`{name}` is {}: {reason}", view.state);
        findings.push(Finding::error(what, "it applies no events", format!("mend the cause, then `restart {name}`")));
    }
    if matches!(&*view.state, "not running" | "stopped") {
        findings.push(not_running(view));
    }
    if let Some(owner) = view.owner.as_ref().filter(|owner| owner.is_expired) {
        findings.push(Finding::warning(
            format!("the lease of `{}` on `{name}` has ended and was not given up", short_name(&owner.manager)),
            "its process was killed or cannot reach the database",
            "look at that process",
        ));
    }
    if let Some(pause) = &view.pause {
        let what = format!("`{name}` is paused by {} since {}: {}", pause.by, time(pause.at), pause.reason);
        findings.push(Finding::warning(what, "it applies no events", format!("`resume {name}`")));
    }
    if let Some(hold) = view.hold.as_ref().filter(|hold| now() - hold.at >= OLD_HOLD) {
        findings.push(Finding::warning(
            format!("the next generation of `{name}` is held by {} since {}: {}", hold.by, time(hold.at), hold.reason),
            "each event is applied twice, and the tables take twice the space",
            format!("`rebuild switch {name}`, or `rebuild cancel {name}`"),
        ));
    }
    let unfinished = format!("start a process that has it, or `rebuild cancel {name}`");
    if view.rebuild_to.is_some() && view.owner.is_none() {
        let what = format!("the rebuild of `{name}` is unfinished, and no process works on it");
        findings.push(Finding::warning(what, "the read model is incomplete", &*unfinished));
    }
    if view.next_generation.is_some() && view.owner.is_none() {
        let what = format!("new tables of `{name}` are unfinished, and no process works on them");
        findings.push(Finding::warning(what, "they take space", &*unfinished));
    }
    let speaking = view.managers.iter().filter(|manager| !manager.is_silent && manager.fingerprint != view.fingerprint);
    for manager in speaking.filter(|manager| !manager.fingerprint.is_empty() && !view.fingerprint.is_empty()) {
        findings.push(Finding::warning(
            format!("`{}` has another version of `{name}` than its checkpoint", short_name(&manager.manager)),
            "the read model was made by other code",
            format!("deploy one version, or `rebuild {name}`"),
        ));
    }
    findings
}

fn not_running(view: &SubscriptionView) -> Finding {
    let name = &view.name;
    let idle = view.updated_at.map(|at| now() - at).filter(|idle| *idle >= FORGOTTEN);
    let (since, forget) = match idle {
        Some(idle) => {
            let forget = format!(", or `checkpoint forget {name}` if no program has it any more");
            (
                format!(" and its checkpoint has not moved for {}", counted(idle.num_days().unsigned_abs(), "day")),
                forget,
            )
        }
        None => (String::new(), String::new()),
    };
    let what = format!("no process runs `{name}`{since}");
    Finding::warning(what, "it applies no events", format!("start a process that has it{forget}"))
}

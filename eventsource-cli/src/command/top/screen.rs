//! What the screen shows, and what keys change about it.

use std::cmp::Reverse;
use std::collections::{BTreeMap, VecDeque};

use eventsource::admin::{OverviewSample, SubscriptionView};
use eventsource::subscription::Action;

use super::keys::Key;
use crate::output::escape;

/// How many rates of a subscription are kept: one each second.
pub(super) const KEPT: usize = 60;

/// The order of the rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Sort {
    #[default]
    Name,
    Behind,
    Rate,
    Letters,
}

impl Sort {
    const fn next(self) -> Self {
        match self {
            Self::Name => Self::Behind,
            Self::Behind => Self::Rate,
            Self::Rate => Self::Letters,
            Self::Letters => Self::Name,
        }
    }

    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Name => "name",
            Self::Behind => "events behind",
            Self::Rate => "events a second",
            Self::Letters => "dead letters",
        }
    }
}

/// A change of a subscription that the operator wants.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Steer {
    pub(super) name: String,
    pub(super) action: Action,
}

impl Steer {
    /// Returns what it does, escaped.
    pub(super) fn text(&self) -> String {
        let name = escape::line(&self.name, 60);
        match self.action {
            Action::Resume {} => format!("end the pause of `{name}`"),
            _ => format!("pause `{name}`"),
        }
    }
}

/// What follows from a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Next {
    Draw,
    Quit,
    Ask(Steer),
}

/// What the screen shows.
#[derive(Debug, Default)]
pub(super) struct Screen {
    pub(super) sample: OverviewSample,
    pub(super) sort: Sort,
    /// The change that waits for a yes.
    pub(super) unconfirmed: Option<Steer>,
    /// What has become of the last change.
    pub(super) told: Option<String>,
    selected: Option<String>,
    rates: BTreeMap<String, VecDeque<f64>>,
}

impl Screen {
    pub(super) fn sampled(&mut self, sample: &OverviewSample) {
        let is_new = sample.overview.as_ref().map(|own| own.at) != self.sample.overview.as_ref().map(|own| own.at);
        self.sample = sample.clone();
        let views = self.sample.overview.iter().flat_map(|overview| &overview.subscriptions);
        if is_new {
            let mut rates = BTreeMap::new();
            for view in views {
                let mut kept = self.rates.remove(&view.name).unwrap_or_default();
                kept.push_back(view.rate);
                if kept.len() > KEPT {
                    kept.pop_front();
                }
                rates.insert(view.name.clone(), kept);
            }
            self.rates = rates;
        }
    }

    /// Returns the subscriptions in their order.
    pub(super) fn rows(&self) -> Vec<&SubscriptionView> {
        let mut rows: Vec<_> = self.sample.overview.iter().flat_map(|overview| &overview.subscriptions).collect();
        match self.sort {
            Sort::Name => rows.sort_by(|a, b| a.name.cmp(&b.name)),
            Sort::Behind => rows.sort_by_key(|view| Reverse(view.behind)),
            Sort::Rate => rows.sort_by(|a, b| b.rate.total_cmp(&a.rate)),
            Sort::Letters => rows.sort_by_key(|view| Reverse(view.letters)),
        }
        rows
    }

    /// Returns the place of the selected row: the first one until another one is selected.
    pub(super) fn selected(&self) -> usize {
        let rows = self.rows();
        let is_selected = |view: &&SubscriptionView| Some(&view.name) == self.selected.as_ref();
        rows.iter().position(is_selected).unwrap_or_default()
    }

    /// Returns the rates of a subscription, the latest one last.
    pub(super) fn rates(&self, name: &str) -> impl DoubleEndedIterator<Item = f64> + ExactSizeIterator {
        self.rates.get(name).map(VecDeque::iter).unwrap_or_default().copied()
    }

    pub(super) fn tell(&mut self, text: String) {
        self.told = Some(text);
    }

    pub(super) fn pressed(&mut self, key: Key) -> Next {
        if key == Key::Resized {
            return Next::Draw;
        }
        if let Some(steer) = self.unconfirmed.take()
            && key != Key::Quit
        {
            return if key == Key::Yes { Next::Ask(steer) } else { Next::Draw };
        }
        self.told = None;
        match key {
            Key::Quit => return Next::Quit,
            Key::Up => self.select(self.selected().saturating_sub(1)),
            Key::Down => self.select(self.selected() + 1),
            Key::Sort => {
                // The selected row stays selected.
                self.select(self.selected());
                self.sort = self.sort.next();
            }
            Key::Pause => match self.steer() {
                // It destroys nothing.
                Some(steer) if matches!(steer.action, Action::Resume {}) => return Next::Ask(steer),
                steer => self.unconfirmed = steer,
            },
            Key::Yes | Key::Other | Key::Resized => {}
        }
        Next::Draw
    }

    fn select(&mut self, at: usize) {
        if let Some(name) = self.rows().get(at).map(|view| view.name.clone()) {
            self.selected = Some(name);
        }
    }

    /// Returns the pause of the selected subscription, or the end of its pause.
    fn steer(&self) -> Option<Steer> {
        let rows = self.rows();
        let view = rows.get(self.selected())?;
        let action = match view.pause {
            Some(_) => Action::Resume {},
            None => Action::Pause { reason: String::new() },
        };
        Some(Steer { name: view.name.clone(), action })
    }
}

#[cfg(test)]
pub(super) mod tests {
    use eventsource::admin::Overview;
    use eventsource::projection::operations::Pause;
    use serde_json::json;

    use super::*;

    /// A sample with these subscriptions: name, events behind, rate, letters.
    pub(in crate::command::top) fn sample(rows: &[(&str, u64, f64, u64)]) -> OverviewSample {
        let view = |(name, behind, rate, letters): &(&str, u64, f64, u64)| {
            json!({
                "format": 1, "name": name, "kind": "transactional", "guarantee": "exactly once", "state": "live",
                "reason": null, "failure": null, "position": 7, "behind": behind, "behind_seconds": 0.5, "handled": 9,
                "rate": rate, "letters": letters, "held": 0, "pause": null, "rebuild_to": null, "next_generation": null,
                "owner": null, "managers": [], "fingerprint": "", "handles": null, "updated_at": null,
            })
        };
        let overview: Overview = serde_json::from_value(json!({
            "format": 1, "at": "2026-01-01T00:00:00Z", "head": 9, "stalled_by": null,
            "subscriptions": rows.iter().map(view).collect::<Vec<_>>(),
        }))
        .unwrap();
        let mut sample = OverviewSample::default();
        sample.overview = Some(overview);
        sample
    }

    #[test]
    fn selection_stays_on_its_subscription_when_the_order_changes() {
        let mut screen = Screen::default();
        screen.sampled(&sample(&[("b", 1, 5.0, 0), ("a", 0, 1.0, 0), ("c", 9, 0.0, 2)]));
        let names = |screen: &Screen| screen.rows().iter().map(|view| view.name.clone()).collect::<Vec<_>>();
        assert_eq!((names(&screen), screen.selected()), (vec!["a".to_owned(), "b".to_owned(), "c".to_owned()], 0));
        screen.pressed(Key::Down);
        screen.pressed(Key::Sort);
        assert_eq!((names(&screen), screen.selected()), (vec!["c".to_owned(), "b".to_owned(), "a".to_owned()], 1));
        for _ in 0..5 {
            screen.pressed(Key::Up);
        }
        assert_eq!(screen.selected(), 0);
    }

    #[test]
    fn pause_is_asked_for_only_after_a_yes() {
        let mut screen = Screen::default();
        assert_eq!(screen.pressed(Key::Pause), Next::Draw);
        assert_eq!(screen.unconfirmed, None, "there is nothing to pause");
        screen.sampled(&sample(&[("a", 0, 1.0, 0)]));
        let steer = Steer { name: "a".to_owned(), action: Action::Pause { reason: String::new() } };
        screen.pressed(Key::Pause);
        assert_eq!(screen.unconfirmed, Some(steer.clone()));
        assert_eq!((screen.pressed(Key::Down), screen.unconfirmed.clone()), (Next::Draw, None));
        screen.pressed(Key::Pause);
        assert_eq!(screen.pressed(Key::Yes), Next::Ask(steer));
        screen.pressed(Key::Pause);
        assert_eq!(screen.pressed(Key::Quit), Next::Quit);
        let mut paused = sample(&[("a", 0, 1.0, 0)]);
        let view = &mut paused.overview.as_mut().unwrap().subscriptions[0];
        view.pause = Some(Pause::new("ada", "", chrono::DateTime::UNIX_EPOCH));
        screen.sampled(&paused);
        let resume = Steer { name: "a".to_owned(), action: Action::Resume {} };
        assert_eq!(screen.pressed(Key::Pause), Next::Ask(resume), "the end of a pause is not confirmed");
    }
}

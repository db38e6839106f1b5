//! Draws the screen.

use eventsource::admin::SubscriptionView;
use eventsource::text::bounded;
use ratatui::Frame;
use ratatui::layout::{Constraint, Layout};
use ratatui::style::{Style, Stylize as _};
use ratatui::text::Line;
use ratatui::widgets::{Row, Table, TableState};

use super::screen::{KEPT, Screen};
use crate::command::status::{owner, state};
use crate::output::escape;

/// The most characters of a text from others.
const LONGEST: usize = 500;

/// The bars of a sparkline, from the lowest to the highest.
const BARS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];

pub(super) fn all(frame: &mut Frame<'_>, screen: &Screen) {
    let layout = Layout::vertical([Constraint::Length(1), Constraint::Min(1), Constraint::Length(1)]);
    let [head, middle, foot] = layout.areas(frame.area());
    frame.render_widget(heading(screen), head);
    let rows = screen.rows();
    let most = rows.iter().map(|view| view.rate).fold(1.0, f64::max);
    let cells = rows.iter().map(|view| row(screen, view, most));
    let widths = [
        Constraint::Fill(3),
        Constraint::Fill(2),
        Constraint::Length(13),
        Constraint::Length(15),
        Constraint::Length(12),
        Constraint::Length(20),
        Constraint::Fill(2),
    ];
    let names = ["NAME", "STATE", "EVENTS BEHIND", "EVENTS A SECOND", "DEAD LETTERS", "IN THE LAST MINUTE", "OWNER"];
    let table = Table::new(cells, widths).header(Row::new(names).bold()).row_highlight_style(Style::new().reversed());
    let mut at = TableState::default().with_selected(Some(screen.selected()).filter(|_| !rows.is_empty()));
    frame.render_stateful_widget(table, middle, &mut at);
    frame.render_widget(footing(screen), foot);
}

/// Says where the log ends; and how old the sample is, if the database does not answer.
fn heading(screen: &Screen) -> Line<'static> {
    let sample = &screen.sample;
    if let Some(failure) = &sample.failure {
        let failure = escape::line(failure, LONGEST);
        let text = match sample.age() {
            Some(age) => format!("The last sample is {} s old: {failure}", age.as_secs()),
            None => format!("There is no sample yet: {failure}"),
        };
        return Line::from(text).red().bold();
    }
    match &sample.overview {
        None => Line::from("Reading…"),
        Some(overview) => match &overview.stalled_by {
            Some(by) => {
                let by = escape::line(by, LONGEST);
                Line::from(format!("The log ends at position {}. It is held back by {by}.", overview.head)).red()
            }
            None => Line::from(format!("The log ends at position {}.", overview.head)),
        },
    }
}

fn footing(screen: &Screen) -> Line<'static> {
    if let Some(steer) = &screen.unconfirmed {
        return Line::from(format!("This would {}. Do it? [y/N]", steer.text())).bold();
    }
    match &screen.told {
        Some(told) => Line::from(escape::line(told, LONGEST)).bold(),
        None => {
            let sort = screen.sort.name();
            Line::from(format!("q quit   ↑↓ select   p pause or resume   s sort (by {sort})")).dim()
        }
    }
}

fn row(screen: &Screen, view: &SubscriptionView, most: f64) -> Row<'static> {
    let cell = |text: &str| escape::line(text, LONGEST);
    let row = Row::new([
        cell(&view.name),
        cell(&state(view)),
        bounded(view.behind),
        format!("{:.1}", view.rate),
        bounded(view.letters),
        sparkline(screen.rates(&view.name), most),
        cell(&owner(view)),
    ]);
    if view.letters > 0 { row.yellow() } else { row }
}

/// Returns the rates as bars, each the largest one of three seconds.
fn sparkline(rates: impl DoubleEndedIterator<Item = f64> + ExactSizeIterator, most: f64) -> String {
    const EACH: usize = KEPT / 20;
    let rates: Vec<f64> = rates.collect();
    let bars = rates.rchunks(EACH).rev().map(|chunk| {
        let rate = chunk.iter().copied().fold(0.0, f64::max);
        if rate <= 0.0 {
            return ' ';
        }
        let step = (rate / most * BARS.len() as f64).ceil() as usize;
        BARS[step.clamp(1, BARS.len()) - 1]
    });
    bars.collect()
}

#[cfg(test)]
mod tests {
    use ratatui::Terminal;
    use ratatui::backend::TestBackend;

    use super::super::keys::Key;
    use super::super::screen::tests::sample;
    use super::*;

    fn drawn(screen: &Screen, width: u16) -> Vec<String> {
        let mut terminal = Terminal::new(TestBackend::new(width, 5)).unwrap();
        terminal.draw(|frame| all(frame, screen)).unwrap();
        terminal.backend().to_string().lines().map(|line| line.trim_matches('"').trim_end().to_owned()).collect()
    }

    #[test]
    fn screen_shows_subscriptions_and_hostile_names_as_escapes() {
        let mut screen = Screen::default();
        assert_eq!(drawn(&screen, 100)[0], "Reading…");
        screen.sampled(&sample(&[("orders", 3, 12.5, 2), ("a\u{1b}[2J\u{202e}", 10_001, 0.0, 0)]));
        let lines = drawn(&screen, 120);
        assert_eq!(lines[0], "The log ends at position 9.");
        assert!(lines[1].starts_with("NAME"), "{lines:#?}");
        assert!(lines[2].starts_with("a\\u{1b}[2J\\u{202e}") && lines[2].contains("over 10000"), "{lines:#?}");
        assert!(lines[3].starts_with("orders") && lines[3].contains("12.5") && lines[3].contains('█'), "{lines:#?}");
        assert!(lines[4].starts_with("q quit"), "{lines:#?}");
        for width in 1..60 {
            drawn(&screen, width);
        }
        screen.pressed(Key::Pause);
        assert_eq!(drawn(&screen, 120)[4], "This would pause `a\\u{1b}[2J\\u{202e}`. Do it? [y/N]");
    }

    #[test]
    fn last_sample_stays_with_its_age_when_the_database_does_not_answer() {
        let mut screen = Screen::default();
        let mut failed = sample(&[("orders", 0, 1.0, 0)]);
        failed.failure = Some("the database\u{1b} is gone".to_owned());
        screen.sampled(&failed);
        let lines = drawn(&screen, 120);
        assert!(
            lines[0].starts_with("The last sample is ") && lines[0].ends_with("the database\\u{1b} is gone"),
            "{lines:#?}"
        );
        assert!(lines[2].starts_with("orders"), "{lines:#?}");
    }

    #[test]
    fn sparkline_has_a_bar_for_three_seconds() {
        assert_eq!(sparkline([].into_iter(), 1.0), "");
        assert_eq!(sparkline([8.0, 0.0, 0.0, 0.0, 1.0, 4.0, 2.0].into_iter(), 8.0), "█ ▄");
        assert_eq!(sparkline([1.0; KEPT].into_iter(), 1.0).chars().count(), 20);
    }
}

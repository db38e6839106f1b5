//! Curves of the last hour, as SVG. Each has a text that says the same.

use eventsource::text::counted;
use maud::{Markup, html};

use crate::live::{LENGTH, Moment, Trend, trend};
use crate::text::time;

/// The size of the small curve, and of the chart.
const SMALL: (u64, u64) = (120, 24);
const LARGE: (u64, u64) = (720, 220);

/// The number of points of the small curve: one a minute.
const MINUTES: i64 = 60;

/// Returns the number of positions behind in the last hour: a small curve, and the trend in words.
pub(super) fn small(moments: &[Moment]) -> Markup {
    let (width, height) = SMALL;
    let most = moments.iter().map(Moment::behind).max().unwrap_or_default();
    html! {
        @if moments.len() > 1 {
            svg.spark width=(width) height=(height) viewBox={ "0 0 " (width) " " (height) } aria-hidden="true" focusable="false" {
                polyline points=(points(&minutes(moments), SMALL, 0, most)) {}
            }
            " "
        }
        (words(trend(moments)))
        @if most > 0 { span.soft { ", at most " (most) } }
    }
}

/// Returns a trend in words.
pub(super) fn words(trend: Trend) -> String {
    match trend {
        Trend::Unknown {} => "not known yet".to_owned(),
        Trend::CaughtUp {} => "caught up".to_owned(),
        Trend::Steady {} => "steady".to_owned(),
        Trend::Rising { before } => format!("rising from {before}"),
        Trend::Falling { before } => format!("falling from {before}"),
    }
}

/// Returns the largest number of positions behind of each minute, with the minutes before now.
fn minutes(moments: &[Moment]) -> Vec<(i64, u64)> {
    let Some(last) = moments.last() else { return Vec::new() };
    let mut minutes: Vec<(i64, u64)> = Vec::new();
    for moment in moments {
        let at = MINUTES - 1 - (last.at - moment.at).num_minutes();
        match minutes.last_mut().filter(|minute| minute.0 == at) {
            Some(minute) => minute.1 = minute.1.max(moment.behind()),
            None => minutes.push((at, moment.behind())),
        }
    }
    // A curve needs two points.
    if let [(at, behind)] = *minutes {
        minutes.insert(0, (at - 1, behind));
    }
    minutes
}

/// Returns the corners of a curve in a picture. `x` counts minutes up to 59.
fn points(values: &[(i64, u64)], (width, height): (u64, u64), least: u64, most: u64) -> String {
    let span = (most - least).max(1) as f64;
    let point = |(x, y): &(i64, u64)| {
        let x = *x as f64 / (MINUTES - 1) as f64 * (width - 2) as f64 + 1.0;
        let y = (height - 2) as f64 * (1.0 - y.saturating_sub(least) as f64 / span) + 1.0;
        format!("{x:.1},{y:.1}")
    };
    values.iter().map(point).collect::<Vec<_>>().join(" ")
}

/// Returns the end of the log and the position of a subscription in the last hour, as two lines.
pub(super) fn large(moments: &[Moment]) -> Markup {
    let ([first, .., last], Some(worst)) = (moments, moments.iter().max_by_key(|moment| moment.behind())) else {
        return html! { p.soft { "There is no curve yet: the page draws the last hour, as far as it has seen it." } };
    };
    let least = moments.iter().map(|moment| moment.position.min(moment.head)).min().unwrap_or_default();
    let most = moments.iter().map(|moment| moment.position.max(moment.head)).max().unwrap_or_default();
    let (width, height) = LARGE;
    let line = |of: fn(&Moment) -> u64| {
        let corners = moments.iter().map(|moment| {
            let x = (width - 2) as f64 * (1.0 - share(last.at - moment.at)) + 1.0;
            let y = (height - 2) as f64 * (1.0 - (of(moment) - least) as f64 / (most - least).max(1) as f64) + 1.0;
            format!("{x:.1},{y:.1}")
        });
        corners.collect::<Vec<_>>().join(" ")
    };
    html! {
        svg.chart width=(width) height=(height) viewBox={ "0 0 " (width) " " (height) } aria-hidden="true" focusable="false" {
            polyline.log points=(line(|moment| moment.head)) {}
            polyline.own points=(line(|moment| moment.position)) {}
        }
        p.soft { "The dashed line is the end of the log, and the solid one the subscription, from position " (least) " to " (most) "." }
        p {
            "From " (time(first.at)) " to " (time(last.at)) " the log went from position " (first.head) " to " (last.head)
            ", and the subscription from " (first.position) " to " (last.position) ". It is " (counted(last.behind(), "position")) " behind ("
            (words(trend(moments))) "), and was at most " (worst.behind()) " behind, at " (time(worst.at)) "."
        }
    }
}

/// Returns which part of the hour a time is.
fn share(time: chrono::TimeDelta) -> f64 {
    time.num_milliseconds() as f64 / LENGTH.num_milliseconds() as f64
}

#[cfg(test)]
mod tests {
    use chrono::{DateTime, TimeDelta};

    use super::*;

    fn moments(behind: &[u64]) -> Vec<Moment> {
        let moment = |(at, behind): (i64, &u64)| Moment {
            at: DateTime::UNIX_EPOCH + TimeDelta::seconds(10 * at),
            head: 1_000,
            position: 1_000 - behind,
        };
        (0..).zip(behind).map(moment).collect()
    }

    #[test]
    fn curves_are_said_in_words() {
        let seen = moments(&[0, 5, 500, 20, 10, 10, 10, 10, 10]);
        let text = small(&seen).into_string();
        assert!(text.contains("<polyline points=") && text.contains("falling from 500"), "{text}");
        assert!(text.contains("at most 500"), "{text}");
        let text = large(&seen).into_string();
        assert!(text.contains("was at most 500 behind, at <time"), "{text}");
        assert_eq!(text.matches("<polyline").count(), 2, "{text}");
        assert!(!text.contains("style="), "{text}");
    }

    #[test]
    fn curve_without_a_change_and_without_points_is_drawn() {
        assert!(large(&moments(&[3])).into_string().contains("no curve yet"));
        assert!(small(&[]).into_string().contains("not known yet"));
        let text = small(&moments(&[0, 0])).into_string();
        assert!(text.contains("caught up") && !text.contains("NaN") && !text.contains("at most"), "{text}");
        assert!(!large(&moments(&[3, 3])).into_string().contains("NaN"));
    }

    #[test]
    fn small_curve_has_a_point_a_minute() {
        let seen = moments(&(0..360).collect::<Vec<_>>());
        assert_eq!(minutes(&seen).len(), 60);
        assert_eq!((minutes(&seen)[0].0, minutes(&seen)[59]), (0, (59, 359)));
    }
}

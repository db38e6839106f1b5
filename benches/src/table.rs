//! The table that is printed: ratios first.

use std::fmt::Write as _;

use crate::measure::{Pairs, Reach, Spread};

/// A row: a work, measured.
#[derive(Debug, Clone, Default)]
pub struct Row {
    /// By which name it is asked for.
    pub name: String,
    /// What is done.
    pub what: String,
    /// What the limit is.
    pub limit: String,
    /// What is to be reached.
    pub reach: Reach,
    /// How many events, or other things, one time is about.
    pub count: usize,
    /// What was measured.
    pub pairs: Pairs,
}

/// The head of the table.
pub const HEAD: &str = "| work | what | ratio to the limit | reach | there? | limit | ours | the limit is |\n\
                        | --- | --- | --- | --- | --- | --- | --- | --- |";

impl Row {
    /// Whether less is better.
    const fn is_time(&self) -> bool {
        matches!(self.reach, Reach::AtMost(_) | Reach::NoTime)
    }

    fn ratio(&self) -> Spread {
        if self.is_time() { self.pairs.ratio_of_times() } else { self.pairs.rates() }
    }

    fn absolute(&self, seconds: f64) -> String {
        if self.is_time() {
            return time(seconds / self.count as f64);
        }
        format!("{}/s", thousands(self.count as f64 / seconds))
    }

    /// As a line of the table.
    #[must_use]
    pub fn line(&self) -> String {
        let ratio = self.ratio();
        let (reach, there) = match self.reach {
            Reach::AtLeast(reach) => (format!("≥ {reach}"), if ratio.median >= reach { "yes" } else { "no" }),
            Reach::AtMost(reach) => (format!("≤ {reach}"), if ratio.median <= reach { "yes" } else { "no" }),
            Reach::NoRate | Reach::NoTime => ("–".to_owned(), "–"),
        };
        format!(
            "| `{}` | {} | **{:.2}** ({:.2} to {:.2}) | {reach} | {there} | {} | {} | {} |",
            self.name,
            self.what,
            ratio.median,
            ratio.min,
            ratio.max,
            self.absolute(self.pairs.limit().median),
            self.absolute(self.pairs.ours().median),
            self.limit
        )
    }
}

/// With three significant digits at least, and a comma between thousands.
fn thousands(value: f64) -> String {
    let digits = format!("{:.0}", if value < 1_000.0 { value } else { round_to_three(value) });
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index) % 3 == 0 {
            text.push(',');
        }
        let _ = write!(text, "{digit}");
    }
    text
}

fn round_to_three(value: f64) -> f64 {
    let unit = 10_f64.powf(value.log10().floor() - 2.0);
    (value / unit).round() * unit
}

/// A time in the unit that suits it.
fn time(seconds: f64) -> String {
    match seconds {
        s if s < 1e-6 => format!("{:.1} ns", s * 1e9),
        s if s < 1e-3 => format!("{:.1} µs", s * 1e6),
        s if s < 1.0 => format!("{:.2} ms", s * 1e3),
        s => format!("{s:.2} s"),
    }
}

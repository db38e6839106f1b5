//! The table that is printed: ratios first.

use crate::measure::{Pairs, Spread};

/// What a row of the table is to reach.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub enum Reach {
    /// So much of the limit, or more.
    AtLeast(f64),
    /// So much of the limit, or less.
    AtMost(f64),
    /// Nothing is asked for.
    #[default]
    Any,
}

/// What the values of a row are.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub enum Unit {
    /// Seconds for all events, told as a rate: more is better.
    #[default]
    Rate,
    /// Seconds for all events, told as those for one: less is better.
    Time,
    /// Bytes: less is better.
    Bytes,
}

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
    /// What the values are.
    pub unit: Unit,
    /// How many events, or other things, one value is about.
    pub count: usize,
    /// What was measured.
    pub pairs: Pairs,
}

/// The head of the table.
pub const HEAD: &str = "| work | what | ratio to the limit | reach | there? | limit | ours | the limit is |\n\
                        | --- | --- | --- | --- | --- | --- | --- | --- |";

impl Row {
    fn ratio(&self) -> Spread {
        match self.unit {
            Unit::Rate => self.pairs.inverse(),
            Unit::Time | Unit::Bytes => self.pairs.ratio(),
        }
    }

    fn absolute(&self, value: f64) -> String {
        let count = self.count as f64;
        match self.unit {
            Unit::Rate => format!("{}/s", thousands(count / value)),
            Unit::Time => time(value / count),
            Unit::Bytes => format!("{:.1} MB", value / 1e6),
        }
    }

    /// As a line of the table.
    #[must_use]
    pub fn line(&self) -> String {
        let ratio = self.ratio();
        let (reach, there) = match self.reach {
            Reach::AtLeast(reach) => (format!("≥ {reach}"), if ratio.median >= reach { "yes" } else { "no" }),
            Reach::AtMost(reach) => (format!("≤ {reach}"), if ratio.median <= reach { "yes" } else { "no" }),
            Reach::Any => ("–".to_owned(), "–"),
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

/// A number in three significant digits, with a comma between thousands.
#[must_use]
pub fn thousands(value: f64) -> String {
    let rounded = if value < 1_000.0 { value } else { round_to_three(value) };
    let digits = format!("{rounded:.0}");
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
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

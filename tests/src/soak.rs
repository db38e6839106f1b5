//! Rounds of a long test: a few in CI, as many as the time allows in a soak.

use std::time::{Duration, Instant};

/// Counts rounds: so many of them, or more, for as many minutes as `EVENTSOURCE_SOAK_MINUTES` says.
#[derive(Debug)]
pub struct Rounds {
    least: u32,
    until: Option<Instant>,
    done: u32,
}

impl Rounds {
    /// `least` rounds; in a soak ten times as many, and as many more as its time allows.
    pub fn at_least(least: u32) -> Self {
        let minutes = std::env::var("EVENTSOURCE_SOAK_MINUTES").ok().and_then(|minutes| minutes.parse::<f64>().ok());
        let until = minutes.map(|minutes| Instant::now() + Duration::from_secs_f64(minutes * 60.0));
        Self { least: if until.is_some() { least * 10 } else { least }, until, done: 0 }
    }

    /// In a soak so many rounds at least.
    pub fn in_soak(mut self, least: u32) -> Self {
        if self.until.is_some() {
            self.least = least;
        }
        self
    }

    /// Whether there is another round.
    pub fn another(&mut self) -> bool {
        let more = self.done < self.least || self.until.is_some_and(|until| Instant::now() < until);
        self.done += u32::from(more);
        more
    }

    /// How many rounds there were.
    pub fn done(&self) -> u32 {
        self.done
    }
}

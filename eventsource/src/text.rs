//! Text for operators: the answers of requests, the command line and the page say the same thing with the same words.

use chrono::{DateTime, Utc};

/// Counts of a database stop after this number: a longer count would load it.
const COUNTED: u64 = 10_000;

/// Returns a number that was counted up to 10,001, for example `12` and `over 10000`.
#[must_use]
pub fn bounded(number: u64) -> String {
    if number > COUNTED { format!("over {COUNTED}") } else { number.to_string() }
}

/// Returns a number that was counted up to 10,001 with what it counts, for example `1 event`, `2 events` and `over 10000
/// events`.
#[must_use]
pub fn counted(number: u64, noun: &str) -> String {
    format!("{} {}", bounded(number), noun_of(number, noun))
}

/// Returns an exact number with what it counts, for example `1 byte` and `65536 bytes`.
#[must_use]
pub fn exactly(number: u64, noun: &str) -> String {
    format!("{number} {}", noun_of(number, noun))
}

fn noun_of(number: u64, noun: &str) -> String {
    let s = if number == 1 { "" } else { "s" };
    format!("{noun}{s}")
}

/// Returns a time in UTC, to the second, for example `2026-11-29 17:30:00 UTC`.
#[must_use]
pub fn time(at: DateTime<Utc>) -> String {
    at.format("%Y-%m-%d %H:%M:%S UTC").to_string()
}

/// Returns the name of a manager without the id that makes it unique, for example `process 7 on shop-1`.
#[must_use]
pub fn short_name(manager: &str) -> &str {
    let named = manager.strip_suffix(')').and_then(|rest| rest.rsplit_once(" ("));
    match named {
        Some((name, id)) if id.len() == 32 && id.bytes().all(|byte| byte.is_ascii_hexdigit()) => name,
        _ => manager,
    }
}

/// Returns whether a character could make a terminal or a browser do something, show the text around it in another
/// order, or show nothing: control characters, and characters that have no width or change the direction of text.
#[must_use]
pub fn is_hostile(character: char) -> bool {
    character.is_control()
        || matches!(character,
            '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn number_is_counted_with_its_noun() {
        assert_eq!(counted(0, "event"), "0 events");
        assert_eq!(counted(1, "dead letter"), "1 dead letter");
        assert_eq!(counted(10_001, "event"), "over 10000 events");
        assert_eq!(exactly(10_001, "byte"), "10001 bytes");
        assert_eq!(exactly(1, "byte"), "1 byte");
    }

    #[test]
    fn short_name_has_no_id() {
        assert_eq!(short_name("process 7 on a (b) (0190163d8694739b8cdf1d3a5a9f6a4e)"), "process 7 on a (b)");
        assert_eq!(short_name("shop (blue)"), "shop (blue)");
    }

    #[test]
    fn time_is_in_utc() {
        assert_eq!(time(DateTime::UNIX_EPOCH), "1970-01-01 00:00:00 UTC");
    }
}

//! Times on the command line.

use chrono::{DateTime, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta, Utc};

/// Reads a time such as `2026-11-29T12:00:00Z` or `2026-11-29 12:00:00 UTC`, the begin of a day in UTC such as `2026-11-29`, or
/// how long ago it is, such as `2h`.
pub(crate) fn parse_time(text: &str) -> Result<DateTime<Utc>, String> {
    let wrong =
        || "write a time such as `2026-11-29T12:00:00Z`, or how long ago it is, such as `30m`, `2h` or `7d`".to_owned();
    if let Ok(time) = DateTime::parse_from_rfc3339(text) {
        return Ok(time.with_timezone(&Utc));
    }
    // As times are printed.
    if let Ok(time) = NaiveDateTime::parse_from_str(text, "%Y-%m-%d %H:%M:%S UTC") {
        return Ok(time.and_utc());
    }
    if let Ok(day) = NaiveDate::parse_from_str(text, "%Y-%m-%d") {
        return Ok(day.and_time(NaiveTime::MIN).and_utc());
    }
    let unit = text.chars().last().ok_or_else(wrong)?;
    let number = text.strip_suffix(unit).and_then(|number| number.parse::<u32>().ok()).ok_or_else(wrong)?;
    let number = i64::from(number);
    let ago = match unit {
        's' => TimeDelta::seconds(number),
        'm' => TimeDelta::minutes(number),
        'h' => TimeDelta::hours(number),
        'd' => TimeDelta::days(number),
        _ => return Err(wrong()),
    };
    Utc::now().checked_sub_signed(ago).ok_or_else(wrong)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_is_absolute_or_ago() {
        assert_eq!(parse_time("1970-01-01T01:00:00+01:00"), Ok(DateTime::UNIX_EPOCH));
        for (text, seconds) in [("1970-01-01 00:00:07 UTC", 7), ("1970-01-02", 86_400)] {
            assert_eq!(parse_time(text).map(|time| time.timestamp()), Ok(seconds));
        }
        let hour_ago = Utc::now() - parse_time("1h").unwrap();
        assert!((hour_ago - TimeDelta::hours(1)).num_seconds().abs() < 5, "{hour_ago}");
        for wrong in ["", "h", "yesterday", "-1h", "1y", "1é"] {
            assert!(parse_time(wrong).is_err(), "{wrong}");
        }
    }
}

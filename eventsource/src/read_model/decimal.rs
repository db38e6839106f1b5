//! Decimal numbers as exact text.

use std::cmp::Ordering;
use std::fmt;
use std::str::FromStr;

use super::InvalidValue;

/// A decimal number as exact text, with up to 99 digits before the point and up to 16,383 after it.
///
/// Create it with `parse`, which fails with [`InvalidValue`] for another text: an exponent, a leading `+` or a leading
/// point is refused. It has no arithmetic: calculate with integers or with `rust_decimal::Decimal`, and convert the
/// result.
///
/// It stands for the number, not for its notation: zeros at either end are dropped, so `1.10` and `1.1` are equal. With
/// the feature `decimal`, a `rust_decimal::Decimal` converts from and into it.
///
/// ```
/// use eventsource::read_model::Decimal;
///
/// let price: Decimal = "0012.50".parse()?;
/// assert_eq!(price.to_string(), "12.5");
/// assert!(price > "-3".parse()?);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Decimal {
    negative: bool,
    /// At least one digit, without leading zeros.
    whole: String,
    /// Without trailing zeros.
    fraction: String,
}

/// The limit of digits before the point: a key stores their number in two digits.
const LONGEST: usize = 99;

/// The limit of digits after the point, which is PostgreSQL's.
const FINEST: usize = 16_383;

impl FromStr for Decimal {
    type Err = InvalidValue;

    fn from_str(text: &str) -> Result<Self, InvalidValue> {
        let (negative, digits) = match text.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, text),
        };
        let (whole, fraction) = digits.split_once('.').unwrap_or((digits, "0"));
        let is_digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
        if !is_digits(whole) || !is_digits(fraction) {
            return Err(InvalidValue::new(format!("{text:?} is no decimal number")));
        }
        let whole = match whole.trim_start_matches('0') {
            "" => "0",
            rest => rest,
        };
        let fraction = fraction.trim_end_matches('0');
        if whole.len() > LONGEST {
            return Err(InvalidValue::new(format!(
                "it has {} digits before the point, of at most {LONGEST}",
                whole.len()
            )));
        }
        if fraction.len() > FINEST {
            return Err(InvalidValue::new(format!(
                "it has {} digits after the point, of at most {FINEST}",
                fraction.len()
            )));
        }
        let is_zero = whole == "0" && fraction.is_empty();
        Ok(Self { negative: negative && !is_zero, whole: whole.to_owned(), fraction: fraction.to_owned() })
    }
}

impl fmt::Display for Decimal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.negative { "-" } else { "" })?;
        f.write_str(&self.whole)?;
        if self.fraction.is_empty() { Ok(()) } else { write!(f, ".{}", self.fraction) }
    }
}

impl Ord for Decimal {
    fn cmp(&self, other: &Self) -> Ordering {
        let size = |a: &Self, b: &Self| {
            (a.whole.len().cmp(&b.whole.len()))
                .then_with(|| a.whole.cmp(&b.whole))
                .then_with(|| a.fraction.cmp(&b.fraction))
        };
        match (self.negative, other.negative) {
            (false, false) => size(self, other),
            (true, true) => size(other, self),
            (true, false) => Ordering::Less,
            (false, true) => Ordering::Greater,
        }
    }
}

impl PartialOrd for Decimal {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

#[cfg_attr(not(feature = "sqlite"), allow(dead_code, reason = "a database without decimals stores keys"))]
impl Decimal {
    /// Returns a text that sorts as the number does: `p03 150.25`, and for a negative number the complement of each
    /// digit, `n96 849.74~`.
    pub(crate) fn to_key(&self) -> String {
        let key = format!("{:02} {}.{}", self.whole.len(), self.whole, self.fraction);
        if self.negative { format!("n{}~", complement(&key)) } else { format!("p{key}") }
    }

    /// Parses a key.
    pub(crate) fn from_key(key: &str) -> Result<Self, InvalidValue> {
        let wrong = || InvalidValue::new(format!("{key:?} is no decimal number"));
        let (negative, rest) = match (key.strip_prefix('p'), key.strip_prefix('n')) {
            (Some(rest), _) => (false, rest.to_owned()),
            (_, Some(rest)) => (true, complement(rest.strip_suffix('~').ok_or_else(wrong)?)),
            _ => return Err(wrong()),
        };
        let (_, number) = rest.split_once(' ').ok_or_else(wrong)?;
        let number = number.strip_suffix('.').unwrap_or(number);
        let parsed: Self = number.parse()?;
        Ok(Self { negative, ..parsed })
    }
}

fn complement(text: &str) -> String {
    text.chars().map(|c| c.to_digit(10).map_or(c, |digit| char::from_digit(9 - digit, 10).unwrap_or(c))).collect()
}

#[cfg(feature = "decimal")]
impl TryFrom<&rust_decimal::Decimal> for Decimal {
    type Error = InvalidValue;

    fn try_from(number: &rust_decimal::Decimal) -> Result<Self, InvalidValue> {
        number.to_string().parse()
    }
}

#[cfg(feature = "decimal")]
impl TryFrom<&Decimal> for rust_decimal::Decimal {
    type Error = InvalidValue;

    fn try_from(number: &Decimal) -> Result<Self, InvalidValue> {
        Self::from_str_exact(&number.to_string()).map_err(|error| InvalidValue::new(error.to_string()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_and_numbers_have_one_order() {
        let numbers = [
            "-100000000000000000000000000000",
            "-1000.5",
            "-999.99",
            "-10",
            "-9.55",
            "-9.5",
            "-9.45",
            "-9",
            "-0.01",
            "-0.001",
            "0",
            "0.0001",
            "0.01",
            "0.1",
            "0.11",
            "1",
            "1.05",
            "1.5",
            "9",
            "10",
            "10.01",
            "99",
            "100",
            "79228162514264337593543950335",
        ];
        let decimals: Vec<Decimal> = numbers.iter().map(|text| text.parse().unwrap()).collect();
        for (text, decimal) in numbers.iter().zip(&decimals) {
            assert_eq!(decimal.to_string(), *text);
            assert_eq!(Decimal::from_key(&decimal.to_key()).as_ref(), Ok(decimal));
        }
        for pair in decimals.windows(2) {
            assert!(pair[0] < pair[1] && pair[0].to_key() < pair[1].to_key(), "{} {}", pair[0], pair[1]);
        }
    }

    #[test]
    fn notations_of_one_number_are_one_value() {
        for (text, canonical) in [("1.10", "1.1"), ("-0.0", "0"), ("007", "7"), ("2.000", "2")] {
            assert_eq!(text.parse::<Decimal>().unwrap().to_string(), canonical);
        }
        for wrong in ["", "-", ".5", "1.", "1e5", "+1", "NaN", "1.2.3"] {
            assert!(wrong.parse::<Decimal>().is_err(), "{wrong}");
        }
    }
}

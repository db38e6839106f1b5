//! Decimal numbers as SQLite stores them: as texts that sort as the numbers do.

use crate::read_model::decimal::parse;
use crate::read_model::{Decimal, InvalidValue};

/// Returns a text that sorts as the number does: `p03 150.25`, and for a negative number the complement of each digit,
/// `n96 849.74~`. The two digits in front are the number of digits before the point.
pub(super) fn to_key(number: &Decimal) -> String {
    let number = number.normalize();
    let text = number.abs().to_string();
    let (whole, fraction) = text.split_once('.').unwrap_or((&text, ""));
    let key = format!("{:02} {whole}.{fraction}", whole.len());
    if number.is_sign_negative() { format!("n{}~", complement(&key)) } else { format!("p{key}") }
}

/// Parses a key.
pub(super) fn from_key(key: &str) -> Result<Decimal, InvalidValue> {
    let wrong = || InvalidValue::new(format!("{key:?} is no key of a decimal number"));
    let (is_negative, rest) = match (key.strip_prefix('p'), key.strip_prefix('n')) {
        (Some(rest), _) => (false, rest.to_owned()),
        (_, Some(rest)) => (true, complement(rest.strip_suffix('~').ok_or_else(wrong)?)),
        _ => return Err(wrong()),
    };
    let (_, number) = rest.split_once(' ').ok_or_else(wrong)?;
    let number = parse(number.strip_suffix('.').unwrap_or(number))?;
    Ok(if is_negative { -number } else { number })
}

fn complement(text: &str) -> String {
    text.chars().map(|c| c.to_digit(10).map_or(c, |digit| char::from_digit(9 - digit, 10).unwrap_or(c))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_and_numbers_have_one_order() {
        let numbers = [
            "-79228162514264337593543950335",
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
            "0.0000000000000000000000000001",
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
        let decimals: Vec<Decimal> = numbers.iter().map(|text| parse(text).unwrap()).collect();
        for (text, decimal) in numbers.iter().zip(&decimals) {
            assert_eq!(decimal.to_string(), *text);
            assert_eq!(from_key(&to_key(decimal)).as_ref(), Ok(decimal));
        }
        for pair in decimals.windows(2) {
            assert!(pair[0] < pair[1] && to_key(&pair[0]) < to_key(&pair[1]), "{} {}", pair[0], pair[1]);
        }
    }

    #[test]
    fn stored_key_is_read_as_its_number_and_written_again_unchanged() {
        for (key, number) in [
            ("p03 150.25", "150.25"),
            ("n96 849.74~", "-150.25"),
            ("p01 0.", "0"),
            ("p02 10.", "10"),
            ("n98 9.94~", "-0.05"),
            ("p29 79228162514264337593543950335.", "79228162514264337593543950335"),
        ] {
            assert_eq!(from_key(key).unwrap().to_string(), number);
            assert_eq!(to_key(&parse(number).unwrap()), key);
        }
    }

    #[test]
    fn notations_of_one_number_have_one_key() {
        for (text, key) in [("1.10", "p01 1.1"), ("-0.0", "p01 0."), ("007", "p01 7."), ("2.000", "p01 2.")] {
            assert_eq!(to_key(&text.parse().unwrap()), key);
        }
    }

    #[test]
    fn text_that_is_no_key_is_refused() {
        for wrong in ["", "150.25", "p150.25", "n96 849.74", "x03 150.25"] {
            assert!(from_key(wrong).is_err(), "{wrong}");
        }
    }
}

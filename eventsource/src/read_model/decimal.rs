//! Decimal numbers as text.

use super::{Decimal, InvalidValue};

/// Parses the text of a number. A number that would have to be rounded is an error.
pub(crate) fn parse(text: &str) -> Result<Decimal, InvalidValue> {
    let digits = if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.') } else { text };
    let number = Decimal::from_str_exact(digits);
    number
        .map(|number| number.normalize())
        .map_err(|error| InvalidValue::new(format!("{text:?} is no decimal number that fits `Decimal`: {error}")))
}

/// A number as its text, for serde.
pub(crate) mod as_text {
    use serde::{Deserialize, Deserializer, Serializer, de};

    use super::{Decimal, parse};

    pub(crate) fn serialize<S: Serializer>(number: &Decimal, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(number)
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Decimal, D::Error> {
        parse(&String::deserialize(deserializer)?).map_err(de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn number_is_parsed_without_zeros_at_the_end() {
        let tiny = format!("0.5{:040}", 0);
        for (text, canonical) in [("1.10", "1.1"), ("-0.0", "0"), ("007", "7"), ("2.000", "2"), (&*tiny, "0.5")] {
            assert_eq!(parse(text).unwrap().to_string(), canonical);
        }
    }

    #[test]
    fn text_that_is_no_number_or_does_not_fit_is_refused() {
        let unfit = ["79228162514264337593543950336", "0.00000000000000000000000000001"];
        for wrong in ["", "-", "NaN", "1e5", "1.2.3", "Infinity"].into_iter().chain(unfit) {
            assert!(parse(wrong).unwrap_err().to_string().contains("is no decimal number that fits"), "{wrong}");
        }
    }
}

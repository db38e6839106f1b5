//! Numbers in JSON that every reader reads exactly.

use serde_json::Value;

/// The first integer that a reader with floating point numbers cannot tell from the next one.
const FIRST_INEXACT: u64 = 1 << 53;

/// Returns the value with its integers from 2^53 on as texts.
pub(super) fn exact(value: Value) -> Value {
    match value {
        Value::Number(number) => match (number.as_u64(), number.as_i64()) {
            (Some(large), _) if large >= FIRST_INEXACT => Value::String(large.to_string()),
            (_, Some(small)) if small.unsigned_abs() >= FIRST_INEXACT => Value::String(small.to_string()),
            _ => Value::Number(number),
        },
        Value::Array(values) => values.into_iter().map(exact).collect(),
        Value::Object(entries) => Value::Object(entries.into_iter().map(|(key, value)| (key, exact(value))).collect()),
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    #[test]
    fn integer_above_2_to_the_53_is_a_text() {
        let value =
            json!({ "position": (1_u64 << 53), "below": (1_u64 << 53) - 1, "rate": 0.5, "list": [-(1_i64 << 60)] });
        let exact = json!({
            "position": "9007199254740992", "below": 9_007_199_254_740_991_u64, "rate": 0.5,
            "list": ["-1152921504606846976"]
        });
        assert_eq!(super::exact(value), exact);
    }
}

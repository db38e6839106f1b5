//! The rule for stored names.

use syn::LitStr;

use crate::errors::Errors;

/// Returns the text of `literal`, and checks it as a stored name.
pub(crate) fn checked(literal: &LitStr, errors: &mut Errors) -> String {
    let name = literal.value();
    if let Err(message) = check(&name) {
        errors.push(literal, message);
    }
    name
}

/// Checks `name` as a stored name: `[A-Za-z][A-Za-z0-9_.-]{0,127}`. It is stored with the data, and used in filters and
/// tools.
pub(crate) fn check(name: &str) -> Result<(), String> {
    const RULE: &str = "a name is a letter, then up to 127 letters, digits, `_`, `.` or `-`";
    let Some(first) = name.chars().next() else {
        return Err(format!("this name is empty: {RULE}"));
    };
    if let Some(wrong) = name.chars().find(|c| !c.is_ascii_alphanumeric() && !"_.-".contains(*c)) {
        return Err(format!("{} cannot stand in a name: {RULE}", shown(wrong)));
    }
    if !first.is_ascii_alphabetic() {
        return Err(format!("a name cannot begin with `{first}`: {RULE}"));
    }
    if name.len() > 128 {
        return Err(format!("this name has {} characters: {RULE}", name.len()));
    }
    Ok(())
}

/// Shows a character in a message.
pub(crate) fn shown(c: char) -> String {
    match c {
        ' ' => "a space".to_owned(),
        c if c.is_control() || c.is_whitespace() => format!("`{}`", c.escape_default()),
        c => format!("`{c}`"),
    }
}

#[cfg(test)]
mod tests {
    use super::check;

    #[test]
    fn good_names() {
        for name in ["A", "OrderPlaced", "order.placed-v2_x", &"x".repeat(128)] {
            assert_eq!(check(name), Ok(()), "{name}");
        }
    }

    #[test]
    fn the_offending_character_is_named() {
        let starts = |name: &str, text: &str| {
            let said = check(name).err().unwrap_or_default();
            assert!(said.starts_with(text), "{name}: {said}");
        };
        starts("", "this name is empty: ");
        starts("order placed", "a space cannot stand in a name: ");
        starts("order/placed", "`/` cannot stand");
        starts("Größe", "`ö` cannot stand");
        starts("a\nb", "`\\n` cannot stand");
        starts("1st", "a name cannot begin with `1`: ");
        starts(".a", "a name cannot begin with `.`: ");
        starts(&"x".repeat(129), "this name has 129 characters: ");
    }
}

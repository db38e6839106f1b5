//! The rule for the names of tables and columns.

use crate::names::shown;

/// Checks `name` as the name of a table or column: `[A-Za-z_][A-Za-z0-9_]{0,62}`. The rule is the same for every
/// database, so that a model can move from one to another.
pub(super) fn check(name: &str) -> Result<(), String> {
    const RULE: &str = "a letter or `_`, then up to 62 letters, digits or `_`";
    let Some(first) = name.chars().next() else {
        return Err(format!("this name is empty: it is {RULE}"));
    };
    if let Some(wrong) = name.chars().find(|c| !c.is_ascii_alphanumeric() && *c != '_') {
        return Err(format!("{} cannot stand in the name of a table or column: it is {RULE}", shown(wrong)));
    }
    if first.is_ascii_digit() {
        return Err(format!("the name of a table or column cannot begin with `{first}`: it is {RULE}"));
    }
    if name.len() > 63 {
        return Err(format!("this name has {} characters: it is {RULE}", name.len()));
    }
    Ok(())
}

/// Checks `name` as the name of a table: databases and this crate reserve some prefixes.
pub(super) fn check_table(name: &str) -> Result<(), String> {
    check(name)?;
    let lower = name.to_ascii_lowercase();
    if lower.ends_with("__next") {
        return Err("`__next` at the end of a name is kept for rebuilds side by side: choose another name".to_owned());
    }
    match ["sqlite_", "pg_", "eventsource_"].into_iter().find(|kept| lower.starts_with(kept)) {
        Some(kept) => Err(format!("a table cannot begin with `{kept}`: such names are kept for others")),
        None => Ok(()),
    }
}

/// The columns that every table has.
const FRAMEWORK: [&str; 4] = ["version", "created_at", "updated_at", "deleted_at"];

/// The system columns of every table in PostgreSQL.
const SYSTEM: [&str; 6] = ["tableoid", "xmin", "cmin", "xmax", "cmax", "ctid"];

/// Checks `name` as the name of a column.
pub(super) fn check_column(name: &str) -> Result<(), String> {
    check(name)?;
    // Case-insensitive, because SQL without quotes is.
    if let Some(kept) = SYSTEM.into_iter().find(|own| own.eq_ignore_ascii_case(name)) {
        return Err(format!("every table in PostgreSQL has a column `{kept}` of its own: give this one another name"));
    }
    match FRAMEWORK.into_iter().find(|own| own.eq_ignore_ascii_case(name)) {
        Some(own) => Err(format!(
            "every read model has a column `{own}` already, kept by the framework and shown by `Stored`: give this one \
             another name, `#[read_model(column = \"…\")]`"
        )),
        None => Ok(()),
    }
}

/// Returns the name of a type in snake case.
pub(super) fn snake_case(name: &str) -> String {
    let mut snake = String::new();
    let mut before = None::<char>;
    let mut rest = name.chars().peekable();
    while let Some(c) = rest.next() {
        let begins_word = c.is_uppercase()
            && before.is_some_and(|before| {
                before.is_lowercase() || before.is_ascii_digit() || rest.peek().is_some_and(|next| next.is_lowercase())
            });
        if begins_word && before != Some('_') {
            snake.push('_');
        }
        snake.extend(c.to_lowercase());
        before = Some(c);
    }
    snake
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_types_become_names_of_tables() {
        for (name, table) in [
            ("OrderRow", "order_row"),
            ("HTTPLog", "http_log"),
            ("Order2Row", "order2_row"),
            ("Row", "row"),
            ("A_B", "a_b"),
        ] {
            assert_eq!(snake_case(name), table);
        }
    }

    #[test]
    fn rules() {
        let starts = |said: Result<(), String>, text: &str| {
            assert!(said.clone().is_err_and(|s| s.starts_with(text)), "{said:?}")
        };
        for good in ["a", "_x", "Order_2", &"x".repeat(63)] {
            assert_eq!(check(good), Ok(()), "{good}");
        }
        starts(check(""), "this name is empty");
        starts(check("a b"), "a space cannot stand");
        starts(check("größe"), "`ö` cannot stand");
        starts(check("1st"), "the name of a table or column cannot begin with `1`");
        starts(check(&"x".repeat(64)), "this name has 64 characters");
        starts(check_table("SQLite_x"), "a table cannot begin with `sqlite_`");
        starts(check_table("orders__next"), "`__next` at the end of a name");
        starts(check_column("xmin"), "every table in PostgreSQL has a column `xmin` of its own");
        starts(check_column("Version"), "every read model has a column `version` already");
    }
}

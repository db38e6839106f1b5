//! The fields in which two JSON values differ.

use maud::{Markup, html};
use serde::Serialize;
use serde_json::Value;

use crate::payload::Payloads;
use crate::text::visible;

/// The most fields that are listed.
const MOST: usize = 200;

/// How deep it looks. A value below that differs as a whole.
const DEEPEST: usize = 12;

/// A field that differs. Its path is such as `lines[0].sku`; empty for the whole value.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub(super) struct Field {
    pub(super) path: String,
    /// `None`: there is no such field.
    pub(super) before: Option<Value>,
    pub(super) after: Option<Value>,
}

/// The difference of two payloads.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub(super) struct Changes {
    pub(super) fields: Vec<Field>,
    /// Whether more fields differ than are listed.
    pub(super) more: bool,
}

impl Changes {
    /// Returns the difference of two values.
    pub(super) fn between(before: &Value, after: &Value) -> Self {
        let mut changes = Self { fields: Vec::new(), more: false };
        changes.compare(&mut String::new(), 0, Some(before), Some(after));
        changes
    }

    fn compare(&mut self, path: &mut String, depth: usize, before: Option<&Value>, after: Option<&Value>) {
        if before == after || self.more {
            return;
        }
        let length = path.len();
        match (before, after) {
            (Some(Value::Object(before)), Some(Value::Object(after))) if depth < DEEPEST => {
                let added = after.keys().filter(|key| !before.contains_key(*key));
                for key in before.keys().chain(added) {
                    if !path.is_empty() {
                        path.push('.');
                    }
                    path.push_str(key);
                    self.compare(path, depth + 1, before.get(key), after.get(key));
                    path.truncate(length);
                }
            }
            (Some(Value::Array(before)), Some(Value::Array(after))) if depth < DEEPEST => {
                for at in 0..before.len().max(after.len()) {
                    path.push_str(&format!("[{at}]"));
                    self.compare(path, depth + 1, before.get(at), after.get(at));
                    path.truncate(length);
                }
            }
            _ if self.fields.len() >= MOST => self.more = true,
            _ => self.fields.push(Field { path: path.clone(), before: before.cloned(), after: after.cloned() }),
        }
    }

    /// Masks the values.
    pub(super) fn masked(self, payloads: Payloads) -> Self {
        let value = |value: Option<Value>| value.map(|value| payloads.value(value));
        let field = |field: Field| Field { before: value(field.before), after: value(field.after), ..field };
        Self { fields: self.fields.into_iter().map(field).collect(), ..self }
    }

    /// Returns the fields as a table.
    pub(super) fn table(&self, payloads: Payloads, caption: &str) -> Markup {
        html! {
            table {
                caption { (caption) }
                thead { tr { th scope="col" { "Field" } th scope="col" { "Before" } th scope="col" { "After" } } }
                tbody {
                    @for field in &self.fields { tr {
                        td data-name="Field" { @if field.path.is_empty() { "the whole value" } @else { (visible(&field.path)) } }
                        td data-name="Before" { (value(payloads, field.before.as_ref())) }
                        td data-name="After" { (value(payloads, field.after.as_ref())) }
                    } }
                }
            }
            @if self.more { p.soft { "More fields differ." } }
        }
    }
}

/// Returns a value as one text; a dash if there is none.
pub(super) fn value(payloads: Payloads, value: Option<&Value>) -> Markup {
    match value {
        None => html! { span.soft { "–" } },
        Some(value) => html! { (visible(&payloads.value(value.clone()).to_string())) },
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn each_field_that_differs_is_named_by_its_path() {
        let before = json!({ "total": 1, "lines": [{ "sku": "a" }, 2], "gone": true, "same": [1, 2] });
        let after = json!({ "total": 2, "lines": [{ "sku": "b" }], "new": null, "same": [1, 2] });
        let changes = Changes::between(&before, &after);
        let mut paths: Vec<_> = changes.fields.iter().map(|field| &*field.path).collect();
        paths.sort_unstable();
        assert_eq!(paths, ["gone", "lines[0].sku", "lines[1]", "new", "total"]);
        let new = changes.fields.iter().find(|field| field.path == "new").unwrap();
        assert_eq!((&new.before, &new.after), (&None, &Some(Value::Null)));
        assert_eq!(Changes::between(&json!(1), &json!(2)).fields[0].path, "");
        assert_eq!(Changes::between(&before, &before).fields, []);
    }

    #[test]
    fn number_and_depth_of_fields_are_limited() {
        let array = |from: usize| Value::from((from..from + 1_000).collect::<Vec<_>>());
        let changes = Changes::between(&array(0), &array(1));
        assert_eq!((changes.fields.len(), changes.more), (MOST, true));
        let deep = |end: u64| (0..100).fold(json!(end), |inner, _| json!({ "a": inner }));
        let changes = Changes::between(&deep(1), &deep(2));
        assert_eq!(changes.fields.len(), 1);
        assert_eq!(changes.fields[0].path.matches('a').count(), DEEPEST);
    }

    #[test]
    fn masked_changes_have_no_values() {
        let changes = Changes::between(&json!({ "card": "4111" }), &json!({ "card": "4222" }));
        let table = changes.table(Payloads::Masked, "what").into_string();
        assert!(table.contains("card") && !table.contains("4111") && !table.contains("4222"), "{table}");
        assert!(!format!("{:?}", changes.masked(Payloads::Masked)).contains("4111"));
    }
}

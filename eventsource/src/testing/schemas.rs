//! The shapes of stored events: kept in a file, and compared with those of the program.
//!
//! See [`assert_event_schemas!`](crate::assert_event_schemas).

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;

use crate::catalogue::Registry;
use crate::event::Shape;

/// The environment variable that accepts the current shapes.
const ACCEPT: &str = "EVENTSOURCE_SCHEMAS";

const HEAD: &str =
    "# The shapes in which events are stored, by name and version. A shape that is stored does not change: a changed
# event gets a new version, and its old shape a type that `from(…)` names.
# To accept the shapes of the program: EVENTSOURCE_SCHEMAS=accept, and read the difference before you commit it.
";

/// Fails if the shape of an event differs from the one in a file. Call it in a test, and commit the file. The path is
/// relative to the folder of the package.
///
/// It compares every event that is linked into the test, and the older versions from which it is read. A second
/// argument names another [`Registry`]. The message names each field that was added, removed or changed its kind. After
/// an event got a new version, the old shape stays in the file, and the type of the old version must keep that shape.
///
/// `EVENTSOURCE_SCHEMAS=accept cargo test` writes the file.
///
/// # Panics
/// If a shape differs, with the names of all different fields. With `EVENTSOURCE_SCHEMAS=accept`, if the file cannot be
/// written.
///
/// # Examples
/// ```no_run
/// # fn events() -> eventsource::Registry { eventsource::Registry::default() }
/// #[test]
/// fn stored_events_keep_their_shapes() {
///     eventsource::assert_event_schemas!("tests/event_schemas.txt");
/// }
///
/// #[test]
/// fn the_events_of_this_crate_keep_their_shapes() {
///     eventsource::assert_event_schemas!("tests/event_schemas.txt", &events());
/// }
/// ```
#[macro_export]
macro_rules! assert_event_schemas {
    ($path:expr $(,)?) => {
        $crate::assert_event_schemas!($path, $crate::Registry::global())
    };
    ($path:expr, $registry:expr $(,)?) => {
        $crate::testing::schemas::assert_in(::core::env!("CARGO_MANIFEST_DIR"), $path, $registry)
    };
}

/// The shapes of events, by name and version.
type Shapes = BTreeMap<(String, u32), Shape>;

/// Compares the shapes of the events in `registry` with the file at `path` in `folder`.
/// [`assert_event_schemas!`](crate::assert_event_schemas) calls it.
///
/// # Panics
/// If a shape differs from the file, with each different field. With `EVENTSOURCE_SCHEMAS=accept`, if the file cannot
/// be written.
///
/// # Examples
/// ```
/// use eventsource::Registry;
/// use eventsource::testing::schemas;
///
/// // A program without events, and no file.
/// schemas::assert_in("tests", "event_schemas.txt", &Registry::of([]));
/// ```
#[track_caller]
#[allow(clippy::panic, reason = "a test fails by a panic")]
pub fn assert_in(folder: &str, path: &str, registry: &Registry) {
    let file = Path::new(folder).join(path);
    let shapes = shapes_of(registry);
    if std::env::var(ACCEPT).is_ok_and(|value| value == "accept") {
        if let Err(error) = std::fs::write(&file, written(&shapes)) {
            panic!("the shapes of the events cannot be written to {path}: {error}");
        }
        return;
    }
    let stored = std::fs::read_to_string(&file).unwrap_or_default();
    let differences = differences(&parsed(&stored), &shapes);
    if !differences.is_empty() {
        panic!(
            "the shapes of stored events differ from {path}:\n  {}\nTo accept them, once every difference is meant: \
             {ACCEPT}=accept",
            differences.join("\n  ")
        );
    }
}

/// Returns the shapes of every version of the events in `registry`.
fn shapes_of(registry: &Registry) -> Shapes {
    let mut shapes = Shapes::new();
    for event in registry.events() {
        for old in event.old_versions() {
            shapes.insert((event.name().to_owned(), old.version()), old.shape());
        }
        shapes.insert((event.name().to_owned(), event.version()), event.shape());
    }
    shapes
}

/// Returns the text of the file with `shapes`.
fn written(shapes: &Shapes) -> String {
    let mut text = HEAD.to_owned();
    for ((name, version), shape) in shapes {
        let _ = writeln!(text, "\n{name} v{version} {:016x}", shape.fingerprint());
        for (field, kind) in shape.fields() {
            let _ = writeln!(text, "    {field}: {kind}");
        }
    }
    text
}

/// Parses a file.
fn parsed(text: &str) -> Shapes {
    let mut shapes = BTreeMap::<_, BTreeMap<String, String>>::new();
    let mut current = None;
    for line in text.lines().filter(|line| !line.starts_with('#')) {
        if let Some((field, kind)) = line.strip_prefix("    ").and_then(|line| line.rsplit_once(": ")) {
            if let Some(fields) = current.as_ref().and_then(|key| shapes.get_mut(key)) {
                fields.insert(field.to_owned(), kind.to_owned());
            }
        } else if let Some((name, rest)) = line.split_once(" v") {
            let version = rest.split(' ').next().and_then(|version| version.parse().ok()).unwrap_or_default();
            shapes.insert((name.to_owned(), version), BTreeMap::new());
            current = Some((name.to_owned(), version));
        }
    }
    shapes.into_iter().map(|(key, fields)| (key, Shape::from_fields(fields))).collect()
}

/// Returns how the `stored` shapes differ from those of the program.
fn differences(stored: &Shapes, own: &Shapes) -> Vec<String> {
    let mut differences = Vec::new();
    for ((name, version), shape) in own {
        match stored.get(&(name.clone(), *version)) {
            None => differences.push(format!("`{name}` (version {version}) is new: the file does not have it yet")),
            Some(old) if old != shape => {
                let newest = own.keys().filter(|(own, _)| own == name).map(|(_, version)| *version).max();
                let advice = match newest {
                    Some(newest) if newest > *version => {
                        "the type of an old version stays as its events are stored".to_owned()
                    }
                    _ => format!(
                        "give it version {}, and its old shape a type of its own: `version = {}, from(…)`",
                        version + 1,
                        version + 1
                    ),
                };
                for (change, advised) in changes(old, shape) {
                    let advice = advised.unwrap_or(&advice);
                    differences.push(format!("`{name}` (version {version}): {change}; {advice}"));
                }
            }
            Some(_) => {}
        }
    }
    for (name, version) in stored.keys().filter(|key| !own.contains_key(*key)) {
        differences.push(format!(
            "`{name}` (version {version}) is in the file, but no event of the program reads it: stored events of this \
             version would be unreadable"
        ));
    }
    differences
}

/// Returns the fields in which two shapes differ, and what to do if it is not to raise the version.
fn changes(old: &Shape, new: &Shape) -> Vec<(String, Option<&'static str>)> {
    let mut changes = Vec::new();
    for (field, kind) in old.fields() {
        match new.kind(field) {
            None => changes.push((format!("field `{field}` ({kind}) is gone"), None)),
            Some(now) if now != kind => changes.push((format!("field `{field}` was {kind} and is {now}"), None)),
            Some(_) => {}
        }
    }
    for (field, kind) in new.fields().filter(|(field, _)| old.kind(field).is_none()) {
        let advice = if field.contains('?') {
            "stored events without it are read all the same: accept it"
        } else {
            "stored events lack it: accept it if it has a `#[serde(default)]`, otherwise raise the version"
        };
        changes.push((format!("field `{field}` ({kind}) is added"), Some(advice)));
    }
    changes
}

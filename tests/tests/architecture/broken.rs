//! The checks find what is wrong in small crates.

use std::fs;

use tempfile::TempDir;

use crate::graph::Graph;
use crate::rooms::{Room, wrong_arrows};

/// Writes a crate with these files, and reads it.
fn graph(files: &[(&str, &str)]) -> Graph {
    let folder = TempDir::new().expect("a folder");
    for (path, text) in files {
        let file = folder.path().join(path);
        fs::create_dir_all(file.parent().expect("a folder")).expect("a folder");
        fs::write(file, text).expect("a file");
    }
    Graph::read(&folder.path().join("lib.rs"))
}

/// Returns the first line of each cycle.
fn cycles(files: &[(&str, &str)]) -> Vec<String> {
    let all = graph(files).cycles(|_| true);
    all.iter().map(|text| text.lines().next().unwrap_or_default().to_owned()).collect()
}

const A_AND_B: &str = "mod a; mod b;";

#[test]
fn modules_that_import_each_other_are_a_cycle_with_places() {
    let files = [
        ("lib.rs", A_AND_B),
        ("a.rs", "use std::fmt;\nuse crate::b::{Other, Thing as Renamed};\npub struct Own;"),
        ("b.rs", "pub struct Thing; pub struct Other;\n\nuse super::a;"),
    ];
    let found = graph(&files).cycles(|_| true);
    let [text] = &*found else { panic!("{found:?}") };
    assert!(text.starts_with("a cycle in the crate: a -> b -> a\n"), "{text}");
    assert!(text.contains("a.rs:2 names crate::b::Other"), "{text}");
    assert!(text.contains("b.rs:3 names super::a"), "{text}");
}

#[test]
fn paths_in_code_without_an_import_are_found() {
    let b = "pub struct Thing; fn f() { let _ = vec![super::a::new()]; }";
    assert_eq!(
        cycles(&[("lib.rs", A_AND_B), ("a.rs", "fn f(_: crate::b::Thing) {}"), ("b.rs", b)]),
        ["a cycle in the crate: a -> b -> a"]
    );
}

#[test]
fn imports_inside_functions_are_found() {
    let a = "fn f() { use crate::b::{self, Thing}; }";
    assert_eq!(
        cycles(&[("lib.rs", A_AND_B), ("a.rs", a), ("b.rs", "use crate::a::f; pub struct Thing;")]),
        ["a cycle in the crate: a -> b -> a"]
    );
}

#[test]
fn longer_cycle_is_shown_by_its_shortest_way() {
    let files = [
        ("lib.rs", "mod a; mod b; mod c; mod d;"),
        ("a.rs", "use crate::b::B; pub struct A;"),
        ("b.rs", "use crate::c::C; use crate::d::D; pub struct B;"),
        ("c.rs", "use crate::a::A; pub struct C;"),
        ("d.rs", "pub struct D;"),
    ];
    assert_eq!(cycles(&files), ["a cycle in the crate: a -> b -> c -> a"]);
}

#[test]
fn re_export_is_followed_to_the_module_that_defines_the_item() {
    let files = [
        ("lib.rs", "mod room;"),
        ("room/mod.rs", "mod a; mod b; mod c; pub use a::A; pub use self::b::*; pub use c::inner;"),
        ("room/a.rs", "use super::B; pub struct A;"),
        ("room/b.rs", "use super::inner::C; pub struct B;"),
        ("room/c/mod.rs", "pub mod inner;"),
        ("room/c/inner.rs", "use crate::room::A as Renamed; pub struct C;"),
    ];
    assert_eq!(cycles(&files), ["a cycle in room: a -> b -> c -> a"]);
}

#[test]
fn cycle_between_folders_is_found_at_their_level() {
    let files = [
        ("lib.rs", A_AND_B),
        ("a/mod.rs", "mod deep; pub struct A;"),
        ("a/deep.rs", "use crate::b::deep::B;"),
        ("b/mod.rs", "pub mod deep;"),
        ("b/deep.rs", "use crate::a::A; pub struct B;"),
    ];
    assert_eq!(cycles(&files), ["a cycle in the crate: a -> b -> a"]);
}

#[test]
fn tests_and_comments_do_not_count() {
    let b = "/// See [`crate::a::A`].\npub struct B; // crate::a\n\
             #[cfg(test)] mod tests { use crate::a::A; }\n#[cfg(test)] use crate::a::A;\n\
             impl B { #[cfg(test)] fn f() { crate::a::A; } const TEXT: &str = \"crate::a::A\"; }";
    let files = [("lib.rs", A_AND_B), ("a.rs", "use crate::b::B; pub struct A;"), ("b.rs", b)];
    assert_eq!(cycles(&files), [""; 0]);
}

#[test]
fn code_behind_a_feature_counts() {
    let b = "#[cfg(feature = \"x\")] use crate::a::A; pub struct B;";
    assert_eq!(
        cycles(&[("lib.rs", A_AND_B), ("a.rs", "use crate::b::B; pub struct A;"), ("b.rs", b)]),
        ["a cycle in the crate: a -> b -> a"]
    );
}

#[test]
fn items_of_the_parent_and_of_children_are_no_cycle() {
    let files = [
        ("lib.rs", "mod a; pub struct Root;"),
        ("a/mod.rs", "mod inner; use inner::Inner; pub struct A;"),
        ("a/inner.rs", "use super::A; use crate::Root; pub struct Inner;"),
    ];
    assert_eq!(cycles(&files), [""; 0]);
}

const ROOMS: &[Room] = &[Room { name: "a", may_name: &[] }, Room { name: "b", may_name: &["a"] }];

#[test]
fn arrow_that_points_the_wrong_way_is_found() {
    let files = [("lib.rs", A_AND_B), ("a.rs", "\nuse crate::b::B;"), ("b.rs", "pub struct B;")];
    let wrong = wrong_arrows(&graph(&files), ROOMS);
    let [text] = &*wrong else { panic!("{wrong:?}") };
    assert!(text.starts_with("a may not name b: ") && text.ends_with("a.rs:2 names crate::b::B"), "{text}");
}

#[test]
fn module_without_a_room_is_found() {
    let files = [("lib.rs", "mod a; mod c;"), ("a.rs", "pub struct A;"), ("c.rs", "use crate::a::A;")];
    assert_eq!(wrong_arrows(&graph(&files), ROOMS), ["c is not in the table of rooms"]);
}

//! The rooms of the runtime crate, and which of them each may name.

use crate::graph::Graph;

/// A module below the root of a crate, and the modules that it may name.
pub(crate) struct Room {
    pub(crate) name: &'static str,
    pub(crate) may_name: &'static [&'static str],
}

/// Returns a text for each arrow between rooms that points the wrong way, and for each module that is not in `rooms`.
pub(crate) fn wrong_arrows(graph: &Graph, rooms: &[Room]) -> Vec<String> {
    let room = |name: &str| rooms.iter().find(|room| room.name == name);
    let missing = graph.modules().filter(|name| room(name).is_none());
    let missing = missing.map(|name| format!("{name} is not in the table of rooms"));
    let is_wrong = |from: &str, to: &str| room(from).is_some_and(|room| !room.may_name.contains(&to));
    let wrong = graph.arrows().filter(|(from, to, _)| is_wrong(from, to));
    missing.chain(wrong.map(|(from, to, named)| format!("{from} may not name {to}: {named}"))).collect()
}

/// Panics unless each of `rooms` may name only rooms before it.
pub(crate) fn assert_one_way(rooms: &[Room]) {
    for (at, room) in rooms.iter().enumerate() {
        for other in room.may_name {
            let is_before = rooms[..at].iter().any(|before| before.name == *other);
            assert!(is_before, "`{}` may name `{other}`, which is not before it in the table", room.name);
        }
    }
}

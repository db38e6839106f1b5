//! Which module names which, and the cycles among the children of one module.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::fmt;
use std::path::Path;

use crate::resolve;
use crate::source::Module;

/// A place where one module names another.
#[derive(Debug, Clone)]
pub(crate) struct Use {
    place: String,
    path: String,
}

impl fmt::Display for Use {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} names {}", self.place, self.path)
    }
}

/// The arrows among the children of one module, each with its first place.
type Arrows = BTreeMap<(String, String), Use>;

/// Which module of a crate names which.
#[derive(Debug)]
pub(crate) struct Graph {
    modules: Vec<String>,
    levels: BTreeMap<Vec<String>, Arrows>,
}

impl Graph {
    /// Reads the crate whose root is `file`. An arrow goes from `a` to `b`, two children of one module, if a file below
    /// `a` names something that a file below `b` defines.
    pub(crate) fn read(file: &Path) -> Self {
        let root = Module::read(file);
        let mut graph = Self { modules: root.children.keys().cloned().collect(), levels: BTreeMap::new() };
        root.visit(&mut Vec::new(), &mut |path, module| {
            for named in module.uses.iter().chain(&module.mentions) {
                let Some(home) = resolve::home(&root, path, &named.segments) else { continue };
                let place = format!("{}:{}", module.file.display(), named.line);
                graph.add(path, &home.module, Use { place, path: named.segments.join("::") });
            }
        });
        graph
    }

    fn add(&mut self, from: &[String], to: &[String], named: Use) {
        let common = from.iter().zip(to).take_while(|(a, b)| a == b).count();
        if let (Some(a), Some(b)) = (from.get(common), to.get(common)) {
            let level = self.levels.entry(from[..common].to_vec()).or_default();
            level.entry((a.clone(), b.clone())).or_insert(named);
        }
    }

    /// Returns the names of the children of the root.
    pub(crate) fn modules(&self) -> impl Iterator<Item = &str> {
        self.modules.iter().map(String::as_str)
    }

    /// Returns the arrows among the children of the root.
    pub(crate) fn arrows(&self) -> impl Iterator<Item = (&str, &str, &Use)> {
        let arrows = self.levels.get(&[] as &[String]).into_iter().flatten();
        arrows.map(|((from, to), named)| (&**from, &**to, named))
    }

    /// Returns a text for each cycle among the children of a module that `is_covered`: the shortest one of each group
    /// of modules that name each other, with one place for each arrow.
    pub(crate) fn cycles(&self, is_covered: impl Fn(&[String]) -> bool) -> Vec<String> {
        let covered = self.levels.iter().filter(|(path, _)| is_covered(path));
        covered.flat_map(|(path, arrows)| cycles(path, arrows)).collect()
    }
}

fn cycles(path: &[String], arrows: &Arrows) -> Vec<String> {
    let mut told = BTreeSet::new();
    let mut texts = Vec::new();
    let mut names: Vec<_> = arrows.keys().map(|(from, _)| &**from).collect();
    names.dedup();
    let mut found: Vec<_> = names.into_iter().filter_map(|name| way(arrows, name, name)).collect();
    found.sort_by_key(Vec::len);
    for cycle in found {
        if cycle.iter().any(|name| told.contains(name)) {
            continue;
        }
        let is_in_group = |name: &&str| way(arrows, cycle[0], name).is_some() && way(arrows, name, cycle[0]).is_some();
        told.extend(arrows.keys().map(|(from, _)| &**from).filter(is_in_group));
        let inside = if path.is_empty() { "the crate".to_owned() } else { path.join("::") };
        let mut text = format!("a cycle in {inside}: {}", cycle.join(" -> "));
        for pair in cycle.windows(2) {
            let named = &arrows[&(pair[0].to_owned(), pair[1].to_owned())];
            text += &format!("\n  {} -> {}: {named}", pair[0], pair[1]);
        }
        texts.push(text);
    }
    texts
}

/// Returns the shortest way from `from` to `to`, of at least one arrow.
fn way<'a>(arrows: &'a Arrows, from: &'a str, to: &str) -> Option<Vec<&'a str>> {
    let mut ways = VecDeque::from([vec![from]]);
    let mut reached = BTreeSet::new();
    while let Some(way) = ways.pop_front() {
        let here = way.last().copied().unwrap_or(from);
        for (_, next) in arrows.keys().filter(|(from, _)| from == here) {
            let longer = [&*way, &[&**next]].concat();
            if next == to {
                return Some(longer);
            }
            if reached.insert(next) {
                ways.push_back(longer);
            }
        }
    }
    None
}

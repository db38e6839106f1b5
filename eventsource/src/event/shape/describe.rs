//! Walks through a type with the probe, and collects its fields.

use std::collections::BTreeMap;

use super::probe::{Node, Step};

/// The maximum depth of the walk.
const DEPTH: usize = 24;

/// Returns the fields of the type behind `probe`, by their paths.
pub(super) fn describe(probe: &dyn Fn(&[Step]) -> Node) -> BTreeMap<String, String> {
    let mut walk = Walk { probe, steps: Vec::new(), names: Vec::new(), fields: BTreeMap::new() };
    walk.visit("");
    walk.fields
}

struct Walk<'a> {
    probe: &'a dyn Fn(&[Step]) -> Node,
    steps: Vec<Step>,
    /// The types around the current one. They end the walk through a type that contains itself.
    names: Vec<&'static str>,
    fields: BTreeMap<String, String>,
}

impl Walk<'_> {
    /// Describes the value at the current steps, under `path`.
    fn visit(&mut self, path: &str) {
        let node = if self.steps.len() < DEPTH { (self.probe)(&self.steps) } else { Node::Leaf("any") };
        match node {
            Node::Leaf(kind) => self.leaf(path, kind),
            Node::Option => self.step(Step::Inside, &format!("{path}?")),
            Node::Seq => self.step(Step::Inside, &format!("{path}[]")),
            Node::Tuple(length) => self.step(Step::Inside, &format!("{path}[{length}]")),
            Node::Map => self.step(Step::Inside, &format!("{path}{{}}")),
            Node::Struct(name, fields) => self.within(path, name, |walk| {
                if fields.is_empty() {
                    walk.leaf(path, "{}");
                }
                for field in fields {
                    let dot = if path.is_empty() { "" } else { "." };
                    walk.step(Step::Named(field), &format!("{path}{dot}{field}"));
                }
            }),
            Node::Enum(name, variants) => self.within(path, name, |walk| {
                let is_unit = |variant: &&'static str| {
                    walk.steps.push(Step::Named(variant));
                    let is_unit = matches!((walk.probe)(&walk.steps), Node::Leaf("unit"));
                    walk.steps.pop();
                    is_unit
                };
                let (units, others): (Vec<_>, Vec<_>) = variants.iter().copied().partition(is_unit);
                if !units.is_empty() || others.is_empty() {
                    walk.leaf(path, &units.join(" | "));
                }
                for variant in others {
                    walk.step(Step::Named(variant), &format!("{path}::{variant}"));
                }
            }),
        }
    }

    fn step(&mut self, step: Step, path: &str) {
        self.steps.push(step);
        self.visit(path);
        self.steps.pop();
    }

    fn leaf(&mut self, path: &str, kind: &str) {
        let path = if path.is_empty() { "(event)" } else { path };
        self.fields.insert(path.to_owned(), kind.to_owned());
    }

    fn within(&mut self, path: &str, name: &'static str, inside: impl FnOnce(&mut Self)) {
        if self.names.contains(&name) {
            return self.leaf(path, &format!("{name} again"));
        }
        self.names.push(name);
        inside(self);
        self.names.pop();
    }
}

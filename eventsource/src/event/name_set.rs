//! A set of names that is searched for each event.

use super::Name;

/// A set of names. Most sets are small, and then it is fastest to compare each name: most names differ in length.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct NameSet(
    /// Sorted, each once.
    Vec<Name>,
);

/// Sets up to this size are searched name by name.
const FEW: usize = 8;

impl NameSet {
    pub(super) fn iter(&self) -> impl ExactSizeIterator<Item = &str> {
        self.0.iter().map(AsRef::as_ref)
    }

    pub(super) fn contains(&self, name: &str) -> bool {
        if self.0.len() <= FEW {
            return self.iter().any(|own| own == name);
        }
        self.0.binary_search_by(|own| (**own).cmp(name)).is_ok()
    }

    pub(super) fn is_subset(&self, other: &Self) -> bool {
        self.iter().all(|name| other.contains(name))
    }

    pub(super) fn union(&self, other: &Self) -> Self {
        self.0.iter().chain(&other.0).cloned().collect()
    }
}

impl FromIterator<Name> for NameSet {
    fn from_iter<I: IntoIterator<Item = Name>>(names: I) -> Self {
        let mut names: Vec<_> = names.into_iter().collect();
        names.sort_unstable();
        names.dedup();
        Self(names)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(names: impl IntoIterator<Item = usize>) -> NameSet {
        names.into_iter().map(|name| Name::from(format!("Name{name}"))).collect()
    }

    #[test]
    fn name_set_contains_its_names_at_any_size() {
        for count in [0, 1, FEW, FEW + 1, 100] {
            let names = set((0..count).rev().chain(0..count));
            assert_eq!(names.iter().len(), count);
            assert!(names.iter().is_sorted());
            assert!((0..count).all(|name| names.contains(&format!("Name{name}"))));
            assert!(!names.contains(&format!("Name{count}")) && !names.contains("Name") && !names.contains(""));
            let (more, others) = (set(0..=count), set(count..count + 2));
            assert!(names.is_subset(&more) && !more.is_subset(&names));
            assert_eq!(names.union(&others), set(0..count + 2));
        }
    }
}

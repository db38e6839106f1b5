//! Constructs that some types read back equal, and others do not.

/// A construct that some types read back equal, and others do not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Doubt {
    /// `Some` of a value that is written as null. It is read as `None`, unless the type handles it.
    SomeNull,
    /// A skipped field. It must have a default.
    Skipped,
    /// An object of unknown length: a struct with flattened fields.
    Flattened,
    /// A key that is not a text. It is not read back inside a flattened or tagged type.
    OtherKey,
    /// An integer of 128 bits. It is not read back inside a flattened or tagged type.
    Wide,
}

const KINDS: usize = 5;

/// The number of doubts of each kind.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Doubts([u32; KINDS]);

/// The place of the first doubt of a kind.
pub(super) type Place = Doubt;

impl Doubts {
    #[inline]
    pub(super) fn count(&mut self, doubt: Doubt) {
        let count = &mut self.0[doubt as usize];
        *count = count.saturating_add(1);
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0 == [0; KINDS]
    }

    pub(super) fn has_wide_integers(&self) -> bool {
        self.has(Doubt::Wide)
    }

    fn has(&self, doubt: Doubt) -> bool {
        self.0[doubt as usize] > 0
    }

    /// Returns the doubt whose path an error names. A flattened struct comes last, because it often only contains the
    /// cause.
    pub(super) fn first(&self) -> Option<Place> {
        [Doubt::SomeNull, Doubt::OtherKey, Doubt::Wide, Doubt::Skipped, Doubt::Flattened]
            .into_iter()
            .find(|doubt| self.has(*doubt))
    }
}

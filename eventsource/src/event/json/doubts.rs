//! What is read back or not depending on the type.

/// A construct that some types read back equal, and others do not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Doubt {
    /// `Some` of something that is written as null, which reads as `None` unless the type takes care.
    SomeNull,
    /// A field that was skipped, which must have a default.
    Skipped,
    /// An object of unknown length: a struct with flattened fields.
    Flattened,
    /// A key that is no text, which is not read back inside a flattened or tagged type.
    OtherKey,
    /// An integer of 128 bits, which is not read back inside a flattened or tagged type.
    Wide,
}

const KINDS: usize = 5;

/// How many doubts of each kind a value has.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Doubts([u32; KINDS]);

/// The first doubt of a kind.
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

    /// The kind of which the first one is named: a flattened struct is often only where another doubt matters.
    pub(super) fn first(&self) -> Option<Place> {
        [Doubt::SomeNull, Doubt::OtherKey, Doubt::Wide, Doubt::Skipped, Doubt::Flattened]
            .into_iter()
            .find(|doubt| self.has(*doubt))
    }
}

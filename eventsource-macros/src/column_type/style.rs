//! The styles of the stored names of variants, as in serde's `rename_all`.

/// A style of names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Style {
    /// As in the enum.
    AsWritten,
    /// `intransit`
    Lower,
    /// `INTRANSIT`
    Upper,
    /// `inTransit`
    Camel,
    /// `in_transit`
    Snake,
    /// `IN_TRANSIT`
    ScreamingSnake,
    /// `in-transit`
    Kebab,
    /// `IN-TRANSIT`
    ScreamingKebab,
}

impl Style {
    const ALL: [(&'static str, Self); 8] = [
        ("PascalCase", Self::AsWritten),
        ("lowercase", Self::Lower),
        ("UPPERCASE", Self::Upper),
        ("camelCase", Self::Camel),
        ("snake_case", Self::Snake),
        ("SCREAMING_SNAKE_CASE", Self::ScreamingSnake),
        ("kebab-case", Self::Kebab),
        ("SCREAMING-KEBAB-CASE", Self::ScreamingKebab),
    ];

    /// Returns the style with this name.
    pub(super) fn called(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|(own, _)| *own == name).map(|(_, style)| style)
    }

    /// Lists the names of all styles.
    pub(super) fn list() -> String {
        Self::ALL.map(|(name, _)| format!("`{name}`")).join(", ")
    }

    /// Writes `variant` in this style.
    pub(super) fn apply(self, variant: &str) -> String {
        let parted = |by: char| {
            let mut name = String::new();
            for (at, c) in variant.char_indices() {
                if at > 0 && c.is_uppercase() {
                    name.push(by);
                }
                name.extend(c.to_lowercase());
            }
            name
        };
        match self {
            Self::AsWritten => variant.to_owned(),
            Self::Lower => variant.to_lowercase(),
            Self::Upper => variant.to_uppercase(),
            Self::Camel => {
                let mut chars = variant.chars();
                chars.next().into_iter().flat_map(char::to_lowercase).chain(chars).collect()
            }
            Self::Snake => parted('_'),
            Self::ScreamingSnake => parted('_').to_uppercase(),
            Self::Kebab => parted('-'),
            Self::ScreamingKebab => parted('-').to_uppercase(),
        }
    }
}

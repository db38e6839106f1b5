//! The words of the messages about marked methods.

/// The role of a marked method.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Role {
    /// A handler of a projection.
    Handler,
    /// The truncate hook of a projection.
    Hook,
    /// A method by which an aggregate applies an event.
    Applier,
}

impl Role {
    /// Names the method.
    pub(crate) const fn what(self) -> &'static str {
        match self {
            Self::Handler => "a handler",
            Self::Hook => "a truncate hook",
            Self::Applier => "an `applies` method",
        }
    }

    /// Returns the name of the attribute that marks it.
    pub(crate) const fn mark(self) -> &'static str {
        match self {
            Self::Handler => "handles",
            Self::Hook => "truncate",
            Self::Applier => "applies",
        }
    }

    /// Names the owner of the impl block.
    pub(crate) const fn owner(self) -> &'static str {
        match self {
            Self::Handler | Self::Hook => "the projection",
            Self::Applier => "the aggregate",
        }
    }

    /// Says what the method does with the event.
    pub(crate) const fn done(self) -> &'static str {
        match self {
            Self::Handler | Self::Hook => "handled",
            Self::Applier => "applied",
        }
    }
}

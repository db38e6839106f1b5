//! What a marked method is, in the words of the messages about it.

/// What a marked method is.
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
    /// What the method is called.
    pub(crate) const fn what(self) -> &'static str {
        match self {
            Self::Handler => "a handler",
            Self::Hook => "a truncate hook",
            Self::Applier => "an `applies` method",
        }
    }

    /// The attribute that marks it.
    pub(crate) const fn mark(self) -> &'static str {
        match self {
            Self::Handler => "handles",
            Self::Hook => "truncate",
            Self::Applier => "applies",
        }
    }

    /// What the impl block belongs to.
    pub(crate) const fn owner(self) -> &'static str {
        match self {
            Self::Handler | Self::Hook => "the projection",
            Self::Applier => "the aggregate",
        }
    }

    /// What is done with the event.
    pub(crate) const fn done(self) -> &'static str {
        match self {
            Self::Handler | Self::Hook => "handled",
            Self::Applier => "applied",
        }
    }
}

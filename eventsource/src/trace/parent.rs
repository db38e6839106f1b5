//! The context of a span in another process or at another time.

use std::fmt;

use crate::event::Metadata;

/// The key of the entry in [`Metadata`] that contains the ids of a trace and of a span.
pub const TRACEPARENT: &str = "traceparent";

/// The key of the entry in [`Metadata`] that contains the state of the vendors of a trace.
pub const TRACESTATE: &str = "tracestate";

/// The longest state of vendors that is kept, in bytes.
const MOST_STATE: usize = 512;

/// The context of a span: the ids of its trace and of itself, as the W3C recommendation *Trace Context* writes them.
///
/// Its `Display` is the value of a `traceparent` header.
///
/// ```
/// use eventsource::Metadata;
/// use eventsource::trace::TraceParent;
///
/// let header = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
/// let parent = TraceParent::parse(header).expect("it is well formed");
/// assert_eq!(parent.to_string(), header);
/// assert!(parent.is_sampled());
///
/// let metadata = parent.stamp(Metadata::new());
/// assert_eq!(TraceParent::of(&metadata), Some(parent));
/// assert_eq!(TraceParent::parse("a malformed one"), None);
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct TraceParent {
    trace: u128,
    span: u64,
    flags: u8,
    state: Option<String>,
}

impl TraceParent {
    /// Creates a context. Returns `None` if one of the ids is zero, which is no id.
    ///
    /// ```
    /// use eventsource::trace::TraceParent;
    ///
    /// assert!(TraceParent::new(1, 2, 1).is_some());
    /// assert!(TraceParent::new(0, 2, 1).is_none());
    /// ```
    #[must_use]
    pub const fn new(trace_id: u128, span_id: u64, flags: u8) -> Option<Self> {
        if trace_id == 0 || span_id == 0 {
            return None;
        }
        Some(Self { trace: trace_id, span: span_id, flags, state: None })
    }

    /// Sets the state of the vendors. An empty one, and one of more than 512 bytes, is dropped.
    #[must_use]
    pub fn with_state(mut self, state: impl Into<String>) -> Self {
        let state = state.into();
        self.state = Some(state).filter(|state| !state.is_empty() && state.len() <= MOST_STATE);
        self
    }

    /// Reads the value of a `traceparent` header. Returns `None` if it is malformed.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let mut parts = text.split('-');
        let version = hex(parts.next()?, 2)?;
        let (trace, span) = (hex(parts.next()?, 32)?, hex(parts.next()?, 16)?);
        let flags = hex(parts.next()?, 2)?;
        // A later version may have more parts.
        if version == 0xff || (version == 0 && parts.next().is_some()) {
            return None;
        }
        Self::new(trace, u64::try_from(span).ok()?, u8::try_from(flags).ok()?)
    }

    /// Returns the context in `metadata`. A malformed one counts as missing.
    #[must_use]
    pub fn of(metadata: &Metadata) -> Option<Self> {
        let parent = Self::parse(metadata.get_entry(TRACEPARENT)?.as_str()?)?;
        let state = metadata.get_entry(TRACESTATE).and_then(|state| state.as_str()).unwrap_or_default();
        Some(parent.with_state(state))
    }

    /// Adds the context to `metadata`, unless there is one already.
    #[must_use]
    pub fn stamp(&self, metadata: Metadata) -> Metadata {
        if metadata.get_entry(TRACEPARENT).is_some() {
            return metadata;
        }
        let metadata = metadata.entry(TRACEPARENT, self.to_string());
        match &self.state {
            Some(state) => metadata.entry(TRACESTATE, state),
            None => metadata,
        }
    }

    /// Returns the id of the trace.
    #[must_use]
    pub const fn trace_id(&self) -> u128 {
        self.trace
    }

    /// Returns the id of the span.
    #[must_use]
    pub const fn span_id(&self) -> u64 {
        self.span
    }

    /// Returns the flags.
    #[must_use]
    pub const fn flags(&self) -> u8 {
        self.flags
    }

    /// Returns whether the trace is recorded.
    #[must_use]
    pub const fn is_sampled(&self) -> bool {
        self.flags & 1 == 1
    }

    /// Returns the state of the vendors.
    #[must_use]
    pub fn state(&self) -> Option<&str> {
        self.state.as_deref()
    }
}

impl fmt::Display for TraceParent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "00-{:032x}-{:016x}-{:02x}", self.trace, self.span, self.flags)
    }
}

/// Reads a number of `digits` digits in lower case.
fn hex(text: &str, digits: usize) -> Option<u128> {
    let is_digit = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
    if text.len() != digits || !text.bytes().all(is_digit) {
        return None;
    }
    u128::from_str_radix(text, 16).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const SOUND: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

    #[test]
    fn malformed_context_is_no_context() {
        let malformed = [
            "",
            "-",
            "00",
            "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331",
            "00-0AF7651916CD43DD8448EB211C80319C-b7ad6b7169203331-01",
            "00-00000000000000000000000000000000-b7ad6b7169203331-01",
            "00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01",
            "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-more",
            "ff-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
            "00-+af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
            "00-0af7651916cd43dd8448eb211c80319\u{e9}-b7ad6b7169203331-01",
        ];
        for text in malformed {
            assert_eq!(TraceParent::parse(text), None, "{text}");
        }
        let later = format!("cc{}-more", &SOUND[2..]);
        assert_eq!(TraceParent::parse(&later).map(|parent| parent.to_string()).as_deref(), Some(SOUND));
        let metadata = Metadata::new().entry(TRACEPARENT, 7).entry(TRACESTATE, "a=1");
        assert_eq!(TraceParent::of(&metadata), None);
    }

    #[test]
    fn context_that_is_there_is_not_replaced() {
        let [first, second] = [1, 2].map(|id| TraceParent::new(id, 9, 1).map(|parent| parent.with_state("a=1")));
        let (Some(first), Some(second)) = (first, second) else { panic!("the ids are not zero") };
        let metadata = second.stamp(first.stamp(Metadata::new()));
        assert_eq!(TraceParent::of(&metadata), Some(first));
        assert_eq!(TraceParent::of(&metadata).and_then(|parent| parent.state().map(str::to_owned)), Some("a=1".into()));
    }

    #[test]
    fn state_that_is_too_long_is_dropped() {
        let parent = TraceParent::new(1, 2, 0).map(|parent| parent.with_state("x".repeat(513)));
        assert!(parent.is_some_and(|parent| parent.state().is_none() && !parent.is_sampled()));
    }
}

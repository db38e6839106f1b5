//! Which events of a stream are read, and in which order.

/// The order in which a stream is read: see [`ReadStream::forward`] and [`ReadStream::backward`].
///
/// ```
/// use eventsource::ReadStream;
/// use eventsource::store::Direction;
///
/// assert_eq!(ReadStream::backward().direction(), Direction::Backward);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Direction {
    /// The first version first.
    Forward,
    /// The last version first.
    Backward,
}

/// Selects events of a stream, and the order in which they are read. The default is [`forward`](Self::forward): all
/// events, the first version first.
///
/// ```
/// use eventsource::ReadStream;
/// use eventsource::store::Direction;
///
/// let last_ten = ReadStream::backward().limit(10);
/// assert_eq!((last_ten.direction(), last_ten.max_count()), (Direction::Backward, Some(10)));
///
/// let some = ReadStream::forward().from(3).to(9);
/// assert_eq!((some.from_version(), some.to_version(), some.max_count()), (3, 9, None));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReadStream {
    direction: Direction,
    from: u64,
    to: u64,
    limit: Option<usize>,
}

impl ReadStream {
    /// Selects all events, the first version first.
    ///
    /// # Examples
    /// ```
    /// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
    /// # use eventsource::{ExpectedVersion, MemoryEventStore, NewEvent, StreamId};
    /// # let store = MemoryEventStore::new();
    /// # let order = StreamId::new("Order", uuid::Uuid::now_v7());
    /// # let events = vec![NewEvent::raw("OrderPlaced", 1, "{}"), NewEvent::raw("OrderPaid", 1, "{}")];
    /// # store.append(&order, ExpectedVersion::NoStream, events).await?;
    /// use eventsource::{EventStore, ReadStream};
    ///
    /// let first = &store.read_stream(&order, ReadStream::forward()).await?[0];
    /// assert_eq!(first.event_type(), "OrderPlaced");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # }).unwrap();
    /// ```
    #[must_use]
    pub const fn forward() -> Self {
        Self { direction: Direction::Forward, from: 1, to: u64::MAX, limit: None }
    }

    /// Selects all events, the last version first.
    ///
    /// # Examples
    /// ```
    /// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
    /// # use eventsource::{ExpectedVersion, MemoryEventStore, NewEvent, StreamId};
    /// # let store = MemoryEventStore::new();
    /// # let order = StreamId::new("Order", uuid::Uuid::now_v7());
    /// # let events = vec![NewEvent::raw("OrderPlaced", 1, "{}"), NewEvent::raw("OrderPaid", 1, "{}")];
    /// # store.append(&order, ExpectedVersion::NoStream, events).await?;
    /// use eventsource::{EventStore, ReadStream};
    ///
    /// let last = &store.read_stream(&order, ReadStream::backward()).await?[0];
    /// assert_eq!(last.event_type(), "OrderPaid");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # }).unwrap();
    /// ```
    #[must_use]
    pub const fn backward() -> Self {
        Self { direction: Direction::Backward, ..Self::forward() }
    }

    /// Selects the versions that are `version` or higher. The default is 1.
    ///
    /// The direction does not matter: `backward().from(3)` begins at the last version and ends at version 3. To begin
    /// at version 3 and go down, write `backward().to(3)`.
    ///
    /// # Examples
    /// ```
    /// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
    /// # use eventsource::{ExpectedVersion, MemoryEventStore, NewEvent, StreamId};
    /// # let store = MemoryEventStore::new();
    /// # let order = StreamId::new("Order", uuid::Uuid::now_v7());
    /// # let events = vec![NewEvent::raw("OrderPlaced", 1, "{}"), NewEvent::raw("OrderPaid", 1, "{}")];
    /// # store.append(&order, ExpectedVersion::NoStream, events).await?;
    /// use eventsource::{EventStore, ReadStream};
    ///
    /// let later = store.read_stream(&order, ReadStream::forward().from(2)).await?;
    /// assert_eq!(later[0].version(), 2);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # }).unwrap();
    /// ```
    #[must_use]
    pub const fn from(mut self, version: u64) -> Self {
        self.from = version;
        self
    }

    /// Selects the versions that are `version` or lower. The default is `u64::MAX`.
    ///
    /// The direction does not matter: `backward().to(3)` begins at version 3.
    ///
    /// # Examples
    /// ```
    /// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
    /// # use eventsource::{ExpectedVersion, MemoryEventStore, NewEvent, StreamId};
    /// # let store = MemoryEventStore::new();
    /// # let order = StreamId::new("Order", uuid::Uuid::now_v7());
    /// # let events = vec![NewEvent::raw("OrderPlaced", 1, "{}"), NewEvent::raw("OrderPaid", 1, "{}")];
    /// # store.append(&order, ExpectedVersion::NoStream, events).await?;
    /// use eventsource::{EventStore, ReadStream};
    ///
    /// let earlier = store.read_stream(&order, ReadStream::backward().to(1)).await?;
    /// assert_eq!(earlier[0].version(), 1);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # }).unwrap();
    /// ```
    #[must_use]
    pub const fn to(mut self, version: u64) -> Self {
        self.to = version;
        self
    }

    /// Reads at most `events` events, in the order of reading. The default is no limit; with 0, no event is read.
    ///
    /// # Examples
    /// ```
    /// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
    /// # use eventsource::{ExpectedVersion, MemoryEventStore, NewEvent, StreamId};
    /// # let store = MemoryEventStore::new();
    /// # let order = StreamId::new("Order", uuid::Uuid::now_v7());
    /// # let events = vec![NewEvent::raw("OrderPlaced", 1, "{}"), NewEvent::raw("OrderPaid", 1, "{}")];
    /// # store.append(&order, ExpectedVersion::NoStream, events).await?;
    /// use eventsource::{EventStore, ReadStream};
    ///
    /// assert_eq!(store.read_stream(&order, ReadStream::backward().limit(1)).await?.len(), 1);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # }).unwrap();
    /// ```
    #[must_use]
    pub const fn limit(mut self, events: usize) -> Self {
        self.limit = Some(events);
        self
    }

    /// Returns the order of reading.
    #[must_use]
    pub const fn direction(&self) -> Direction {
        self.direction
    }

    /// Returns the lowest version to read; 1 by default.
    #[must_use]
    pub const fn from_version(&self) -> u64 {
        self.from
    }

    /// Returns the highest version to read; `u64::MAX` by default.
    #[must_use]
    pub const fn to_version(&self) -> u64 {
        self.to
    }

    /// Returns the maximum number of events to read; `None` (the default) means no limit.
    #[must_use]
    pub const fn max_count(&self) -> Option<usize> {
        self.limit
    }
}

//! Loads one aggregate: its current state, or a past one.

use uuid::Uuid;

use super::{Aggregate, AggregateError, AggregateRepository, AggregateRoot, AsOf};
use crate::event::{RecordedEvent, StreamId};
use crate::store::{LoadSeen, PAGE_BYTES, PageLimit, ReadStream};

/// The page size of a replay.
const PAGE: PageLimit = PageLimit::events(1_000).within_bytes(PAGE_BYTES);

impl<A: Aggregate> AggregateRepository<A> {
    /// Loads the aggregate `id`.
    ///
    /// # Errors
    /// - [`AggregateError::NotFound`] if it has no events.
    /// - [`AggregateError::Store`] if the store fails. It can be retried.
    /// - [`AggregateError::Decode`] or [`AggregateError::UndeclaredEvent`] if one of its events cannot be applied. A
    ///   retry does not help.
    ///
    /// # Examples
    /// ```
    /// # #[cfg(feature = "macros")] {
    /// # use eventsource::prelude::*;
    /// # use eventsource::AggregateError;
    /// # #[derive(serde::Serialize, serde::Deserialize, DomainEvent)]
    /// # #[event(aggregate = "Account")]
    /// # struct Opened {}
    /// # #[derive(Default)]
    /// # struct Account;
    /// # #[aggregate]
    /// # impl Account { #[applies(Opened)] fn opened(&mut self, _: &Opened) {} }
    /// # tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap().block_on(async {
    /// let accounts = AggregateRepository::<Account>::new(MemoryEventStore::new(), MemoryEventBus::new());
    /// let missing = accounts.load(uuid::Uuid::now_v7()).await;
    /// assert!(matches!(missing, Err(AggregateError::NotFound { .. })));
    /// # });
    /// # }
    /// ```
    pub async fn load(&self, id: Uuid) -> Result<AggregateRoot<A>, AggregateError> {
        self.get_or_none(id).await?.ok_or_else(|| AggregateError::NotFound { stream: StreamId::new(A::TYPE, id) })
    }

    /// Loads the aggregate `id`. Returns `None` if it has no events.
    ///
    /// # Errors
    /// The errors of [`load`](Self::load), except `NotFound`.
    ///
    /// # Examples
    /// ```
    /// # #[cfg(feature = "macros")] {
    /// # use eventsource::prelude::*;
    /// # use eventsource::aggregate::*;
    /// # #[derive(serde::Serialize, serde::Deserialize, DomainEvent)]
    /// # #[event(aggregate = "Account")]
    /// # struct Deposited { amount: u64 }
    /// # #[derive(Default, serde::Serialize, serde::Deserialize)]
    /// # struct Account { balance: u64 }
    /// # #[aggregate]
    /// # impl Account { #[applies(Deposited)] fn add(&mut self, event: &Deposited) { self.balance += event.amount } }
    /// # tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap().block_on(async {
    /// # let accounts = AggregateRepository::<Account>::new(MemoryEventStore::new(), MemoryEventBus::new());
    /// match accounts.get_or_none(uuid::Uuid::now_v7()).await? {
    ///     Some(account) => println!("the balance is {}", account.balance),
    ///     None => println!("there is no such account"),
    /// }
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # }).unwrap();
    /// # }
    /// ```
    pub async fn get_or_none(&self, id: Uuid) -> Result<Option<AggregateRoot<A>>, AggregateError> {
        let root = self.load_or_create(id).await?;
        Ok((root.version() > 0).then_some(root))
    }

    /// Loads the aggregate `id`. Returns a new aggregate if it has no events.
    ///
    /// # Errors
    /// The errors of [`load`](Self::load), except `NotFound`.
    ///
    /// # Examples
    /// ```
    /// # #[cfg(feature = "macros")] {
    /// # use eventsource::prelude::*;
    /// # #[derive(serde::Serialize, serde::Deserialize, DomainEvent)]
    /// # #[event(aggregate = "Account")]
    /// # struct Deposited { amount: u64 }
    /// # #[derive(Default)]
    /// # struct Account { balance: u64 }
    /// # #[aggregate]
    /// # impl Account { #[applies(Deposited)] fn add(&mut self, event: &Deposited) { self.balance += event.amount } }
    /// # tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap().block_on(async {
    /// # let accounts = AggregateRepository::<Account>::new(MemoryEventStore::new(), MemoryEventBus::new());
    /// let mut account = accounts.load_or_create(uuid::Uuid::now_v7()).await?;
    /// assert_eq!(account.version(), 0);
    /// account.record(Deposited { amount: 5 });
    /// accounts.save(&mut account).await?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # }).unwrap();
    /// # }
    /// ```
    pub async fn load_or_create(&self, id: Uuid) -> Result<AggregateRoot<A>, AggregateError> {
        let (root, before) = match self.restore(id).await? {
            Some(found) => found,
            None => {
                let mut root = AggregateRoot::<A>::new(id);
                self.replay(&mut root, None).await?;
                (root, 0)
            }
        };
        self.store.note_load(&LoadSeen::new(A::TYPE, root.version().saturating_sub(before)));
        Ok(root)
    }

    /// Loads a past state of the aggregate `id`: at a version (`u64`), at a position, or at a time. See [`AsOf`].
    ///
    /// A past state cannot be changed: if the aggregate has later events, a save fails with a conflict.
    ///
    /// # Errors
    /// - [`AggregateError::NotFound`] if it had no events at that point.
    /// - [`AggregateError::NoSuchVersion`] if it has fewer events than the version.
    /// - The other errors of [`load`](Self::load).
    ///
    /// # Examples
    /// ```
    /// # #[cfg(feature = "macros")] {
    /// # use eventsource::prelude::*;
    /// # #[derive(serde::Serialize, serde::Deserialize, DomainEvent)]
    /// # #[event(aggregate = "Account")]
    /// # struct Deposited { amount: u64 }
    /// # #[derive(Default)]
    /// # struct Account { balance: u64 }
    /// # #[aggregate]
    /// # impl Account { #[applies(Deposited)] fn add(&mut self, event: &Deposited) { self.balance += event.amount } }
    /// # tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap().block_on(async {
    /// # let accounts = AggregateRepository::<Account>::new(MemoryEventStore::new(), MemoryEventBus::new());
    /// let mut account = accounts.create_new(uuid::Uuid::now_v7());
    /// account.record([Deposited { amount: 5 }, Deposited { amount: 7 }]);
    /// accounts.save(&mut account).await?;
    /// assert_eq!(accounts.load_at(account.id(), 1).await?.balance, 5);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # }).unwrap();
    /// # }
    /// ```
    pub async fn load_at(&self, id: Uuid, at: impl Into<AsOf>) -> Result<AggregateRoot<A>, AggregateError> {
        let at = at.into();
        let mut root = AggregateRoot::<A>::new(id);
        self.replay(&mut root, Some(at)).await?;
        match (at, root.version()) {
            (_, 0) => Err(AggregateError::NotFound { stream: root.stream() }),
            (AsOf::Version(wanted), actual) if actual < wanted => {
                Err(AggregateError::NoSuchVersion { stream: root.stream(), wanted, actual })
            }
            _ => Ok(root),
        }
    }

    /// Loads the aggregate `id` from its snapshot and the later events, and returns the version of the snapshot too.
    /// Returns `None` if there is no usable snapshot.
    async fn restore(&self, id: Uuid) -> Result<Option<(AggregateRoot<A>, u64)>, AggregateError> {
        let stream = StreamId::new(A::TYPE, id);
        let Some(snapshots) = &self.snapshots else { return Ok(None) };
        let Some((snapshot, state)) = snapshots.find(&stream).await else { return Ok(None) };
        // The event of the snapshot is read too, to check that the snapshot belongs to this stream.
        let page = self.store.read_stream_page(&stream, ReadStream::forward().from(snapshot.version), PAGE).await?;
        let is_last = |event: &RecordedEvent| (event.version(), event.id()) == (snapshot.version, snapshot.event_id);
        match page.events.split_first() {
            Some((last, rest)) if is_last(last) => {
                let mut root = AggregateRoot::restored(state, last);
                rest.iter().try_for_each(|event| root.replay(event))?;
                if page.is_full {
                    self.replay(&mut root, None).await?;
                }
                Ok(Some((root, snapshot.version)))
            }
            _ => {
                snapshots.is_not_of_its_stream(&snapshot).await;
                Ok(None)
            }
        }
    }

    /// Applies the stored events after the version of `root`, as far as `at` includes them.
    async fn replay(&self, root: &mut AggregateRoot<A>, at: Option<AsOf>) -> Result<(), AggregateError> {
        let stream = root.stream();
        loop {
            let mut read = ReadStream::forward().from(root.version() + 1);
            if let Some(AsOf::Version(last)) = at {
                read = read.to(last);
            }
            let page = self.store.read_stream_page(&stream, read, PAGE).await?;
            for event in &page.events {
                if at.is_some_and(|at| !at.includes(event)) {
                    return Ok(());
                }
                root.replay(event)?;
            }
            if !page.is_full {
                return Ok(());
            }
        }
    }
}

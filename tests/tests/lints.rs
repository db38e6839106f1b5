//! No lint fires in a user's code because of what is generated: neither the compiler's nor, under `cargo clippy`, clippy's.

#![forbid(unsafe_code)]
#![deny(warnings, missing_docs, missing_debug_implementations, unreachable_pub, unused_qualifications)]
#![deny(single_use_lifetimes, elided_lifetimes_in_paths, trivial_casts, unused_lifetimes, unused_results)]
#![deny(non_local_definitions, let_underscore_drop, unit_bindings)]
#![deny(clippy::all, clippy::pedantic, clippy::nursery)]

use eventsource::projection::{Inject, Subscriber, UnitOfWork};
use eventsource::{
    DomainEvent, Event, HandlerError, Metadata, ReadModel, ReadModelError, Repository, StreamId, aggregate, projection,
};
use serde::{Deserialize, Serialize};

/// An event.
#[derive(Debug, Clone, Serialize, Deserialize, DomainEvent)]
#[event(aggregate = "Order")]
pub struct Placed {
    /// What it costs.
    pub total: u64,
}

/// An event without anything.
#[derive(Debug, Clone, Serialize, Deserialize, DomainEvent)]
#[event(aggregate = "Order", name = "order.shipped", version = 2, from(Self))]
pub struct Shipped;

/// What version 1 was.
#[derive(Debug, Clone, Deserialize)]
pub struct LostV1 {}

/// An event that has had another name, and another shape.
#[derive(Debug, Clone, Serialize, Deserialize, DomainEvent)]
#[event(aggregate = "Order", version = 3, from(LostV1, Self), aliases("OrderLost"))]
pub struct Lost {
    /// Where.
    pub at: Option<String>,
}

impl From<LostV1> for Lost {
    fn from(_: LostV1) -> Self {
        Self { at: None }
    }
}

/// An aggregate.
#[derive(Debug, Default)]
pub struct Order {
    total: u64,
}

#[aggregate]
impl Order {
    /// Placed.
    #[applies(Placed)]
    const fn placed(&mut self, event: &Placed) {
        self.total = event.total;
    }

    #[applies(Shipped)]
    const fn shipped(&mut self, _: &Shipped) {
        self.total = self.total.saturating_sub(1);
    }

    #[applies(Lost)]
    const fn lost(&mut self, _: &Lost) {
        self.total = 0;
    }

    /// What it costs.
    #[must_use]
    pub const fn total(&self) -> u64 {
        self.total
    }
}

/// An aggregate of any kind.
#[derive(Debug, Default)]
pub struct Any<T>(T);

#[aggregate(name = "Order")]
impl<T: Default + Send + Sync + 'static> Any<T> {
    #[applies(Placed)]
    fn placed(&mut self, _: &Placed) {
        self.0 = T::default();
    }
}

/// A projection that decides about every event of an order, and outlives its process.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Open(u64);

#[projection(snapshot, exhaustive = Order, ignores(Lost))]
impl Open {
    /// One more.
    #[handles(Placed)]
    const fn placed(&mut self, _: &Placed) {
        self.0 += 1;
    }

    #[handles(Shipped)]
    const fn shipped(&mut self, _: &Shipped) {
        self.0 = self.0.saturating_sub(1);
    }
}

/// A projection of any kind, with effects.
#[derive(Debug)]
pub struct Mails<T>(std::marker::PhantomData<T>);

#[projection(effects)]
impl<T: Send + Sync + 'static> Mails<T> {
    #[handles(Placed)]
    async fn placed(&self, _: &Placed) {
        std::future::ready(()).await;
    }

    #[cfg(any())]
    #[handles(Nothing)]
    async fn nothing(&self, _: &Nothing) {}
}

/// A projection behind a lock.
#[derive(Debug, Default)]
pub struct Locked(std::sync::atomic::AtomicU64);

#[projection(memory)]
impl Locked {
    #[handles(Placed)]
    fn placed(&self, event: &Placed) {
        let _ = self.0.fetch_add(event.total, std::sync::atomic::Ordering::Relaxed);
    }
}

macro_rules! counter {
    ($name:ident, $event:ty, $method:ident) => {
        /// A projection out of a macro.
        #[derive(Debug, Default)]
        pub struct $name(u64);

        #[projection]
        impl $name {
            #[handles($event)]
            const fn $method(&mut self, _: &$event) {
                self.0 += 1;
            }
        }
    };
}

counter!(LostOnes, Lost, lost);

/// A projection.
#[derive(Debug, Default)]
pub struct Total(u64);

#[projection]
impl Total {
    #[handles(Placed)]
    fn placed(&mut self, event: &Event<Placed>, _: &Metadata) -> Result<(), HandlerError> {
        self.0 = self.0.checked_add(event.total).ok_or_else(|| HandlerError::permanent("too much"))?;
        Ok(())
    }

    #[handles(Shipped)]
    const fn shipped(&mut self, _: &Shipped) {
        self.0 = self.0.saturating_sub(1);
    }

    #[truncate]
    const fn truncate(&mut self) {
        self.0 = 0;
    }
}

/// A row.
#[derive(Debug, Clone, PartialEq, Eq, ReadModel)]
pub struct Row {
    /// Its id.
    #[read_model(id)]
    pub id: u64,
    /// What it is called.
    #[read_model(index)]
    pub name: Option<String>,
    /// What it has.
    #[read_model(json)]
    pub lines: Vec<u64>,
}

/// A projection into rows, which it owns.
#[derive(Debug)]
pub struct Kept;

#[projection(name = "kept", read_models(Row))]
impl Kept {
    #[handles(Placed)]
    async fn placed(&self, event: &Placed, rows: &mut Repository<Row>) -> Result<(), ReadModelError> {
        rows.save(Row { id: event.total, name: None, lines: Vec::new() }).await
    }
}

/// Something that is lent.
#[derive(Debug)]
pub struct Table(Vec<u64>);

impl<U: UnitOfWork> Inject<U> for Table {
    type Guard = Box<Self>;

    async fn inject(_: &mut U) -> Result<Self::Guard, HandlerError> {
        std::future::ready(Ok(Box::new(Self(Vec::new())))).await
    }
}

/// A transactional projection.
#[derive(Debug)]
pub struct Rows {
    /// Its first row.
    pub first: u64,
}

#[projection(name = "rows", version = 2)]
impl Rows {
    #[handles(Placed)]
    async fn placed(&self, event: &Placed, table: &mut Table, _: &StreamId) -> Result<(), std::fmt::Error> {
        std::future::ready(()).await;
        table.0.push(event.total + self.first);
        Ok(())
    }

    #[truncate]
    async fn truncate(&self, table: &mut Table) {
        std::future::ready(()).await;
        table.0.truncate(usize::try_from(self.first).unwrap_or_default());
    }
}

#[test]
fn no_lint_fires() {
    let total = Total::default();
    assert_eq!((total.name().as_ref(), total.0), ("Total", 0));
    assert_eq!(Rows { first: 1 }.version(), 2);
    assert_eq!((Order::default().total(), Any::<u64>::default().0, Open::default().0), (0, 0, 0));
    assert_eq!(Mails::<u64>(std::marker::PhantomData).name(), "Mails");
    assert_eq!((Locked::default().0.into_inner(), LostOnes::default().0), (0, 0));
}

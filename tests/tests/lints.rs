//! No lint fires in a user's code because of what is generated: neither the compiler's nor, under `cargo clippy`, clippy's.

#![forbid(unsafe_code)]
#![deny(warnings, missing_docs, missing_debug_implementations, unreachable_pub, unused_qualifications)]
#![deny(single_use_lifetimes, elided_lifetimes_in_paths, trivial_casts, unused_lifetimes, unused_results)]
#![deny(non_local_definitions, let_underscore_drop, unit_bindings)]
#![deny(clippy::all, clippy::pedantic, clippy::nursery)]

use eventsource::projection::{Inject, Subscriber, UnitOfWork};
use eventsource::{
    DomainEvent, Event, HandlerError, Metadata, ReadModel, ReadModelError, Repository, StreamId, projection,
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
}

//! A projection with generics, a where clause, and something lent that depends on them.

use std::marker::PhantomData;

use eventsource::memory::MemoryUnit;
use eventsource::projection::{EventSubscriber, Inject, UnitOfWork};
use eventsource::{DomainEvent, Event, HandlerError, ReadModel, Repository, projection};
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize, DomainEvent)]
#[event(aggregate = "Order")]
struct Placed {}

struct Table<R>(PhantomData<R>);

impl<R: Send + 'static, U: UnitOfWork> Inject<U> for Table<R> {
    type Guard = Box<Self>;

    async fn inject(_: &mut U) -> Result<Self::Guard, HandlerError> {
        Ok(Box::new(Table(PhantomData)))
    }
}

struct Rows<R, const N: usize>(PhantomData<R>);

#[projection(name = "rows")]
impl<R: Clone, const N: usize> Rows<R, N>
where
    R: Send + Sync + 'static,
{
    #[handles(Placed)]
    async fn placed<'a>(&self, _: &'a Event<Placed>, _: &'a mut Table<R>) -> Result<(), HandlerError> {
        Ok(())
    }
}

#[derive(ReadModel)]
struct Row {
    #[read_model(id)]
    id: i64,
}

struct Kept<M>(PhantomData<M>);

#[projection(name = "kept", read_models(Row))]
impl<M: eventsource::read_model::ReadModel> Kept<M> {
    #[handles(Placed)]
    async fn placed(&self, _: &Placed, _: &mut Repository<M>, _: &mut Repository<Row>) {}
}

fn runs<U: UnitOfWork>(_: impl EventSubscriber<U>) {}

fn main() {
    runs::<MemoryUnit>(Rows::<u8, 3>(PhantomData));
    runs::<MemoryUnit>(Kept::<Row>(PhantomData));
}

//! What these tests share.

pub(crate) use std::future::{Future, poll_fn};
pub(crate) use std::pin::Pin;
pub(crate) use std::sync::Arc;
pub(crate) use std::task::Poll;

pub(crate) use eventsource::prelude::*;
pub(crate) use eventsource::store::{AppendError, Appended, ReadStream};
pub(crate) use eventsource_tests::backend::{Postgres, Sql, Sqlite};
pub(crate) use eventsource_tests::domain::Bumped;
pub(crate) use tokio::task::JoinSet;
pub(crate) use uuid::Uuid;

/// Each test, on both databases.
macro_rules! on_both {
    ($($(#[$attribute:meta])* $test:ident),+ $(,)?) => {
        mod sqlite {
            $($(#[$attribute])* #[tokio::test] async fn $test() { super::$test::<crate::world::Sqlite>().await; })+
        }
        mod postgres {
            $($(#[$attribute])* #[tokio::test] async fn $test() { super::$test::<crate::world::Postgres>().await; })+
        }
    };
}
pub(crate) use on_both;

pub(crate) type Answer = Result<Appended, AppendError>;

/// A stream of its own for each number.
pub(crate) fn stream(number: u128) -> StreamId {
    StreamId::new("Counter", Uuid::from_u128(number))
}

pub(crate) fn event(by: u64) -> NewEvent {
    NewEvent::of(&Bumped { by }).unwrap()
}

/// Everything that is stored, in order.
pub(crate) async fn log(store: &impl EventStore) -> Vec<Arc<RecordedEvent>> {
    store.read_log(Position::START, &EventFilter::all(), PageLimit::events(100_000)).await.unwrap().events
}

/// An append that has not begun.
pub(crate) fn append(
    store: &(impl EventStore + Clone + 'static),
    stream: StreamId,
    expected: ExpectedVersion,
    events: Vec<NewEvent>,
) -> Pin<Box<dyn Future<Output = Answer> + Send>> {
    let store = store.clone();
    Box::pin(async move { store.append(&stream, expected, events).await })
}

/// Lets it go on until it waits for something. Whether it does: a database may answer before one looks.
pub(crate) async fn begin(append: &mut Pin<Box<dyn Future<Output = Answer> + Send>>) -> bool {
    poll_fn(|cx| Poll::Ready(append.as_mut().poll(cx).is_pending())).await
}

/// Appends all of these at once, and returns the answers in their order.
pub(crate) async fn at_once(appends: Vec<Pin<Box<dyn Future<Output = Answer> + Send>>>) -> Vec<Answer> {
    let tasks: Vec<_> = appends.into_iter().map(tokio::spawn).collect();
    let mut answers = Vec::with_capacity(tasks.len());
    for task in tasks {
        answers.push(task.await.unwrap());
    }
    answers
}

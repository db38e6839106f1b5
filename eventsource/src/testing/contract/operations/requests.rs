//! The cases of stored requests.

use std::time::Duration;

use uuid::Uuid;

use super::{in_seconds, operations};
use crate::event::now;
use crate::projection::CheckpointStore;
use crate::projection::operations::{Answer, NewRequest, Operations, RequestQuery, RequestState};
use crate::testing::contract::violation::{ensure, ensure_eq};
use crate::testing::contract::{Verdict, Violation};

/// Asks a request about `subscription` that expires in a minute, and returns it.
async fn ask(operations: &dyn Operations, subscription: &str) -> Result<NewRequest, Violation> {
    let request = NewRequest::new(subscription, "pause", "ada", now() + Duration::from_secs(60));
    operations.ask(&request).await?;
    Ok(request)
}

async fn state(operations: &dyn Operations, id: Uuid) -> Result<RequestState, Violation> {
    let stored = operations.request(id).await?.ok_or_else(|| Violation::new("a request that was asked is gone"))?;
    Ok(stored.state)
}

pub(super) async fn a_request_is_read_back_as_it_was_asked<C: CheckpointStore>(store: &C) -> Verdict {
    let operations = operations(store)?;
    ensure_eq!(operations.request(Uuid::now_v7()).await?, None, "a request that was not asked");
    let arguments = "{\"reason\":\"Ünïcode \\u0007 'quotes' \\\"and\\\" a line\\nbreak\"}";
    let request = NewRequest::new("orders", "pause", "ada@host", in_seconds(60)).arguments(arguments);
    operations.ask(&request).await?;
    let stored = operations.request(request.id).await?;
    let stored = stored.ok_or_else(|| Violation::new("a request that was asked is gone"))?;
    ensure_eq!(stored.request, request, "the request");
    ensure_eq!(stored.state, RequestState::Waiting, "the state of a new request");
    Ok(())
}

pub(super) async fn a_request_that_is_asked_again_stays_as_it_is<C: CheckpointStore>(store: &C) -> Verdict {
    let operations = operations(store)?;
    let request = ask(operations, "orders").await?;
    operations.withdraw(request.id, now()).await?;
    let before = state(operations, request.id).await?;
    operations.ask(&request).await?;
    ensure_eq!(state(operations, request.id).await?, before, "the state of a request that was asked again");
    Ok(())
}

pub(super) async fn open_requests_are_those_that_have_not_ended<C: CheckpointStore>(store: &C) -> Verdict {
    let operations = operations(store)?;
    let mut asked = Vec::new();
    for name in ["orders", "orders", "orders", "orders", "reports", "mails"] {
        asked.push(ask(operations, name).await?.id);
    }
    operations.withdraw(asked[1], now()).await?;
    for id in [asked[2], asked[3]] {
        ensure!(operations.take(id, "process 1", 1, now()).await?, "a waiting request was not taken");
    }
    operations.answer(asked[3], "process 1", 1, &Answer::Done("paused".into()), now()).await?;
    let ids = async |names: &[&str]| -> Result<Vec<Uuid>, Violation> {
        Ok(operations.open_requests(names).await?.into_iter().map(|open| open.request.id).collect())
    };
    ensure_eq!(
        ids(&["orders", "mails"]).await?,
        [asked[0], asked[2], asked[5]],
        "the open requests, the earliest first"
    );
    ensure!(ids(&[]).await?.is_empty(), "there are open requests about no subscription");
    Ok(())
}

pub(super) async fn one_owner_takes_a_request<C: CheckpointStore>(store: &C) -> Verdict {
    let operations = operations(store)?;
    let (id, at) = (ask(operations, "orders").await?.id, in_seconds(1));
    ensure!(operations.take(id, "process 1", 3, at).await?, "a waiting request was not taken");
    for (by, epoch) in [("process 1", 3), ("process 2", 3), ("process 2", 2)] {
        ensure!(!operations.take(id, by, epoch, at).await?, "{by} with the epoch {epoch} took it from the epoch 3");
    }
    ensure_eq!(state(operations, id).await?, RequestState::Taken { by: "process 1".into(), epoch: 3, at }, "the state");
    ensure!(!operations.take(Uuid::now_v7(), "process 1", 3, at).await?, "a request that was not asked was taken");
    Ok(())
}

pub(super) async fn an_owner_with_a_later_epoch_takes_a_request_again<C: CheckpointStore>(store: &C) -> Verdict {
    let operations = operations(store)?;
    let (id, at) = (ask(operations, "orders").await?.id, in_seconds(1));
    operations.take(id, "process 1", 3, at).await?;
    // It does not matter any more when the request expires: it may be half done.
    let late = in_seconds(120);
    ensure!(operations.take(id, "process 2", 4, late).await?, "the next owner did not take what the one before left");
    let taken = RequestState::Taken { by: "process 2".into(), epoch: 4, at: late };
    ensure_eq!(state(operations, id).await?, taken, "the state");
    Ok(())
}

pub(super) async fn only_the_owner_that_took_a_request_answers_it<C: CheckpointStore>(store: &C) -> Verdict {
    let operations = operations(store)?;
    let (id, at) = (ask(operations, "orders").await?.id, in_seconds(2));
    let refused = Answer::Refused("it is being rebuilt".into());
    ensure!(!operations.answer(id, "process 1", 3, &refused, at).await?, "a request that was not taken was answered");
    operations.take(id, "process 1", 3, at).await?;
    for (by, epoch) in [("process 2", 3), ("process 1", 2), ("process 1", 4)] {
        let answered = operations.answer(id, by, epoch, &refused, at).await?;
        ensure!(!answered, "{by} with the epoch {epoch} answered what the epoch 3 of process 1 had taken");
    }
    ensure!(operations.answer(id, "process 1", 3, &refused, at).await?, "the owner could not answer");
    let answered = RequestState::Refused { by: "process 1".into(), answer: "it is being rebuilt".into(), at };
    ensure_eq!(state(operations, id).await?, answered, "the state");
    let again = operations.answer(id, "process 1", 3, &Answer::Done("paused".into()), at).await?;
    ensure!(!again, "a request was answered twice");
    ensure!(!operations.take(id, "process 2", 9, at).await?, "a request that has ended was taken");
    let other = ask(operations, "orders").await?.id;
    operations.take(other, "process 1", 3, at).await?;
    operations.answer(other, "process 1", 3, &Answer::Done("paused".into()), at).await?;
    let done = RequestState::Done { by: "process 1".into(), answer: "paused".into(), at };
    ensure_eq!(state(operations, other).await?, done, "the state of a request that was done");
    Ok(())
}

pub(super) async fn a_withdrawn_request_is_not_taken<C: CheckpointStore>(store: &C) -> Verdict {
    let operations = operations(store)?;
    let (id, at) = (ask(operations, "orders").await?.id, in_seconds(1));
    ensure!(operations.withdraw(id, at).await?, "a waiting request was not withdrawn");
    ensure!(!operations.withdraw(id, at).await?, "a request was withdrawn twice");
    ensure!(!operations.take(id, "process 1", 1, at).await?, "a request that was withdrawn was taken");
    ensure_eq!(state(operations, id).await?, RequestState::Withdrawn { at }, "the state");
    Ok(())
}

pub(super) async fn a_request_that_was_taken_is_not_withdrawn<C: CheckpointStore>(store: &C) -> Verdict {
    let operations = operations(store)?;
    let (id, at) = (ask(operations, "orders").await?.id, in_seconds(1));
    operations.take(id, "process 1", 1, at).await?;
    ensure!(!operations.withdraw(id, at).await?, "a request that an owner has begun was withdrawn");
    ensure_eq!(state(operations, id).await?, RequestState::Taken { by: "process 1".into(), epoch: 1, at }, "the state");
    Ok(())
}

pub(super) async fn an_expired_request_is_not_taken<C: CheckpointStore>(store: &C) -> Verdict {
    let operations = operations(store)?;
    let (late, other) = (ask(operations, "orders").await?, ask(operations, "orders").await?);
    let taken = operations.take(late.id, "process 1", 1, late.expires_at).await?;
    ensure!(!taken, "a request that has expired was taken");
    operations.take(other.id, "process 1", 1, now()).await?;
    ensure_eq!(operations.expire(now()).await?, 0, "the number of requests that expired before their time");
    let at = in_seconds(120);
    ensure_eq!(operations.expire(at).await?, 1, "the number of requests that expired");
    ensure_eq!(state(operations, late.id).await?, RequestState::Expired { at }, "the state");
    ensure!(state(operations, other.id).await?.is_open(), "a request that an owner has begun expired");
    Ok(())
}

pub(super) async fn requests_are_listed_by_pages_the_latest_first<C: CheckpointStore>(store: &C) -> Verdict {
    let operations = operations(store)?;
    let mut asked = Vec::new();
    for name in ["orders", "mails", "orders", "orders", "mails"] {
        asked.push(ask(operations, name).await?.id);
    }
    let ids = async |query: RequestQuery| -> Result<Vec<Uuid>, Violation> {
        Ok(operations.requests(&query).await?.into_iter().map(|stored| stored.request.id).collect())
    };
    ensure_eq!(ids(RequestQuery::latest(2)).await?, [asked[4], asked[3]], "the first page");
    ensure_eq!(ids(RequestQuery::latest(9).before(asked[3])).await?, [asked[2], asked[1], asked[0]], "the next page");
    let orders = RequestQuery::latest(2).of("orders");
    ensure_eq!(ids(orders.clone()).await?, [asked[3], asked[2]], "the first page of a subscription");
    ensure_eq!(ids(orders.before(asked[2])).await?, [asked[0]], "the next page of a subscription");
    Ok(())
}

pub(super) async fn requests_that_ended_are_forgotten_after_a_time<C: CheckpointStore>(store: &C) -> Verdict {
    let operations = operations(store)?;
    let [open, old, recent] = [ask(operations, "a").await?, ask(operations, "a").await?, ask(operations, "a").await?];
    operations.take(open.id, "process 1", 1, now()).await?;
    operations.withdraw(old.id, in_seconds(-60)).await?;
    operations.withdraw(recent.id, in_seconds(60)).await?;
    ensure_eq!(operations.forget_requests(now()).await?, 1, "the number of forgotten requests");
    let left = operations.requests(&RequestQuery::latest(9)).await?;
    let left: Vec<_> = left.into_iter().map(|stored| stored.request.id).collect();
    ensure_eq!(left, [recent.id, open.id], "the requests that are left");
    let skip = NewRequest::new("a", "skip", "ada", in_seconds(60));
    operations.ask(&skip).await?;
    operations.take(skip.id, "process 1", 1, now()).await?;
    operations.answer(skip.id, "process 1", 1, &Answer::Done("skipped".into()), in_seconds(-60)).await?;
    operations.forget_requests(now()).await?;
    let skips = operations.requests(&RequestQuery::latest(9).for_action("a", "skip")).await?;
    let skips: Vec<_> = skips.into_iter().map(|stored| stored.request.id).collect();
    ensure_eq!(skips, [skip.id], "the requests for the action `skip`, which stay for ever when they are done");
    Ok(())
}

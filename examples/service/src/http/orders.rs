//! The routes of orders: three commands and two reads.
//!
//! A command has an id that follows from the order, so that a client that got no answer sends it again. The repeated
//! command changes nothing, and has the answer of the first one.

use axum::Json;
use axum::extract::rejection::{JsonRejection, PathRejection, QueryRejection};
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use eventsource::aggregate::Executed;
use eventsource::event::Payload;
use eventsource::read_model::{self, Cursor};
use eventsource::{AggregateRoot, DomainEvent, Metadata};
use serde::{Deserialize, Serialize};
use serde_json::json;
use uuid::Uuid;

use super::Service;
use super::errors::Problem;
use super::waiting::{TOKEN, Waited};
use crate::domain::order::{Order, OrderCancelled, OrderPaid, OrderPlaced};
use crate::projections::orders::OrderRow;

type Body<T> = Result<Json<T>, JsonRejection>;
type Id = Result<Path<Uuid>, PathRejection>;
type Answer = Result<Response, Problem>;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PlaceOrder {
    /// The client chooses the id, so that it can send the command again.
    id: Uuid,
    customer: String,
    total_cents: u64,
}

pub async fn place(State(service): State<Service>, body: Body<PlaceOrder>) -> Answer {
    let Json(PlaceOrder { id, customer, total_cents }) = body?;
    let decide = |order: &mut AggregateRoot<Order>| order.place(&customer, total_cents);
    let executed =
        service.orders.execute(id, decide).command_id(Uuid::new_v5(&id, b"place")).metadata(about(id)).await?;
    answer(id, &executed, &OrderPlaced { customer, total_cents }, StatusCode::CREATED)
}

pub async fn pay(State(service): State<Service>, id: Id) -> Answer {
    let Path(id) = id?;
    let decide = |order: &mut AggregateRoot<Order>| order.pay();
    let executed = service.orders.execute(id, decide).command_id(Uuid::new_v5(&id, b"pay")).metadata(about(id)).await?;
    answer(id, &executed, &OrderPaid {}, StatusCode::OK)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CancelOrder {
    reason: String,
}

pub async fn cancel(State(service): State<Service>, id: Id, body: Body<CancelOrder>) -> Answer {
    let Path(id) = id?;
    let Json(CancelOrder { reason }) = body?;
    let decide = |order: &mut AggregateRoot<Order>| order.cancel(&reason);
    let executed =
        service.orders.execute(id, decide).command_id(Uuid::new_v5(&id, b"cancel")).metadata(about(id)).await?;
    answer(id, &executed, &OrderCancelled { reason }, StatusCode::OK)
}

/// What is stored with the events of a command: all of an order have one correlation id, also those of its mails.
fn about(id: Uuid) -> Metadata {
    Metadata::default().correlation_id(id)
}

/// The answer to a command: that of the first time, if it was given before with the same content.
fn answer<E: DomainEvent + PartialEq>(id: Uuid, executed: &Executed, asked: &E, first: StatusCode) -> Answer {
    let status = if executed.is_repeated {
        let stored = executed.events.first().and_then(|event| Payload::<E>::decode(event).ok());
        if stored.is_none_or(|stored| *stored != *asked) {
            return Err(Problem::other_body());
        }
        StatusCode::OK
    } else {
        first
    };
    let token = executed.token().map(|token| token.to_string()).unwrap_or_default();
    let headers = [(header::LOCATION.as_str(), format!("/orders/{id}")), (TOKEN, token)];
    Ok((status, headers, Json(json!({ "id": id, "version": executed.version }))).into_response())
}

pub async fn show(State(service): State<Service>, id: Id, headers: HeaderMap) -> Answer {
    let Path(id) = id?;
    if let Waited::Behind = service.wait_for_rows(&headers).await? {
        return Ok(behind());
    }
    let row = service.rows.get(id).await?.ok_or_else(Problem::no_order)?;
    Ok(Json(row).into_response())
}

/// A page of the list.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Page {
    /// The rows of a page: 20 by default, 100 at most.
    limit: Option<u8>,
    /// `next` of the page before.
    after: Option<String>,
}

#[derive(Serialize)]
struct Orders {
    orders: Vec<OrderRow>,
    /// The page after this one: `GET /orders?after=…`. There is none after the last page.
    next: Option<String>,
}

/// The latest orders first.
pub async fn list(
    State(service): State<Service>,
    page: Result<Query<Page>, QueryRejection>,
    headers: HeaderMap,
) -> Answer {
    let Query(Page { limit, after }) = page?;
    let limit = limit.unwrap_or(20);
    if !(1..=100).contains(&limit) {
        return Err(Problem::bad_parameter("`limit` must be from 1 to 100"));
    }
    if let Waited::Behind = service.wait_for_rows(&headers).await? {
        return Ok(behind());
    }
    let order = read_model::Query::all().order_by(OrderRow::PLACED_AT.desc());
    // One row more than the page has: it says whether there is another page.
    let mut query = order.clone().limit(u64::from(limit) + 1);
    if let Some(after) = after {
        query = query.after(after.parse::<Cursor>().map_err(Problem::bad_parameter)?);
    }
    let mut rows = service.rows.find_stored(query).await?;
    let has_more = rows.len() > usize::from(limit);
    rows.truncate(usize::from(limit));
    let next = rows.last().filter(|_| has_more).map(|last| order.cursor(last).to_string());
    let orders = rows.into_iter().map(|row| (*row).clone()).collect();
    Ok(Json(Orders { orders, next }).into_response())
}

/// The rows do not have the client's write yet.
fn behind() -> Response {
    let body =
        json!({ "status": "pending", "detail": "the write is stored, and is not in the read model yet: ask again" });
    (StatusCode::ACCEPTED, [(header::RETRY_AFTER, "1")], Json(body)).into_response()
}

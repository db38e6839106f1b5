//! The test kit, on projections of every kind that run in memory.

use std::num::ParseIntError;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

use chrono::DateTime;
use eventsource::prelude::*;
use eventsource::testing;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

#[derive(Serialize, Deserialize, DomainEvent)]
#[event(aggregate = "Parcel")]
struct Sent {
    weight: String,
}

#[derive(Serialize, Deserialize, DomainEvent)]
#[event(aggregate = "Parcel")]
struct Lost {}

#[derive(Default)]
struct Weights {
    total: u64,
    actors: Vec<String>,
    positions: Vec<u64>,
}

#[projection]
impl Weights {
    #[handles(Sent)]
    async fn sent(&mut self, event: &Event<Sent>, metadata: &Metadata) -> Result<(), ParseIntError> {
        // A handler may use what a runtime has.
        tokio::time::sleep(Duration::from_millis(1)).await;
        self.total += event.weight.parse::<u64>()?;
        self.actors.extend(metadata.get_actor().map(str::to_owned));
        self.positions.push(event.position().value());
        Ok(())
    }

    #[handles(Lost)]
    fn lost(&mut self, _: &Lost) {
        assert!(self.total > 0, "nothing can be lost");
        self.total = 0;
    }
}

fn sent(weight: &str) -> Sent {
    Sent { weight: weight.to_owned() }
}

#[test]
fn a_memory_projection() {
    testing::projection(Weights::default())
        .given(sent("3"))
        .with_metadata(Metadata::new().actor("alice"))
        .when(sent("4"))
        .then(|weights| {
            assert_eq!((weights.total, &weights.actors[..]), (7, &["alice".to_owned()][..]));
            assert_eq!(weights.positions, [1, 2]);
        })
        .when(sent("much"))
        .then_fails(|error| assert!(error.is_caused_by::<ParseIntError>()))
        .when(Lost {})
        .then(|weights| assert_eq!(weights.total, 0));
}

#[tokio::test]
async fn scenario_runs_inside_a_runtime() {
    testing::projection(Weights::default()).when(sent("1")).then(|weights| assert_eq!(weights.total, 1));
}

fn panics(test: impl FnOnce()) -> String {
    let panic = catch_unwind(AssertUnwindSafe(test)).unwrap_err();
    match panic.downcast::<String>() {
        Ok(text) => *text,
        Err(panic) => panic.downcast::<&str>().map(|text| (*text).to_owned()).unwrap_or_default(),
    }
}

#[test]
fn failed_expectation_fails_the_test_and_says_why() {
    let test = || testing::projection(Weights::default());
    let failed = panics(|| drop(test().given(sent("x"))));
    assert!(failed.contains("failed to handle `Sent`: invalid digit"), "{failed}");
    let failed = panics(|| drop(test().when(sent("x")).then(|_| {})));
    assert!(failed.contains("failed to handle `Sent`: invalid digit"), "{failed}");
    let failed = panics(|| drop(test().when(sent("1")).then_fails(|_| {})));
    assert!(failed.contains("handled `Sent`, but the test expects that it fails"), "{failed}");
    let failed = panics(|| drop(test().when(Lost {})));
    assert!(failed.contains("nothing can be lost"), "{failed}");
}

#[derive(Debug, Clone, PartialEq, ReadModel)]
struct ParcelRow {
    #[read_model(id)]
    id: Uuid,
    weight: i64,
    sent_at: DateTime<chrono::Utc>,
}

struct Parcels;

#[projection(read_models(ParcelRow))]
impl Parcels {
    #[handles(Sent)]
    async fn sent(&self, event: &Event<Sent>, rows: &mut Repository<ParcelRow>) -> Result<(), HandlerError> {
        let weight = event.weight.parse().map_err(HandlerError::permanent)?;
        rows.save(ParcelRow { id: event.aggregate_id(), weight, sent_at: event.occurred_at() }).await?;
        // A row of a failed event is never seen.
        if weight < 0 { Err(HandlerError::permanent("too light")) } else { Ok(()) }
    }

    #[handles(Lost)]
    async fn lost(&self, event: &Event<Lost>, rows: &mut Repository<ParcelRow>) -> Result<(), ReadModelError> {
        rows.delete(event.aggregate_id()).await
    }
}

#[test]
fn a_projection_into_read_models() {
    let (one, two) = (Uuid::from_u128(7), Uuid::from_u128(8));
    let time = DateTime::from_timestamp(1_000_000_000, 0).unwrap();
    testing::projection(Parcels)
        .aggregate_id(one)
        .given(sent("3"))
        .aggregate_id(two)
        .at(time)
        .when(sent("4"))
        .then(|parcels| {
            assert_eq!(parcels.rows::<ParcelRow>().len(), 2);
            assert_eq!(parcels.row::<ParcelRow>(two), Some(ParcelRow { id: two, weight: 4, sent_at: time }));
        })
        .aggregate_id(Uuid::from_u128(9))
        .when(sent("-1"))
        .then_fails(|error| assert!(error.to_string().contains("too light")))
        .aggregate_id(two)
        .when(Lost {})
        .then(|parcels| {
            let ids: Vec<_> = parcels.rows::<ParcelRow>().iter().map(|row| row.id).collect();
            assert_eq!(ids, [one]);
        });
}

#[derive(Debug, Default, PartialEq)]
struct Parcel {
    sent: u32,
}

#[aggregate]
impl Parcel {
    #[applies(Sent)]
    fn sent(&mut self, _: &Sent) {
        self.sent += 1;
    }

    #[applies(Lost)]
    fn lost(&mut self, _: &Lost) {
        self.sent = 0;
    }
}

#[test]
fn an_aggregate() {
    testing::aggregate::<Parcel>()
        .given(sent("1"))
        .decides(|parcel| parcel.sent > 0)
        .then(|may_lose| assert!(may_lose))
        .when(Lost {})
        .then(|parcel| assert_eq!(*parcel, Parcel { sent: 0 }));
    let failed = panics(|| drop(testing::aggregate::<Parcel>().given_stored(NewEvent::raw("Found", 1, "{}"))));
    assert!(failed.contains("`Found` is not declared by the aggregate"), "{failed}");
}

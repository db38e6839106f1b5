//! The log line that says who holds the horizon back.

use std::fmt::{self, Write as _};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use eventsource::prelude::*;
use eventsource::sqlx;
use eventsource_tests::domain::bump;
use eventsource_tests::wait::eventually;
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event as Traced, Level, Metadata as CallSite, Subscriber as Collector};

use crate::world::World;

/// Collects warnings, as text.
#[derive(Clone, Default)]
struct Warnings(Arc<Mutex<Vec<String>>>);

struct Fields(String);

impl Visit for Fields {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        let _ = write!(self.0, " {}={value:?}", field.name());
    }
}

impl Collector for Warnings {
    fn enabled(&self, site: &CallSite<'_>) -> bool {
        *site.level() == Level::WARN && site.target().starts_with("eventsource::store::postgres")
    }

    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, event: &Traced<'_>) {
        let mut fields = Fields(String::new());
        event.record(&mut fields);
        self.0.lock().unwrap().push(fields.0);
    }

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {}
}

#[tokio::test]
async fn a_horizon_held_for_longer_than_a_set_time_is_told_with_its_holder() {
    let warnings = Warnings::default();
    let _collecting = tracing::subscriber::set_default(warnings.clone());
    let world = World::with(|options| options.horizon_warning(Duration::from_millis(200))).await;
    let mut conn = world.schema.connect().await;
    let pid: i32 = sqlx::query_scalar("SELECT pg_backend_pid()").fetch_one(&mut conn).await.unwrap();
    sqlx::raw_sql("BEGIN").execute(&mut conn).await.unwrap();
    let stream = StreamId::new("Order", uuid::Uuid::now_v7());
    let placed = vec![NewEvent::raw("OrderPlaced", 1, "{}")];
    world.store.append_in(&mut conn, &stream, ExpectedVersion::Any, placed).await.unwrap();
    bump(&world.store, [1]).await;
    world.store.head().await.unwrap();
    assert!(warnings.0.lock().unwrap().is_empty(), "not at once");
    eventually("it is told", || async {
        world.store.head().await.unwrap();
        !warnings.0.lock().unwrap().is_empty()
    })
    .await;
    let line = warnings.0.lock().unwrap()[0].clone();
    assert!(line.contains(&format!("pid {pid}")) && line.contains("held back"), "{line}");
    sqlx::raw_sql("ROLLBACK").execute(&mut conn).await.unwrap();
}

//! The projections under test, one of each kind: each keeps the positions that it has applied, in order.

use std::sync::Arc;

use eventsource::memory::MemoryReadModels;
use eventsource::memory::MemoryUnit;
use eventsource::prelude::*;
use eventsource::projection::EventSubscriber;
use eventsource::read_model::{ReadModel, Repository};
use eventsource::subscription::SubscriptionState;
use eventsource::testing::faults::FaultyUnit;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::script::{Fate, Host, Script, meet};

/// The unit of work of a run.
pub type Unit = FaultyUnit<MemoryUnit>;

macro_rules! events {
    ($($name:ident $(, version = $version:literal, $from:ident($($old:tt)*))?;)+) => {$(
        #[derive(Debug, Serialize, Deserialize, DomainEvent)]
        #[event(aggregate = "Thing" $(, version = $version, $from($($old)*))?)]
        pub struct $name {
            pub fate: Fate,
        }
    )+};
}

events! {
    Opened;
    // Version 1 looks the same, and is all that old code knows.
    Moved, version = 2, from(Self);
    Noise;
}

/// A projection under test.
pub trait Subject: EventSubscriber<Unit> + Sized {
    /// Whether a second process can stand by.
    const SHARED: bool;

    fn make(mind: &Arc<Script>, process: usize) -> Self;

    /// What was applied, in order; a model may find itself broken.
    fn applied(
        handle: &SubscriptionHandle<Self>,
        checkpoints: &MemoryCheckpoints,
        mind: &Script,
    ) -> impl Future<Output = Vec<u64>>;
}

#[derive(ReadModel)]
#[read_model(table = "histories")]
struct History {
    #[read_model(id)]
    id: Uuid,
    positions: String,
}

/// Another table, written in the same batch: they must never differ.
#[derive(ReadModel)]
#[read_model(table = "counts")]
struct Count {
    #[read_model(id)]
    id: Uuid,
    count: u64,
}

/// Read models through repositories: one history of everything, and a count for each stream.
pub struct Rows(Host);

#[projection(name = "subject", read_models(History, Count))]
impl Rows {
    #[handles(Opened)]
    async fn opened(
        &self,
        event: &Event<Opened>,
        histories: &mut Repository<History>,
        counts: &mut Repository<Count>,
    ) -> Result<(), HandlerError> {
        self.write(event.recorded(), event.fate, histories, counts).await
    }

    #[handles(Moved)]
    async fn moved(
        &self,
        event: &Event<Moved>,
        histories: &mut Repository<History>,
        counts: &mut Repository<Count>,
    ) -> Result<(), HandlerError> {
        self.write(event.recorded(), event.fate, histories, counts).await
    }
}

impl Rows {
    async fn write(
        &self,
        event: &RecordedEvent,
        fate: Fate,
        histories: &mut Repository<History>,
        counts: &mut Repository<Count>,
    ) -> Result<(), HandlerError> {
        self.0.read(event)?;
        let (position, stream) = (event.position(), event.aggregate_id());
        let fate = self.0.now(position.value(), fate);
        let mut history =
            histories.get(Uuid::nil()).await?.unwrap_or(History { id: Uuid::nil(), positions: String::new() });
        history.positions += &format!("{position} ");
        histories.save(history).await?;
        // In the middle: what is half done must not stay.
        meet(fate).await?;
        let count = counts.get(stream).await?.map_or(0, |count| count.count);
        counts.save(Count { id: stream, count: count + 1 }).await?;
        Ok(())
    }
}

impl Subject for Rows {
    const SHARED: bool = true;

    fn make(mind: &Arc<Script>, process: usize) -> Self {
        Self(Host::new(mind, process))
    }

    async fn applied(_: &SubscriptionHandle<Self>, checkpoints: &MemoryCheckpoints, _: &Script) -> Vec<u64> {
        let models = MemoryReadModels::new(checkpoints);
        let history = models.repository::<History>().get(Uuid::nil()).await.unwrap();
        let positions: Vec<u64> = history.map_or_else(Vec::new, |history| {
            history.positions.split_whitespace().map(|position| position.parse().unwrap()).collect()
        });
        let counts = models.repository::<Count>().find(Count::COUNT.gt(0_u64)).await.unwrap();
        let counted: u64 = counts.iter().map(|count| count.count).sum();
        assert_eq!(counted, positions.len() as u64, "two tables of one batch differ");
        positions
    }
}

macro_rules! in_memory {
    ($(#[$doc:meta])* $name:ident, $(#[$mind:meta])* [$($kind:ident)?], $shared:literal, $applied:expr, $($hook:tt)*) => {
        $(#[$doc])*
        pub struct $name {
            $(#[$mind])*
            mind: Host,
            positions: Vec<u64>,
        }

        #[projection(name = "subject" $(, $kind)?)]
        impl $name {
            #[handles(Opened)]
            async fn opened(&mut self, event: &Event<Opened>) -> Result<(), HandlerError> {
                self.keep(event.recorded(), event.fate).await
            }

            #[handles(Moved)]
            async fn moved(&mut self, event: &Event<Moved>) -> Result<(), HandlerError> {
                self.keep(event.recorded(), event.fate).await
            }

            $($hook)*
        }

        impl $name {
            async fn keep(&mut self, event: &RecordedEvent, fate: Fate) -> Result<(), HandlerError> {
                self.mind.read(event)?;
                let position = event.position();
                let fate = self.mind.now(position.value(), fate);
                // Who is cut off leaves something half done, which must not stay.
                if matches!(fate, Fate::Panics | Fate::Hangs(_)) {
                    self.positions.push(u64::MAX);
                }
                meet(fate).await?;
                self.positions.push(position.value());
                Ok(())
            }
        }

        impl Subject for $name {
            const SHARED: bool = $shared;

            fn make(mind: &Arc<Script>, process: usize) -> Self {
                Self { mind: Host::new(mind, process), positions: Vec::new() }
            }

            async fn applied(handle: &SubscriptionHandle<Self>, stored: &MemoryCheckpoints, _: &Script) -> Vec<u64> {
                let positions = handle.with(|subject| subject.positions.clone()).await;
                $applied(handle, stored, positions).await
            }
        }
    };
}

in_memory!(
    /// State in memory, which is restored from a copy.
    #[derive(Clone)]
    Cloned, [], false, as_it_is,
);

in_memory!(
    /// State in memory that cannot be copied: its hook empties it.
    Hooked, [], false, as_it_is,
    #[truncate]
    fn truncate(&mut self) {
        self.positions.clear();
    }
);

in_memory!(
    /// State that is stored with its checkpoint.
    #[derive(Clone, Serialize, Deserialize)]
    Durable,
    #[serde(skip, default = "Host::of_this_run")]
    [snapshot], true, as_it_is_stored,
);

async fn as_it_is<P>(_: &SubscriptionHandle<P>, _: &MemoryCheckpoints, positions: Vec<u64>) -> Vec<u64> {
    positions
}

/// What is stored, which is what is there, unless the end was a fault.
async fn as_it_is_stored(
    handle: &SubscriptionHandle<Durable>,
    checkpoints: &MemoryCheckpoints,
    positions: Vec<u64>,
) -> Vec<u64> {
    let stored = checkpoints.snapshot("subject").await.unwrap();
    let stored = stored.map_or_else(Vec::new, |stored| {
        serde_json::from_slice::<Durable>(&stored.state).expect("the state can be read").positions
    });
    if !matches!(handle.inspect().await.state, SubscriptionState::Faulted { .. }) {
        assert_eq!(stored, positions, "what is stored is not what is there");
    }
    stored
}

/// Effects on the outside world.
pub struct Effects(Host, usize);

#[projection(effects, name = "subject")]
impl Effects {
    #[handles(Opened)]
    async fn opened(&self, event: &Event<Opened>) -> Result<(), HandlerError> {
        self.act(event.recorded(), event.fate).await
    }

    #[handles(Moved)]
    async fn moved(&self, event: &Event<Moved>) -> Result<(), HandlerError> {
        self.act(event.recorded(), event.fate).await
    }

    /// What was done outside stays done.
    #[truncate]
    async fn truncate(&self) {}
}

impl Effects {
    async fn act(&self, event: &RecordedEvent, fate: Fate) -> Result<(), HandlerError> {
        self.0.read(event)?;
        let position = event.position();
        meet(self.0.now(position.value(), fate)).await?;
        self.0.effect(self.1, position.value());
        Ok(())
    }
}

impl Subject for Effects {
    const SHARED: bool = true;

    fn make(mind: &Arc<Script>, process: usize) -> Self {
        Self(Host::new(mind, process), process)
    }

    async fn applied(_: &SubscriptionHandle<Self>, _: &MemoryCheckpoints, mind: &Script) -> Vec<u64> {
        mind.effects().into_iter().map(|(_, position)| position).collect()
    }
}

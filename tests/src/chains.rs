//! A projection into a read model that shows what is lost, doubled or out of order within a stream, and of which some
//! events fail: what its dead letters say, and what its rows hold, has to add up to the log.

use std::collections::BTreeMap;
use std::time::Duration;

use eventsource::prelude::*;
use eventsource::projection::{DeadLetter, LetterQuery};
use eventsource::subscription::FailureLimit;
use eventsource::testing::Random;
use uuid::Uuid;

use crate::backend::Backend;
use crate::domain::Bumped;

/// What becomes of a bump, by its number's last two digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Health {
    /// It is applied.
    Fine,
    /// It fails until the projection is cured.
    Sick,
    /// It always fails, and is to be dismissed.
    Hopeless,
    /// It always fails, and its letter stays.
    Stubborn,
}

impl Health {
    /// That of a bump by `by`.
    pub const fn of(by: u64) -> Self {
        match by % 100 {
            0..=4 => Self::Sick,
            5..=7 => Self::Hopeless,
            8 => Self::Stubborn,
            _ => Self::Fine,
        }
    }
}

/// The bumps of one stream: a number that tells in which order which of them came.
#[derive(Debug, Clone, PartialEq, Eq, ReadModel)]
#[read_model(table = "chains")]
pub struct ChainRow {
    /// The stream.
    #[read_model(id)]
    pub stream: Uuid,
    /// How many they are.
    pub events: u64,
    /// The version of the last one.
    pub last: u64,
    /// What tells them apart.
    pub digest: u64,
}

impl ChainRow {
    const fn empty(stream: Uuid) -> Self {
        Self { stream, events: 0, last: 0, digest: 0 }
    }

    const fn add(&mut self, version: u64, by: u64) {
        self.events += 1;
        self.last = version;
        self.digest = (self.digest * 31 + version * 7 + by) % 1_000_000_007;
    }
}

/// Bumps as chains.
#[derive(Debug, Clone)]
pub struct Chains {
    /// Whether what is sick is applied.
    pub cured: bool,
    /// How much longer a handler takes, in milliseconds.
    pub slow: u64,
}

#[projection(name = "chains", read_models(ChainRow))]
impl Chains {
    #[handles(Bumped)]
    async fn bumped(&self, event: &Event<Bumped>, chains: &mut Repository<ChainRow>) -> Result<(), HandlerError> {
        let stream = event.aggregate_id();
        let mut row = chains.get(stream).await?.unwrap_or(ChainRow::empty(stream));
        row.add(event.version(), event.by);
        // Also what fails has written something, which must not stay.
        chains.save(row).await?;
        if self.slow > 0 {
            tokio::time::sleep(Duration::from_millis(self.slow)).await;
        }
        match Health::of(event.by) {
            Health::Sick if !self.cured => Err(HandlerError::permanent("sick")),
            Health::Hopeless => Err(HandlerError::permanent("hopeless")),
            Health::Stubborn => Err(HandlerError::permanent("stubborn")),
            _ => Ok(()),
        }
    }
}

/// A bump in the log.
#[derive(Debug, Clone, Copy)]
struct Bump {
    position: Position,
    version: u64,
    by: u64,
}

/// The log as far as it was read, by streams.
#[derive(Debug, Default)]
pub struct Log {
    streams: BTreeMap<Uuid, Vec<Bump>>,
    read: Position,
}

impl Log {
    /// Appends bumps by random numbers to so many new streams, of which the first event is by `first`.
    pub async fn append(store: &dyn EventStore, random: &mut Random, streams: u64, events: u64, first: Option<u64>) {
        for _ in 0..streams {
            let stream = StreamId::new("Counter", Uuid::from_u128(u128::from(random.number())));
            let numbers = first.into_iter().chain((0..events).map(|_| random.below(1_000)));
            let events = numbers.map(|by| NewEvent::of(&Bumped { by }).unwrap()).collect();
            store.append(&stream, ExpectedVersion::NoStream, events).await.unwrap();
        }
    }

    async fn read_on(&mut self, store: &dyn EventStore) {
        let page = store
            .read_log(self.read, &EventFilter::types([Bumped::NAME]), PageLimit::events(usize::MAX >> 1))
            .await
            .unwrap();
        for event in &page.events {
            let by = Event::<Bumped>::decode(event).unwrap().by;
            let bump = Bump { position: event.position(), version: event.version(), by };
            self.streams.entry(event.stream().aggregate_id()).or_default().push(bump);
        }
        self.read = page.horizon;
    }

    /// That rows and letters are what the log and the policy give up to the checkpoint, which is returned with the
    /// letters that wait: every event is in its stream's row once and in order, or its letter says why not.
    pub async fn assert_adds_up<B: Backend>(&mut self, backend: &B) -> (Position, Vec<DeadLetter>) {
        self.read_on(&backend.store()).await;
        let checkpoints = backend.checkpoints();
        let (checkpoint, rows, letters) = loop {
            let before = checkpoints.load("chains").await.unwrap();
            let all = LetterQuery::all().limit(usize::MAX);
            let letters = checkpoints.dead_letters("chains", all).await.unwrap();
            let rows = backend.rows::<ChainRow>().find_stored(Query::all()).await.unwrap();
            // A commit whose client was killed may take a moment, and a standby may begin to work.
            let now =
                (checkpoints.load("chains").await.unwrap(), checkpoints.dead_letters("chains", all).await.unwrap());
            match before {
                Some(checkpoint) if now == (Some(checkpoint.clone()), letters.clone()) => {
                    break (checkpoint, rows, letters);
                }
                _ => tokio::time::sleep(Duration::from_millis(1)).await,
            }
        };
        let (waiting, dismissed): (Vec<_>, Vec<_>) = letters.into_iter().partition(DeadLetter::parks);
        let parked: BTreeMap<_, _> = waiting.iter().map(|letter| (letter.stream.aggregate_id(), letter)).collect();
        assert_eq!(parked.len(), waiting.len(), "a stream has two letters that wait");
        let gone: BTreeMap<_, _> = dismissed.iter().map(|letter| (letter.position, letter)).collect();
        let mut expected = BTreeMap::new();
        for (stream, bumps) in &self.streams {
            let letter = parked.get(stream);
            let mut held = 0;
            let passed = bumps.iter().filter(|bump| bump.position <= checkpoint.position);
            for bump in passed.filter(|bump| !gone.contains_key(&bump.position)) {
                match letter {
                    Some(letter) if bump.version > letter.version => held += 1,
                    Some(letter) if bump.version == letter.version => assert_eq!(bump.position, letter.position),
                    _ => {
                        let health = Health::of(bump.by);
                        let may_be = matches!(health, Health::Fine | Health::Sick);
                        assert!(may_be, "{health:?} at {} was passed without a letter", bump.position);
                        expected.entry(*stream).or_insert(ChainRow::empty(*stream)).add(bump.version, bump.by);
                    }
                }
            }
            assert_eq!(letter.map_or(0, |letter| letter.held), held, "what waits behind {letter:?}");
        }
        for row in &rows {
            assert_eq!(row.version(), row.events, "changed once for each event: {row:?}");
        }
        let rows: BTreeMap<_, _> = rows.into_iter().map(|row| (row.stream, row.into_inner())).collect();
        assert!(rows == expected, "the rows are not a fold of the log: {}", difference(&rows, &expected));
        (checkpoint.position, waiting)
    }

    /// How the event of a letter stands.
    pub fn health(&self, letter: &DeadLetter) -> Health {
        let bumps = &self.streams[&letter.stream.aggregate_id()];
        Health::of(bumps.iter().find(|bump| bump.position == letter.position).unwrap().by)
    }
}

fn difference(rows: &BTreeMap<Uuid, ChainRow>, expected: &BTreeMap<Uuid, ChainRow>) -> String {
    let streams = rows.keys().chain(expected.keys());
    let differs = streams.filter(|stream| rows.get(stream) != expected.get(stream)).take(3);
    differs.map(|stream| format!("{:?} and not {:?}; ", rows.get(stream), expected.get(stream))).collect()
}

/// The configuration of the child that projects chains, and of the process that makes its letters.
pub fn config() -> SubscriptionConfig {
    let config = SubscriptionConfig::default().batch_size(3);
    config.poll_interval(Duration::from_millis(5)).failure_limit(FailureLimit::none())
}

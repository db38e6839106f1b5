//! Subscriptions of all sorts on one log, and whatever may happen to them, from a seed: each is handed what it asks for,
//! once and in order, and a seed gives the same run again.

use std::fmt::Write as _;

use eventsource::testing::Random;
use eventsource::testing::faults::{Fault, Faults, FaultyEventStore, Point};
use eventsource_tests::soak::Rounds;
use tokio::time::{Instant, sleep};

use super::world::*;

/// The filters that there are.
fn filter(random: &mut Random) -> EventFilter {
    let types: Vec<_> = TYPES.into_iter().filter(|_| random.chance(0.5)).collect();
    match random.below(5) {
        0 => EventFilter::all(),
        1 => EventFilter::types(types).tenant("acme"),
        2 => EventFilter::types(types).aggregates(["Order"]),
        _ => EventFilter::types(types),
    }
}

async fn append(random: &mut Random, store: &Watched) {
    let stream = StreamId::new(["Order", "Cart"][random.below(2) as usize], Uuid::from_u128(random.below(3).into()));
    let count = if random.chance(0.1) { 200 } else { 1 + random.below(10) };
    let events = (0..count).map(|_| {
        let event =
            NewEvent::raw(TYPES[random.below(3) as usize], 1, "{}").with_id(Uuid::from_u128(random.number().into()));
        let tenant = ["acme", "other"][random.below(2) as usize];
        event.with_metadata(eventsource::Metadata::default().tenant(tenant))
    });
    let events = events.collect();
    store.append(&stream, ExpectedVersion::Any, events).await.unwrap();
}

/// One run, and what has happened in it, with the times.
async fn run(seed: u64) -> String {
    let mut random = Random::new(seed);
    let mut journal = String::new();
    let begin = Instant::now();
    let store = Watched::default();
    let trouble = [0.0, 0.05, 0.3][random.below(3) as usize];
    let faults = Faults::seeded(random.number())
        .often(Point::ReadLog, Fault::Fail, trouble)
        .often(Point::ReadLog, Fault::Delay(Duration::from_millis(3)), trouble)
        .often(Point::ReadLog, Fault::DelayAnswer(Duration::from_millis(7)), trouble)
        .often(Point::ReadLog, Fault::LoseAnswer, trouble)
        .often(Point::ReadLog, Fault::Panic, trouble / 20.0)
        .often(Point::WakeUpReceiver, Fault::Fail, trouble);
    let faulty = FaultyEventStore::new(store.clone(), &faults);
    let manager = SubscriptionManager::new(faulty, MemoryEventBus::new(), MemoryCheckpoints::new())
        .with_registry(Registry::of([]));
    let mut handles: Vec<SubscriptionHandle<Noted>> = Vec::new();
    manager.start().await.unwrap();
    for step in 0..5 + random.below(60) {
        let picked = handles.get(random.below(handles.len() as u64) as usize).cloned();
        match (random.below(12), picked) {
            (0, _) | (_, None) if handles.len() < 8 => {
                let config = SubscriptionConfig::from_beginning().name(format!("s{step}"));
                let size = [1, 3, 10, 100][random.below(4) as usize];
                let config = config.batch_size(size).seed(random.number());
                let config = config.poll_interval(Duration::from_millis(1 + random.below(200)));
                handles.push(manager.subscribe(Noted::of(filter(&mut random)), config).await.unwrap());
            }
            (1, Some(one)) => drop(manager.pause(one.name()).await),
            (2, Some(one)) => drop(manager.resume(one.name()).await),
            (3, Some(one)) => {
                drop(manager.unsubscribe(one.name()).await);
                handles.retain(|handle| handle.name() != one.name());
            }
            (4, _) if random.chance(0.3) => {
                manager.stop().await.unwrap();
                manager.start().await.unwrap();
            }
            (5 | 6, _) => sleep(random.delay(Duration::from_millis(20))).await,
            _ => append(&mut random, &store).await,
        }
        write!(journal, "{step} {:?} {}:", begin.elapsed(), store.reads().len()).unwrap();
        for handle in &handles {
            write!(journal, " {}", handle.with(|noted| noted.seen.len()).await).unwrap();
        }
        journal.push('\n');
    }
    faults.switch_off();
    // One that was stopped by a panic of the store is started again.
    manager.start().await.unwrap();
    for handle in &handles {
        drop(manager.resume(handle.name()).await);
    }
    all_at(&handles, store.head().await.unwrap()).await;
    all_right(&store, &handles).await;
    manager.stop().await.unwrap();
    assert_eq!(store.reading.load(Ordering::SeqCst), 0, "a read is still under way");
    write!(journal, "{:?} {} reads", begin.elapsed(), store.reads().len()).unwrap();
    journal
}

fn paused<T>(work: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap().block_on(work)
}

#[test]
fn readers_get_exactly_their_events_under_random_faults() {
    let mut random = Random::from_environment();
    let mut rounds = Rounds::at_least(300);
    while rounds.another() {
        let seed = random.number();
        println!("run {seed}");
        paused(run(seed));
    }
}

#[test]
fn a_seed_gives_the_same_run_again() {
    for seed in 0..40 {
        let (one, other) = (paused(run(seed)), paused(run(seed)));
        assert_eq!(one, other, "seed {seed}");
    }
}

//! The log loses its tail, as after a restore from an older copy: a subscription that was further on is refused, and lets no caller
//! wait, and is right again after a rebuild. Each run is made from a seed, with faults in its stores.

use std::time::Duration;

use eventsource::memory::MemoryReadModels;
use eventsource::prelude::*;
use eventsource::subscription::{SubscriptionState, WaitError};
use eventsource::testing::Random;
use eventsource::testing::faults::{Fault, Faults, FaultyCheckpoints, FaultyEventStore, Point};
use eventsource_tests::domain::{Seen, bump, note};
use eventsource_tests::rows::BumpRows;
use eventsource_tests::sums::{BumpSums, SumRow};
use tokio::time::{Instant, sleep, timeout};

const LONG: Duration = Duration::from_secs(3_600);

fn unleash(faults: Faults, random: &mut Random) {
    let mut plan = faults;
    for point in [Point::ReadLog, Point::Head, Point::LogId, Point::LastEvent, Point::Load, Point::Claim, Point::Commit]
    {
        let often = [0.0, 0.02, 0.1][random.below(3) as usize];
        plan = plan.often(point, Fault::Fail, often).often(point, Fault::LoseAnswer, often);
        plan = plan.often(point, Fault::Delay(random.delay(Duration::from_secs(2))), often);
    }
    drop(plan.often(Point::WakeUpReceiver, Fault::Fail, 0.3));
}

async fn grow(store: &MemoryEventStore, random: &mut Random) {
    for _ in 0..random.below(12) {
        if random.chance(0.6) {
            let numbers: Vec<_> = (0..1 + random.below(8)).map(|_| random.below(100)).collect();
            bump(store, numbers).await;
        } else {
            note(store, 1 + random.below(8) as usize).await;
        }
    }
}

/// That it ends as refused for good, and that no wait says anything else.
async fn assert_lost<P>(handle: &SubscriptionHandle<P>, log: &str) {
    let began = Instant::now();
    loop {
        let state = handle.inspect().await.state;
        if let SubscriptionState::Refused { reason } = &state {
            assert!(reason.contains("the log has gone back from position"), "{log}: {reason}");
            break;
        }
        assert!(began.elapsed() < LONG, "{log}: it stays {state:?}");
        sleep(Duration::from_millis(20)).await;
    }
    for wait in [handle.caught_up().within(LONG).await, handle.wait_for(Position::new(1)).within(LONG).await] {
        // The question for the head of the log may fail.
        assert!(matches!(wait, Err(WaitError::Refused { .. } | WaitError::Store { .. })), "{log}: {wait:?}");
    }
}

async fn run(seed: u64) {
    let mut random = Random::new(seed);
    let (store, checkpoints) = (MemoryEventStore::new(), MemoryCheckpoints::new());
    bump(&store, 0..1 + random.below(40)).await;
    grow(&store, &mut random).await;
    let faults = Faults::seeded(random.number());
    let manager = SubscriptionManager::new(
        FaultyEventStore::new(store.clone(), &faults),
        MemoryEventBus::new(),
        FaultyCheckpoints::new(checkpoints.clone(), &faults),
    );
    unleash(faults.clone(), &mut random);
    let config = |random: &mut Random| {
        let poll = Duration::from_millis(50 + random.below(1_000));
        let size = 1 + random.below(20) as usize;
        SubscriptionConfig::default().batch_size(size).poll_interval(poll)
    };
    // The first question succeeds: a subscription would be refused otherwise.
    faults.next(Point::Load, Fault::Delay(Duration::ZERO), 1);
    let sums = manager.subscribe(BumpSums, config(&mut random)).await.unwrap();
    let seen = manager.subscribe(Seen::default(), config(&mut random)).await.unwrap();
    manager.start().await.unwrap();
    let head = store.head().await.unwrap();
    sums.wait_for(head).within(LONG).await.unwrap();
    seen.wait_for(head).within(LONG).await.unwrap();
    let is_stopped = random.chance(0.5);
    if is_stopped {
        // The last checkpoint is saved.
        faults.next(Point::Commit, Fault::Delay(Duration::ZERO), 10);
        timeout(LONG, manager.stop()).await.unwrap().unwrap();
    }
    let left = random.below(head.value());
    store.lose_after(Position::new(left));
    let log = format!("seed {seed}, from {head} to {left}, stopped: {is_stopped}");
    if random.chance(0.7) {
        grow(&store, &mut random).await;
    }
    if is_stopped {
        manager.start().await.unwrap();
    }
    assert_lost(&sums, &log).await;
    assert_lost(&seen, &log).await;
    // A start finds out the same, unless only what was passed over is lost, and was not saved yet.
    manager.start().await.unwrap();
    if checkpoints.load("bump-sums").await.unwrap().is_some_and(|stored| stored.position.value() > left) {
        assert_lost(&sums, &log).await;
    }
    assert_lost(&seen, &log).await;

    faults.switch_off();
    timeout(LONG, sums.rebuild()).await.unwrap().unwrap().await.unwrap();
    timeout(LONG, seen.rebuild()).await.unwrap().unwrap().await.unwrap();
    grow(&store, &mut random).await;
    sums.caught_up().within(LONG).await.unwrap();
    seen.caught_up().within(LONG).await.unwrap();
    let bumps = BumpRows::fold(&store).await;
    let rows = MemoryReadModels::new(&checkpoints).repository::<SumRow>();
    let rows = rows.find(Query::all().order_by(SumRow::DIGIT.asc())).await.unwrap();
    assert_eq!(rows, BumpSums::fold(&bumps), "{log}");
    let expected: Vec<_> = bumps.iter().map(|(_, by)| *by as u64).collect();
    assert_eq!(seen.read().await.numbers(), expected, "{log}");
}

#[test]
fn a_log_that_loses_its_tail_is_noticed_and_rebuilt_from() {
    super::silence_purpose();
    let (seed, cases) = match (super::number("EVENTSOURCE_SEED"), super::number("EVENTSOURCE_CASES")) {
        (Some(seed), cases) => (seed, cases.unwrap_or(1)),
        (None, cases) => (20_261_128, cases.unwrap_or(200)),
    };
    for seed in seed..seed + cases {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
        runtime.block_on(run(seed));
    }
}

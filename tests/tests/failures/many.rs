//! Dead letters in number: retried in batches, in turns with new events, and looked up by their keys.

use std::time::Duration;

use eventsource::Inject;
use eventsource::subscription::FailureLimit;
use eventsource::testing::Random;

use crate::world::*;

crate::on_every_backend! {
    letters_are_retried_in_batches_and_new_events_have_their_turn
    letter_that_fails_again_does_not_hold_its_batch_up
    batches_keep_the_order_of_one_after_another
    letters_beyond_those_in_memory_are_looked_up
    rebuild_ends_a_retry_that_is_under_way
}

/// The first bump of each of so many streams.
fn firsts(streams: u64) -> Vec<u64> {
    (1..=streams).map(|stream| stream * 100).collect()
}

fn permanently(numbers: &[u64]) -> Plan {
    Plan::new(numbers.iter().map(|by| (*by, Fault::Permanent)))
}

fn unlimited(attempts: u32) -> SubscriptionConfig {
    quick(attempts).failure_limit(FailureLimit::none())
}

async fn letters_are_retried_in_batches_and_new_events_have_their_turn<W: World>()
where
    Repository<AppliedRow>: Inject<Unit<W>>,
{
    let numbers = firsts(120);
    let (world, plan) = (W::new().await, permanently(&numbers));
    let manager = world.manager();
    let config = unlimited(3).batch_size(20).handler_timeout(Duration::from_secs(3));
    let handle = manager.subscribe(Applies(plan.clone()), config).await.unwrap();
    let position = world.bump(&numbers).await;
    manager.start().await.unwrap();
    handle.wait_for_passed(position).within(DEADLINE).await.unwrap();
    assert_eq!(handle.inspect().await.dead_letters.unwrap(), 120);
    plan.heal();
    // A letter in the middle of the fourth batch.
    let stuck = numbers[70];
    plan.fail(stuck, Fault::Hang);
    let letters = handle.dead_letters();
    let retried = tokio::spawn(async move { letters.retry_all().await });
    eventually("the fourth batch hangs", || async { plan.calls(stuck) == 2 }).await;
    let state = handle.inspect().await.state;
    assert_eq!(
        state.to_string(),
        "retrying letters: dead letters are retried, in turns with new events; applied so far: 60 events; left: 60 letters"
    );
    let position = world.bump(&[7]).await;
    plan.heal();
    handle.wait_for(position).within(DEADLINE).await.unwrap();
    let retried = tokio::time::timeout(DEADLINE, retried).await.expect("it is answered").unwrap().unwrap();
    assert_eq!((retried.applied, retried.left.len(), retried.more_left), (120, 0, false));
    let applied: Vec<_> = world.applied().await.into_iter().map(|by| by as u64).collect();
    let place = |by: u64| applied.iter().position(|applied| *applied == by).unwrap();
    assert!(place(7) < place(numbers[119]), "a new event does not wait for all letters: {applied:?}");
    assert!(numbers.windows(2).all(|pair| place(pair[0]) < place(pair[1])), "by position: {applied:?}");
    assert_eq!(applied.len(), 121);
    eventually("it is live again", || async { crate::world::state(&handle).await == "live" }).await;
}

async fn letter_that_fails_again_does_not_hold_its_batch_up<W: World>()
where
    Repository<AppliedRow>: Inject<Unit<W>>,
{
    let numbers = firsts(30);
    let (world, plan) = (W::new().await, permanently(&numbers));
    let manager = world.manager();
    let handle = manager.subscribe(Applies(plan.clone()), unlimited(2)).await.unwrap();
    world.bump(&numbers).await;
    let behind: Vec<_> = numbers.iter().map(|by| by + 1).collect();
    let position = world.bump(&behind).await;
    manager.start().await.unwrap();
    handle.wait_for_passed(position).within(DEADLINE).await.unwrap();
    let before = handle.dead_letters().list().await.unwrap();
    plan.heal();
    plan.fail(numbers[4], Fault::Permanent);
    plan.fail(numbers[5], Fault::Times(1));
    plan.fail(behind[9], Fault::Permanent);
    let retried = handle.dead_letters().retry_all().await.unwrap();
    assert_eq!(retried.applied, 30 + 30 - 3, "all but a letter, what waits behind it, and what failed behind another");
    let left: Vec<_> =
        retried.left.iter().map(|letter| (letter.stream.clone(), letter.attempts, letter.held)).collect();
    assert_eq!(left, [(stream(numbers[4]), 2, 1), (stream(behind[9]), 1, 0)]);
    assert_eq!(retried.left[0].first_failed_at, before[4].first_failed_at);
    assert_eq!(handle.dead_letters().list().await.unwrap(), retried.left);
    let status = handle.inspect().await;
    assert_eq!((status.dead_letters.unwrap(), status.events_held.unwrap()), (2, 1));
    plan.heal();
    assert_eq!(handle.dead_letters().retry_all().await.unwrap().applied, 3);
    assert_eq!(world.applied().await.len(), 60);
}

/// The order in which letters are applied one after another: by position, each with what waits behind it.
fn one_after_another(numbers: &[u64], sick: impl Fn(u64) -> bool) -> Vec<i64> {
    let mut parked = Vec::new();
    let mut applied = Vec::new();
    for &by in numbers {
        if parked.contains(&(by / 100)) {
            continue;
        }
        match sick(by) {
            true => parked.push(by / 100),
            false => applied.push(by as i64),
        }
    }
    for stream in parked {
        let own: Vec<_> = numbers.iter().copied().filter(|by| by / 100 == stream).collect();
        let first = own.iter().position(|by| sick(*by)).unwrap();
        applied.extend(own[first..].iter().map(|by| *by as i64));
    }
    applied
}

async fn batches_keep_the_order_of_one_after_another<W: World>()
where
    Repository<AppliedRow>: Inject<Unit<W>>,
{
    let mut random = Random::from_environment();
    for batch in [1, 3, 1_000] {
        let (world, mut next) = (W::new().await, [0_u64; 12]);
        let numbers: Vec<_> = (0..90)
            .map(|_| {
                let stream = random.below(12);
                next[stream as usize] += 1;
                stream * 100 + next[stream as usize]
            })
            .collect();
        let sick = |by: u64| by % 5 == 2 && by / 100 != 0;
        let faults: Vec<_> = numbers.iter().copied().filter(|by| sick(*by)).collect();
        let plan = permanently(&faults);
        let manager = world.manager();
        let config = unlimited(1).batch_size(batch);
        let handle = manager.subscribe(Applies(plan.clone()), config).await.unwrap();
        let position = world.bump(&numbers).await;
        manager.start().await.unwrap();
        handle.wait_for_passed(position).within(DEADLINE).await.unwrap();
        plan.heal();
        let retried = handle.dead_letters().retry_all().await.unwrap();
        assert_eq!(retried.left, []);
        assert_eq!(world.applied().await, one_after_another(&numbers, sick), "in batches of {batch}: {numbers:?}");
        manager.stop().await.unwrap();
    }
}

/// 1,100 events fail one by one, each in a transaction of its own.
const PATIENCE: Duration = Duration::from_secs(180);

async fn letters_beyond_those_in_memory_are_looked_up<W: World>()
where
    Repository<AppliedRow>: Inject<Unit<W>>,
{
    let numbers = firsts(1_100);
    let (world, plan) = (W::new().await, permanently(&numbers));
    let config = || unlimited(1).batch_size(300);
    let first = world.manager();
    let handle = first.subscribe(Applies(plan.clone()), config()).await.unwrap();
    let position = world.bump(&numbers).await;
    first.start().await.unwrap();
    handle.wait_for_passed(position).within(PATIENCE).await.unwrap();
    // Parked streams are known while letters become many, and in a page of its own.
    let position = world.bump(&[101, 30_001, 7]).await;
    handle.wait_for_passed(position).within(PATIENCE).await.unwrap();
    assert_eq!(world.applied().await, [7]);
    first.stop().await.unwrap();

    let second = world.manager();
    let handle = second.subscribe(Applies(plan.clone()), config()).await.unwrap();
    let status = handle.inspect().await;
    assert_eq!((status.dead_letters.unwrap(), status.events_held.unwrap()), (1_100, 2));
    second.start().await.unwrap();
    let position = world.bump(&[102, 60_001, 8]).await;
    handle.wait_for_passed(position).within(PATIENCE).await.unwrap();
    assert_eq!(world.applied().await, [7, 8]);
    let letters = handle.dead_letters();
    let page = letters.page(LetterQuery::parking().after(Position::new(2)).limit(3)).await.unwrap();
    assert_eq!(page.iter().map(|letter| letter.position.value()).collect::<Vec<_>>(), [3, 4, 5]);
    assert_eq!(letters.get(Position::new(1)).await.unwrap().held, 2);
    let status = handle.inspect().await;
    assert_eq!((status.dead_letters.unwrap(), status.events_held.unwrap()), (1_100, 4));
    letters.dismiss(Position::new(1_100), "known").await.unwrap();
    assert_eq!(letters.retry(Position::new(3)).await.unwrap().left.len(), 1, "it is not healed yet");
    plan.heal();
    let retried = letters.retry_all().await.unwrap();
    assert_eq!((retried.applied, retried.left.len()), (1_099 + 4, 0));
    let status = handle.inspect().await;
    assert_eq!((status.dead_letters.unwrap(), status.events_held.unwrap()), (0, 0));
    let position = world.bump(&[103]).await;
    handle.wait_for(position).within(PATIENCE).await.unwrap();
    assert_eq!(world.applied().await[..5], [7, 8, 100, 101, 102]);
    assert_eq!(world.applied().await.len(), 1_099 + 4 + 3);
}

async fn rebuild_ends_a_retry_that_is_under_way<W: World>()
where
    Repository<AppliedRow>: Inject<Unit<W>>,
{
    let numbers = firsts(40);
    let (world, plan) = (W::new().await, permanently(&numbers));
    let manager = world.manager();
    let config = unlimited(2).batch_size(10);
    let slow = RetryPolicy::new(2, Duration::from_millis(500), Duration::from_millis(500));
    let handle = manager.subscribe(Applies(plan.clone()), config.retry(slow)).await.unwrap();
    let position = world.bump(&numbers).await;
    manager.start().await.unwrap();
    handle.wait_for_passed(position).within(DEADLINE).await.unwrap();
    plan.heal();
    plan.fail(numbers[15], Fault::Times(1));
    let letters = handle.dead_letters();
    let retried = tokio::spawn(async move { letters.retry_all().await });
    eventually("a letter is tried again", || async { plan.calls(numbers[15]) == 2 }).await;
    handle.rebuild().await.unwrap().await.unwrap();
    let retried = tokio::time::timeout(DEADLINE, retried).await.expect("it is answered").unwrap().unwrap();
    assert!(retried.applied < 40 && retried.left.is_empty(), "{retried:?}");
    let all: Vec<_> = numbers.iter().map(|by| *by as i64).collect();
    assert_eq!(world.applied().await, all);
}

//! A search for dead letters finds what a look at all of them finds, on every backend, also among letters that a process
//! of an earlier version has stored.

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};
use eventsource::prelude::*;
use eventsource::projection::{
    CheckpointUpdate, Claim, DeadLetter, LetterChange, LetterKey, LetterSearch, LetterStanding, LetterState,
};
use eventsource::testing::Random;
use eventsource_tests::backend::{Backend, Memory, Postgres, Sql, Sqlite};
use uuid::Uuid;

const NAMES: [&str; 3] = ["orders", "orders~next", "payments"];
const TYPES: [&str; 3] = ["Placed", "placed", "Größe"];
const ERRORS: [&str; 6] =
    ["no price", "no price\nof 7", "No price\rof 8", "a\0b \"c\" \\u0000 100%", "", "ééééé no price"];
const TEXTS: [&str; 8] = ["no price", "No", "of", "\0", "\"c\" \\u", "100%", "é", "missing"];

fn stream(number: u64) -> StreamId {
    StreamId::new(if number.is_multiple_of(2) { "Order" } else { "Bill" }, Uuid::from_u128(u128::from(number / 2)))
}

fn time(micros: u64) -> DateTime<Utc> {
    DateTime::UNIX_EPOCH + TimeDelta::days(20_000) + TimeDelta::microseconds(micros as i64 * 250_001)
}

async fn letter(random: &mut Random, name: &str, position: u64) -> DeadLetter {
    let (store, stream) = (MemoryEventStore::new(), stream(position));
    let event = NewEvent::raw(pick(random, &TYPES), 1, "{}");
    let appended = store.append(&stream, ExpectedVersion::Any, vec![event]).await.unwrap();
    let error = HandlerError::permanent(pick(random, &ERRORS));
    let mut letter = DeadLetter::new(name, &appended.events()[0], &error, 1);
    letter.position = Position::new(position);
    letter.last_failed_at = time(random.below(20));
    if random.below(8) == 0 {
        letter.errors[0].insert_str(0, &"é".repeat(random.below(300) as usize));
    }
    if random.below(3) == 0 { letter.dismissed("known") } else { letter }
}

fn pick<T: Copy>(random: &mut Random, of: &[T]) -> T {
    of[random.below(of.len() as u64) as usize]
}

fn search(random: &mut Random) -> LetterSearch {
    let mut search = LetterSearch::default();
    let mut sometimes = |one_in: u64| random.below(one_in) == 0;
    let wanted = [sometimes(2), sometimes(3), sometimes(2), sometimes(3), sometimes(6), sometimes(3), sometimes(3)];
    if wanted[0] {
        search.subscription = Some(pick(random, &NAMES).to_owned());
    }
    if wanted[1] {
        search.standing = Some(pick(random, &[LetterStanding::Waiting, LetterStanding::Dismissed]));
    }
    if wanted[2] {
        search.error = Some(pick(random, &TEXTS).to_owned());
    }
    if wanted[3] {
        search.event_type = Some(pick(random, &TYPES).to_owned());
    }
    if wanted[4] {
        search.stream = Some(stream(random.below(60)));
    }
    if wanted[5] {
        search.failed_from = Some(time(random.below(20)));
    }
    if wanted[6] {
        search.failed_before = Some(time(random.below(20)));
    }
    search
}

/// The error of a letter as a search sees it.
fn line(letter: &DeadLetter) -> String {
    let end = letter.errors[0].find(['\n', '\r']).unwrap_or(letter.errors[0].len());
    letter.errors[0][..end].chars().take(200).map(|c| if c == '\0' { '\u{fffd}' } else { c }).collect()
}

fn is_found(letter: &DeadLetter, search: &LetterSearch) -> bool {
    let is_dismissed = matches!(letter.state, LetterState::Dismissed { .. });
    let text = search.error.as_ref().map(|text| text.replace('\0', "\u{fffd}"));
    [
        search.subscription.as_ref().is_none_or(|name| letter.subscription == *name),
        search.standing != Some(LetterStanding::Waiting) || !is_dismissed,
        search.standing != Some(LetterStanding::Dismissed) || is_dismissed,
        text.is_none_or(|text| line(letter).contains(&text)),
        search.event_type.as_ref().is_none_or(|name| letter.event_type == *name),
        search.stream.as_ref().is_none_or(|stream| letter.stream == *stream),
        search.failed_from.is_none_or(|from| letter.last_failed_at >= from),
        search.failed_before.is_none_or(|before| letter.last_failed_at < before),
    ]
    .iter()
    .all(|holds| *holds)
}

async fn filled<B: Backend>(backend: &B, random: &mut Random) -> Vec<DeadLetter> {
    let (checkpoints, mut all) = (backend.checkpoints(), Vec::new());
    for name in NAMES {
        let epoch = checkpoints.claim(&Claim::new(name, "v1", Position::START)).await.unwrap().epoch;
        let mut changes = Vec::new();
        for position in 1..=50 {
            let letter = letter(random, name, position).await;
            let is_dismissed = matches!(letter.state, LetterState::Dismissed { .. });
            let change = if is_dismissed { LetterChange::Dismiss } else { LetterChange::Keep };
            changes.push(change(letter.clone()));
            all.push(letter);
        }
        let step = CheckpointUpdate::new(name, epoch, Position::START, Position::START).letters(changes);
        checkpoints.begin().await.unwrap().commit(&step).await.unwrap();
    }
    all
}

async fn check<B: Backend>(backend: &B, random: &mut Random, all: &[DeadLetter]) {
    let checkpoints = backend.checkpoints();
    for _ in 0..100 {
        let search = search(random);
        let expected: Vec<_> = all.iter().filter(|letter| is_found(letter, &search)).cloned().collect();
        let (mut found, mut next, limit) = (Vec::new(), None, random.below(40) as usize + 1);
        loop {
            let page = checkpoints.find_letters(&search, next.as_ref(), limit).await.unwrap();
            assert!(page.letters.len() <= limit);
            found.extend(page.letters);
            next = page.next;
            if next.is_none() {
                break;
            }
        }
        assert_eq!(found, expected, "{search:?} in pages of {limit}");
        let mut lines: BTreeMap<_, u64> = BTreeMap::new();
        for letter in &expected {
            *lines.entry((line(letter), letter.event_type.clone())).or_default() += 1;
        }
        let groups = checkpoints.letter_groups(&search).await.unwrap();
        assert_eq!((groups.letters, groups.is_exact), (expected.len() as u64, true), "{search:?}");
        let counted = groups.groups.into_iter().map(|group| ((group.error, group.event_type), group.letters));
        assert_eq!(counted.collect::<BTreeMap<_, _>>(), lines, "{search:?}");
        let after = LetterKey::new(pick(random, &NAMES), Position::new(random.below(60)));
        let page = checkpoints.find_letters(&search, Some(&after), 200).await.unwrap();
        let expected: Vec<_> = expected.into_iter().filter(|letter| LetterKey::of(letter) > after).collect();
        assert_eq!(page.letters, expected, "{search:?} after {after:?}");
    }
}

#[tokio::test]
async fn search_equals_a_look_at_all_letters_in_memory() {
    let (backend, mut random) = (Memory::open().await, Random::new(7));
    let all = filled(&backend, &mut random).await;
    check(&backend, &mut random, &all).await;
}

async fn search_equals_a_look_at_all_letters<B: Sql>() {
    let (backend, mut random) = (B::open().await, Random::new(11));
    let all = filled(&backend, &mut random).await;
    check(&backend, &mut random, &all).await;
    // As a process of an earlier version stores them.
    backend
        .execute(
            "UPDATE eventsource_dead_letters SET event_type = NULL, error = NULL, failed_at = NULL \
             WHERE position % 3 > 0",
        )
        .await;
    check(&backend, &mut random, &all).await;
}

#[tokio::test]
async fn search_equals_a_look_at_all_letters_on_sqlite() {
    search_equals_a_look_at_all_letters::<Sqlite>().await;
}

#[tokio::test]
async fn search_equals_a_look_at_all_letters_on_postgres() {
    search_equals_a_look_at_all_letters::<Postgres>().await;
}

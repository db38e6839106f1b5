//! The contract of checkpoint stores: dead letters.

use chrono::{DateTime, TimeDelta};
use uuid::Uuid;

use super::events::at;
use super::violation::ensure_eq;
use super::{Verdict, Violation};
use crate::event::{Position, StreamId, now};
use crate::projection::{
    CheckpointReset, CheckpointStore, CheckpointUpdate, Claim, DeadLetter, ErrorClass, LetterChange, LetterCounts,
    LetterQuery, LetterState, UnitOfWork,
};

/// Returns a letter at `position` of the stream with this number.
pub(super) fn letter(position: u64, number: u128, state: LetterState) -> DeadLetter {
    let time = now();
    DeadLetter {
        subscription: "orders".to_owned(),
        position: at(position),
        stream: stream(number),
        version: position,
        event_type: "Placed".to_owned(),
        event_id: Uuid::now_v7(),
        // A text that looks like a state is not a state.
        errors: vec![r#"no "state":"Released" here, nor \"state\":\"Released\""#.to_owned()],
        class: ErrorClass::Permanent,
        attempts: 2,
        first_failed_at: time,
        last_failed_at: time,
        held: 0,
        state,
    }
}

pub(super) fn waiting(position: u64, number: u128) -> DeadLetter {
    letter(position, number, LetterState::Waiting)
}

pub(super) fn stream(number: u128) -> StreamId {
    StreamId::new("Order", Uuid::from_u128(number))
}

/// Applies `changes` to the letters of `orders`, in one step that does not move the checkpoint.
async fn change<C: CheckpointStore>(store: &C, epoch: u64, changes: Vec<LetterChange>) -> Verdict {
    let step = CheckpointUpdate::new("orders", epoch, Position::START, Position::START).letters(changes);
    Ok(store.begin().await?.commit(&step).await?)
}

async fn keep<C: CheckpointStore>(store: &C, epoch: u64, letters: &[DeadLetter]) -> Verdict {
    change(store, epoch, letters.iter().cloned().map(LetterChange::Keep).collect()).await
}

async fn claim<C: CheckpointStore>(store: &C, name: &str) -> Result<u64, Violation> {
    Ok(store.claim(&Claim::new(name, "v1", Position::START)).await?.epoch)
}

async fn positions<C: CheckpointStore>(store: &C, query: LetterQuery) -> Result<Vec<u64>, Violation> {
    let page = store.dead_letters("orders", query).await?;
    Ok(page.iter().map(|letter| letter.position.value()).collect())
}

pub(super) async fn letters_are_read_in_pages<C: CheckpointStore>(store: &C) -> Verdict {
    let epoch = claim(store, "orders").await?;
    ensure_eq!(positions(store, LetterQuery::all()).await?, Vec::<u64>::new(), "the letters of a fresh store");
    let letters: Vec<_> = [7, 3, 5, 9, 1].map(|position| waiting(position, u128::from(position))).into();
    keep(store, epoch, &letters).await?;
    change(store, epoch, vec![LetterChange::Dismiss(waiting(5, 5).dismissed("known"))]).await?;
    keep(store, epoch, &[letter(8, 7, LetterState::Released)]).await?;
    ensure_eq!(positions(store, LetterQuery::all()).await?, vec![1, 3, 5, 8, 9], "all letters, by position");
    ensure_eq!(positions(store, LetterQuery::parking()).await?, vec![1, 3, 8, 9], "the letters that park streams");
    ensure_eq!(positions(store, LetterQuery::dismissed()).await?, vec![5], "the letters that were dismissed");
    ensure_eq!(positions(store, LetterQuery::released()).await?, vec![8], "the letters that are applied next");
    let two = LetterQuery::parking().limit(2);
    ensure_eq!(positions(store, two).await?, vec![1, 3], "the first page of two");
    ensure_eq!(positions(store, two.after(at(3))).await?, vec![8, 9], "the page after position 3");
    ensure_eq!(positions(store, two.after(at(9))).await?, Vec::<u64>::new(), "the page after the last letter");
    ensure_eq!(positions(store, two.limit(0)).await?, Vec::<u64>::new(), "a page of none");
    Ok(())
}

pub(super) async fn a_letter_is_found_by_its_position<C: CheckpointStore>(store: &C) -> Verdict {
    let epoch = claim(store, "orders").await?;
    let kept = [waiting(3, 1), waiting(4, 2)];
    keep(store, epoch, &kept).await?;
    let dismissed = kept[1].clone().dismissed("known");
    change(store, epoch, vec![LetterChange::Dismiss(dismissed.clone())]).await?;
    ensure_eq!(store.dead_letter("orders", at(3)).await?.as_ref(), Some(&kept[0]), "a letter that waits");
    ensure_eq!(store.dead_letter("orders", at(4)).await?, Some(dismissed), "a letter that was dismissed");
    for missing in [0, 2, 5] {
        ensure_eq!(store.dead_letter("orders", at(missing)).await?, None, "a letter at a position without one");
    }
    ensure_eq!(store.dead_letter("customers", at(3)).await?, None, "a letter of another subscription");
    Ok(())
}

pub(super) async fn parked_streams_are_found_by_their_keys<C: CheckpointStore>(store: &C) -> Verdict {
    let epoch = claim(store, "orders").await?;
    let kept: Vec<_> = (1..=5).map(|n| waiting(n, u128::from(n))).collect();
    keep(store, epoch, &kept).await?;
    change(store, epoch, vec![LetterChange::Dismiss(kept[3].clone().dismissed("known"))]).await?;
    let asked: Vec<_> = [5, 2, 4, 9].map(stream).into();
    let mut found = store.parked("orders", &asked).await?;
    found.sort_by_key(|letter| letter.position);
    ensure_eq!(found, vec![kept[1].clone(), kept[4].clone()], "the letters of the streams 5, 2, 4 and 9");
    let other_type = StreamId::new("Customer", stream(2).aggregate_id());
    ensure_eq!(store.parked("orders", &[other_type]).await?, Vec::new(), "a stream of another type with the same id");
    ensure_eq!(store.parked("orders", &[]).await?, Vec::new(), "the letters of no streams");
    ensure_eq!(store.parked("customers", &asked).await?, Vec::new(), "the letters of another subscription");
    Ok(())
}

pub(super) async fn letters_change_as_a_step_says<C: CheckpointStore>(store: &C) -> Verdict {
    let epoch = claim(store, "orders").await?;
    let kept: Vec<_> = (1..=4).map(|n| waiting(n, u128::from(n))).collect();
    keep(store, epoch, &kept).await?;
    let next = letter(6, 1, LetterState::Released);
    let mut changes = vec![LetterChange::Hold { stream: stream(4), more: 3 }, LetterChange::Keep(next.clone())];
    changes.extend([2, 3, 9].map(|number| LetterChange::Release { stream: stream(number) }));
    changes.push(LetterChange::Hold { stream: stream(2), more: 5 });
    change(store, epoch, changes).await?;
    let held = DeadLetter { held: 3, ..kept[3].clone() };
    ensure_eq!(store.dead_letters("orders", LetterQuery::all()).await?, vec![held, next], "the letters after the step");
    let refused = CheckpointUpdate::new("orders", epoch + 1, Position::START, Position::START);
    let refused = refused.letters(vec![LetterChange::Release { stream: stream(4) }]);
    let _ = store.begin().await?.commit(&refused).await;
    ensure_eq!(positions(store, LetterQuery::all()).await?, vec![4, 6], "the letters after a fenced step");
    store.begin().await?.clear(&CheckpointReset::new("orders")).await?;
    ensure_eq!(positions(store, LetterQuery::all()).await?, Vec::<u64>::new(), "the letters after a reset");
    Ok(())
}

pub(super) async fn letters_are_counted<C: CheckpointStore>(store: &C) -> Verdict {
    let epoch = claim(store, "orders").await?;
    claim(store, "customers").await?;
    let letters = [(1, 4), (2, 0), (3, 7)].map(|(n, held)| DeadLetter { held, ..waiting(n, u128::from(n)) });
    keep(store, epoch, &letters).await?;
    change(store, epoch, vec![LetterChange::Dismiss(waiting(9, 9).dismissed("known"))]).await?;
    let counts = store.letter_counts(&["orders", "customers", "unknown"]).await?;
    let expected = [("orders".to_owned(), LetterCounts { waiting: 3, held: 11 })];
    ensure_eq!(counts, expected.into_iter().collect(), "the numbers of letters, without the dismissed ones");
    ensure_eq!(store.letter_counts(&["customers"]).await?.len(), 0, "the numbers of letters of another subscription");
    ensure_eq!(store.letter_counts(&[]).await?.len(), 0, "the numbers of letters of no subscription");
    Ok(())
}

pub(super) async fn letters_are_found_by_event_and_by_class<C: CheckpointStore>(store: &C) -> Verdict {
    let epoch = claim(store, "orders").await?;
    let mut kept: Vec<_> = (1..=6).map(|n| waiting(n, u128::from(n))).collect();
    for letter in &mut kept[2..] {
        letter.class = ErrorClass::Transient;
        // A text that looks like a field is not a field.
        letter.errors =
            vec![format!(r#""class":"Permanent", "event_id":"{}" and a NUL: \0"#, letter.stream.aggregate_id())];
    }
    keep(store, epoch, &kept).await?;
    let released = DeadLetter { class: ErrorClass::Transient, ..letter(7, 7, LetterState::Released) };
    keep(store, epoch, &[released]).await?;
    change(store, epoch, vec![LetterChange::Dismiss(kept[4].clone().dismissed("known"))]).await?;
    let [permanent, transient] = [ErrorClass::Permanent, ErrorClass::Transient].map(LetterQuery::failed);
    ensure_eq!(positions(store, permanent).await?, vec![1, 2], "the letters that failed for good");
    ensure_eq!(
        positions(store, transient).await?,
        vec![3, 4, 5, 6],
        "the letters that failed for now, dismissed or not"
    );
    let page = transient.after(at(3)).limit(2);
    ensure_eq!(positions(store, page).await?, vec![4, 5], "a page of the letters that failed for now");
    for (letter, position) in [(&kept[0], 1), (&kept[3], 4), (&kept[4], 5)] {
        let found = positions(store, LetterQuery::event(letter.event_id)).await?;
        ensure_eq!(found, vec![position], "the letter of an event");
    }
    let missing = LetterQuery::event(stream(3).aggregate_id());
    ensure_eq!(positions(store, missing).await?, Vec::<u64>::new(), "the letter of an event that has none");
    Ok(())
}

pub(super) async fn dismissed_letters_are_forgotten_by_their_age<C: CheckpointStore>(store: &C) -> Verdict {
    let epoch = claim(store, "orders").await?;
    ensure_eq!(store.forget_dismissed("orders", now()).await?, 0, "how many letters a fresh store forgets");
    let start = DateTime::UNIX_EPOCH + TimeDelta::days(20_000);
    let dismissed = |position: u64, micros: i64| {
        let (reason, at) =
            (r#"not "at":"1999-01-01T00:00:00Z", \0"#.to_owned(), start + TimeDelta::microseconds(micros));
        LetterChange::Dismiss(letter(position, u128::from(position), LetterState::Dismissed { reason, at }))
    };
    keep(store, epoch, &[waiting(1, 1), letter(2, 2, LetterState::Released)]).await?;
    let ages = [(3, 0), (4, 1), (5, 999_999), (6, 1_000_000), (7, 1_500_000), (8, 1_500_001), (9, 60_000_000)];
    change(store, epoch, ages.map(|(position, micros)| dismissed(position, micros)).into()).await?;
    let before = |micros: i64| start + TimeDelta::microseconds(micros);
    for (micros, forgotten, left) in [
        (0, 0, vec![1, 2, 3, 4, 5, 6, 7, 8, 9]),
        (1, 1, vec![1, 2, 4, 5, 6, 7, 8, 9]),
        (1_000_000, 2, vec![1, 2, 6, 7, 8, 9]),
        (1_500_001, 2, vec![1, 2, 8, 9]),
        (1_500_001, 0, vec![1, 2, 8, 9]),
    ] {
        let count = store.forget_dismissed("orders", before(micros)).await?;
        ensure_eq!(count, forgotten, "how many letters were forgotten that were dismissed before {micros} µs");
        ensure_eq!(positions(store, LetterQuery::all()).await?, left, "the letters that are left after {micros} µs");
    }
    ensure_eq!(store.forget_dismissed("customers", now()).await?, 0, "letters of another subscription");
    // More than a store deletes in one transaction.
    let many = (1..=2_500).map(|n| dismissed(100 + n, i64::from(n % 2 == 0) * 70_000_000)).collect();
    change(store, epoch, many).await?;
    ensure_eq!(store.forget_dismissed("orders", before(65_000_000)).await?, 1_252, "how many of many were forgotten");
    let left = store.dead_letters("orders", LetterQuery::dismissed().limit(5_000)).await?;
    ensure_eq!(left.len(), 1_250, "how many of many are left");
    ensure_eq!(positions(store, LetterQuery::parking()).await?, vec![1, 2], "the letters that wait");
    Ok(())
}

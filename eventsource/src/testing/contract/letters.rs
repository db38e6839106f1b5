//! The checkpoint store's contract: dead letters.

use uuid::Uuid;

use super::checkpoints::at;
use super::violation::ensure_eq;
use super::{Verdict, Violation};
use crate::event::{Position, StreamId, now};
use crate::projection::{
    CheckpointReset, CheckpointStore, CheckpointUpdate, Claim, DeadLetter, ErrorClass, LetterChange, LetterCounts,
    LetterQuery, LetterState, UnitOfWork,
};

/// A letter at `position`, of the stream of this number.
fn letter(position: u64, number: u128, state: LetterState) -> DeadLetter {
    let time = now();
    DeadLetter {
        subscription: "orders".to_owned(),
        position: at(position),
        stream: stream(number),
        version: position,
        event_type: "Placed".to_owned(),
        event_id: Uuid::now_v7(),
        // What looks like a state in a text is none.
        errors: vec![r#"no "state":"Released" here, nor \"state\":\"Released\""#.to_owned()],
        class: ErrorClass::Permanent,
        attempts: 2,
        first_failed_at: time,
        last_failed_at: time,
        held: 0,
        state,
    }
}

fn waiting(position: u64, number: u128) -> DeadLetter {
    letter(position, number, LetterState::Waiting)
}

fn stream(number: u128) -> StreamId {
    StreamId::new("Order", Uuid::from_u128(number))
}

/// Makes `changes` to the letters of `orders`, in one step that stays where it is.
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
    ensure_eq!(positions(store, LetterQuery::released()).await?, vec![8], "the letters that follow next");
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
        ensure_eq!(store.dead_letter("orders", at(missing)).await?, None, "a letter where there is none");
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
    ensure_eq!(positions(store, LetterQuery::all()).await?, vec![4, 6], "the letters after a step that is fenced");
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
    ensure_eq!(counts, expected.into_iter().collect(), "the numbers of letters, dismissed ones left out");
    ensure_eq!(store.letter_counts(&["customers"]).await?.len(), 0, "the numbers of letters of another subscription");
    ensure_eq!(store.letter_counts(&[]).await?.len(), 0, "the numbers of letters of no subscription");
    Ok(())
}

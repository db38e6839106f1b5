//! The contract of checkpoint stores: searches for dead letters.

use chrono::{DateTime, TimeDelta, Utc};

use super::Verdict;
use super::Violation;
use super::events::at;
use super::letters::{letter, stream};
use super::violation::ensure_eq;
use crate::event::{Position, StreamId};
use crate::projection::{
    CheckpointStore, CheckpointUpdate, Claim, DeadLetter, LetterChange, LetterGroup, LetterKey, LetterPage,
    LetterSearch, LetterState, UnitOfWork,
};

/// The time `micros` after the first failure of any letter here.
fn time(micros: i64) -> DateTime<Utc> {
    DateTime::UNIX_EPOCH + TimeDelta::days(20_000) + TimeDelta::microseconds(micros)
}

/// Returns a letter of `subscription` that failed at `micros` with `errors`.
fn failed(subscription: &str, position: u64, event_type: &str, errors: &[&str], micros: i64) -> DeadLetter {
    let mut letter = letter(position, u128::from(position), LetterState::Waiting);
    letter.subscription = subscription.to_owned();
    letter.event_type = event_type.to_owned();
    letter.errors = errors.iter().map(ToString::to_string).collect();
    letter.first_failed_at = time(micros.saturating_sub(7));
    letter.last_failed_at = time(micros);
    letter
}

/// Stores `letters`, of any subscriptions.
async fn keep<C: CheckpointStore>(store: &C, letters: &[DeadLetter]) -> Verdict {
    for letters in letters.chunk_by(|a, b| a.subscription == b.subscription) {
        let Some(first) = letters.first() else { continue };
        let name = &*first.subscription;
        let epoch = store.claim(&Claim::new(name, "v1", Position::START)).await?.epoch;
        let change = |letter: &DeadLetter| match letter.parks() {
            true => LetterChange::Keep(letter.clone()),
            false => LetterChange::Dismiss(letter.clone()),
        };
        let step = CheckpointUpdate::new(name, epoch, Position::START, Position::START);
        store.begin().await?.commit(&step.letters(letters.iter().map(change).collect())).await?;
    }
    Ok(())
}

/// Returns the positions of the letters that `search` finds in `orders`.
async fn found<C: CheckpointStore>(store: &C, search: LetterSearch) -> Result<Vec<u64>, Violation> {
    let search = LetterSearch { subscription: Some("orders".to_owned()), ..search };
    let page = store.find_letters(&search, None, LetterPage::MOST).await?;
    ensure_eq!(page.next, None, "what follows all letters");
    let counted = store.letter_groups(&search).await?;
    ensure_eq!((counted.letters, counted.is_exact), (page.letters.len() as u64, true), "the number of found letters");
    Ok(page.letters.iter().map(|letter| letter.position.value()).collect())
}

pub(super) async fn letters_are_found_by_their_conditions<C: CheckpointStore>(store: &C) -> Verdict {
    let none = Vec::<u64>::new();
    ensure_eq!(found(store, LetterSearch::default()).await?, none, "the letters of a fresh store");
    let long = format!("{}end", "é".repeat(DeadLetter::ERROR_LINE));
    let mut letters = vec![
        failed("orders", 1, "Placed", &["no price for 10%_", "a cause"], 0),
        failed("orders", 2, "Placed", &["No price\r\nbut a second line"], 1),
        failed("orders", 3, "Paid", &["a NUL \0 and \"a quote\" and \\u0041"], 1_000_000),
        failed("orders", 4, "Paid", &[&long], 1_000_001),
        failed("orders", 5, "Placed", &["no price for 10%_"], 2_000_000).dismissed("known"),
        failed("orders", 6, "Placed", &[], 3_000_000),
        failed("orderz", 1, "Placed", &["no price"], 0),
    ];
    letters[5].state = LetterState::Released;
    keep(store, &letters).await?;
    let any = LetterSearch::default;
    ensure_eq!(found(store, any()).await?, vec![1, 2, 3, 4, 5, 6], "all letters");
    ensure_eq!(found(store, any().waiting()).await?, vec![1, 2, 3, 4, 6], "the letters that wait");
    ensure_eq!(found(store, any().dismissed()).await?, vec![5], "the dismissed letters");
    for (text, expected) in [
        ("no price", vec![1, 5]),
        ("10%_", vec![1, 5]),
        ("10", vec![1, 5]),
        ("%", vec![1, 5]),
        ("No price", vec![2]),
        ("second", vec![]),
        ("cause", vec![]),
        ("NUL \0 and", vec![3]),
        ("\"a quote\" and \\u0041", vec![3]),
        ("éé", vec![4]),
        ("end", vec![]),
        ("", vec![1, 2, 3, 4, 5, 6]),
    ] {
        ensure_eq!(found(store, any().error(text)).await?, expected, "the letters with {text:?} in their error");
    }
    ensure_eq!(found(store, any().event_type("Paid")).await?, vec![3, 4], "the letters of a type");
    ensure_eq!(found(store, any().event_type("paid")).await?, none, "the letters of an unknown type");
    ensure_eq!(found(store, any().stream(stream(5))).await?, vec![5], "the letters of a stream");
    ensure_eq!(found(store, any().stream(stream(5)).waiting()).await?, none, "what waits in a stream");
    let other = StreamId::new("Customer", stream(5).aggregate_id());
    ensure_eq!(found(store, any().stream(other)).await?, none, "a stream of another type with the same id");
    ensure_eq!(found(store, any().failed_from(time(1_000_001))).await?, vec![4, 5, 6], "letters from a time on");
    ensure_eq!(found(store, any().failed_before(time(1_000_000))).await?, vec![1, 2], "letters before a time");
    let between = any().failed_from(time(1)).failed_before(time(2_000_000)).event_type("Paid").waiting();
    ensure_eq!(found(store, between).await?, vec![3, 4], "letters with several conditions");
    let always = any().failed_from(DateTime::<Utc>::MIN_UTC).failed_before(DateTime::<Utc>::MAX_UTC);
    ensure_eq!(found(store, always).await?, vec![1, 2, 3, 4, 5, 6], "the letters of all time");
    let whole = store.find_letters(&LetterSearch::of("orders"), None, 10).await?.letters;
    ensure_eq!(whole, letters[..6].to_vec(), "the found letters");
    Ok(())
}

pub(super) async fn found_letters_are_read_in_pages<C: CheckpointStore>(store: &C) -> Verdict {
    let names = ["a", "orders", "orders-2", "z"];
    let all = names.map(|name| (1..=3).map(|n| failed(name, n, if n == 2 { "Paid" } else { "Placed" }, &["no"], 0)));
    keep(store, &all.into_iter().flatten().collect::<Vec<_>>()).await?;
    let placed = LetterSearch::default().event_type("Placed");
    let expected: Vec<_> = names.iter().flat_map(|&name| [1, 3].map(|n| LetterKey::new(name, at(n)))).collect();
    for limit in [1, 2, 3, 7, 8, 9] {
        let (mut keys, mut next) = (Vec::new(), None);
        loop {
            let page = store.find_letters(&placed, next.as_ref(), limit).await?;
            let is_too_long = page.letters.len() > limit;
            ensure_eq!(is_too_long, false, "a page of {} letters with the limit {limit}", page.letters.len());
            keys.extend(page.letters.iter().map(LetterKey::of));
            let Some(key) = page.next else { break };
            ensure_eq!(next.as_ref().is_none_or(|last| *last < key), true, "the key {key:?} after {next:?}");
            next = Some(key);
        }
        ensure_eq!(keys, expected, "the letters of all subscriptions in pages of {limit}");
    }
    let of_one = LetterSearch::of("orders");
    let after = |name: &str, position| LetterKey::new(name, at(position));
    for (after, expected) in [
        (after("a", 9), vec![1, 2, 3]),
        (after("orders", 1), vec![2, 3]),
        (after("orders", 3), vec![]),
        (after("orders-2", 0), vec![]),
    ] {
        let page = store.find_letters(&of_one, Some(&after), 10).await?;
        let positions: Vec<_> = page.letters.iter().map(|letter| letter.position.value()).collect();
        ensure_eq!((positions, page.next), (expected, None), "the letters of `orders` after {after:?}");
    }
    Ok(())
}

pub(super) async fn found_letters_are_counted_by_their_error<C: CheckpointStore>(store: &C) -> Verdict {
    ensure_eq!(store.letter_groups(&LetterSearch::default()).await?.letters, 0, "the letters of a fresh store");
    keep(
        store,
        &[
            failed("orders", 1, "Placed", &["no price\nof one"], 5),
            failed("orders", 2, "Placed", &["no price\nof two"], 3),
            failed("orders", 3, "Paid", &["no price"], 9),
            failed("orders", 4, "Paid", &["no order"], 9),
            failed("orders", 5, "Placed", &["no price"], 70).dismissed("known"),
            failed("payments", 6, "Placed", &["no price"], 1),
        ],
    )
    .await?;
    let group = |error, event_type, letters, oldest, newest| {
        LetterGroup::new(error, event_type, letters, time(oldest), time(newest))
    };
    let waiting = store.letter_groups(&LetterSearch::default().waiting()).await?;
    let expected = vec![
        group("no price", "Placed", 3, 1, 5),
        group("no order", "Paid", 1, 9, 9),
        group("no price", "Paid", 1, 9, 9),
    ];
    ensure_eq!(waiting.groups, expected, "the groups of the letters that wait, the largest first");
    ensure_eq!((waiting.letters, waiting.is_exact, waiting.more_groups), (5, true, false), "what the groups count");
    let paid = store.letter_groups(&LetterSearch::of("orders").event_type("Paid")).await?;
    ensure_eq!(paid.groups, expected[1..].to_vec(), "the groups of letters of a type");
    // More groups than are returned.
    let many: Vec<_> = (100..400).map(|n| failed("many", n, "Placed", &[&format!("error {n}")], 0)).collect();
    keep(store, &many).await?;
    let groups = store.letter_groups(&LetterSearch::of("many")).await?;
    let counted = (groups.groups.len(), groups.more_groups, groups.letters, groups.is_exact);
    ensure_eq!(counted, (200, true, 300, true), "how many of 300 groups are returned");
    Ok(())
}

//! Searches letters by reading all of them in pages, for stores that do not search by themselves.

use std::future::Future;

use super::groups::Counting;
use super::{LetterGroups, LetterKey, LetterPage, LetterSearch, LetterStanding};
use crate::event::Position;
use crate::projection::{CheckpointError, DeadLetter, LetterFilter, LetterQuery};

/// The largest number of letters that one request looks at.
pub(crate) const MOST_LOOKED_AT: usize = 100_000;

/// How many letters are read at once.
const READ: usize = 1_000;

/// Reads the letters of subscriptions in pages.
pub(crate) trait LetterSource {
    /// Returns the names of the subscriptions, in any order.
    fn names(&self) -> impl Future<Output = Result<Vec<String>, CheckpointError>> + Send;

    /// Returns a page of the letters of the subscription `name`.
    fn page(
        &self,
        name: &str,
        query: LetterQuery,
    ) -> impl Future<Output = Result<Vec<DeadLetter>, CheckpointError>> + Send;
}

/// Why the walk over the letters has ended.
enum Walked {
    /// There are no more letters.
    All,
    /// The caller has seen enough, or too many letters were looked at. This is the last one.
    UpTo(LetterKey),
}

/// Calls `look` with each letter after `after` that matches `search`, in order, until it returns false.
async fn walk<S: LetterSource + Sync>(
    source: &S,
    search: &LetterSearch,
    after: Option<&LetterKey>,
    mut look: impl FnMut(DeadLetter) -> bool + Send,
) -> Result<Walked, CheckpointError> {
    let filter = match search.standing {
        None => LetterFilter::All,
        Some(LetterStanding::Waiting) => LetterFilter::Parking,
        Some(LetterStanding::Dismissed) => LetterFilter::Dismissed,
    };
    let mut names = match &search.subscription {
        Some(name) => vec![name.clone()],
        None => source.names().await?,
    };
    names.retain(|name| after.is_none_or(|after| *name >= after.subscription));
    names.sort_unstable();
    names.dedup();
    let mut looked_at = 0;
    for name in names {
        let begun = after.filter(|after| after.subscription == name);
        let begin = begun.map_or(Position::START, |after| after.position);
        let mut next = Some(LetterQuery::new(filter).after(begin).limit(READ));
        while let Some(query) = next {
            let page = source.page(&name, query).await?;
            next = query.next(&page);
            for letter in page {
                looked_at += 1;
                let key = LetterKey::of(&letter);
                let goes_on = !search.matches(&letter) || look(letter);
                if !goes_on || looked_at >= MOST_LOOKED_AT {
                    return Ok(Walked::UpTo(key));
                }
            }
        }
    }
    Ok(Walked::All)
}

/// Returns the first `limit` letters after `after` that `search` finds.
pub(crate) async fn find<S: LetterSource + Sync>(
    source: &S,
    search: &LetterSearch,
    after: Option<&LetterKey>,
    limit: usize,
) -> Result<LetterPage, CheckpointError> {
    let limit = LetterPage::limit(limit);
    let mut letters = Vec::new();
    // One letter more than the page has tells whether another page follows.
    let walked = walk(source, search, after, |letter| {
        letters.push(letter);
        letters.len() <= limit
    })
    .await?;
    let next = match walked {
        Walked::All => None,
        Walked::UpTo(key) => Some(key),
    };
    Ok(LetterPage::new(letters, limit, next))
}

/// Counts the letters that `search` finds, by their error.
pub(crate) async fn group<S: LetterSource + Sync>(
    source: &S,
    search: &LetterSearch,
) -> Result<LetterGroups, CheckpointError> {
    let mut counting = Counting::default();
    let walked = walk(source, search, None, |letter| {
        counting.letter(&letter);
        counting.room() > 0
    })
    .await?;
    Ok(counting.end(matches!(walked, Walked::All)))
}

//! Dead letters in the store of checkpoints, and in the memory of this process.

use super::Parts;
use crate::admin::{Admin as _, AdminError, LetterGroupsView, LetterPageView, LetterView};
use crate::event::Position;
use crate::projection::search::Counting;
use crate::projection::{
    CheckpointStore, DeadLetter, LetterCounts, LetterGroups, LetterKey, LetterPage, LetterQuery, LetterSearch,
};
use crate::subscription::{DeadLetterError, DeadLetters};

impl<C: CheckpointStore> Parts<C> {
    /// Returns the letters of a projection in the memory of this process.
    fn in_memory(&self, name: &str) -> Option<DeadLetters> {
        self.manager.dead_letters(name).ok().filter(|_| self.is_in_memory(name))
    }

    /// Returns the letters of the projections in the memory of this process that a search is about.
    fn searched_in_memory(&self, search: &LetterSearch) -> Vec<DeadLetters> {
        let names = match &search.subscription {
            Some(name) => vec![name.clone()],
            None => self.manager.supervised().into_iter().map(|found| found.snapshot.name).collect(),
        };
        names.iter().filter_map(|name| self.in_memory(name)).collect()
    }

    pub(super) async fn letters(&self, name: &str, query: LetterQuery) -> Result<Vec<DeadLetter>, AdminError> {
        match self.in_memory(name) {
            Some(letters) => Ok(letters.page(query).await?),
            None => self.database.letters(name, query).await,
        }
    }

    pub(super) async fn letter(&self, name: &str, position: Position) -> Result<LetterView, AdminError> {
        let Some(letters) = self.in_memory(name) else { return self.database.letter(name, position).await };
        match letters.get(position).await {
            Ok(letter) => self.database.stored().with_event(letter).await,
            Err(DeadLetterError::Unknown { .. }) => {
                Err(AdminError::UnknownLetter { subscription: name.to_owned(), position })
            }
            Err(error) => Err(error.into()),
        }
    }

    pub(super) async fn find_letters(
        &self,
        search: &LetterSearch,
        after: Option<&LetterKey>,
        limit: usize,
    ) -> Result<LetterPageView, AdminError> {
        let found = self.database.stored().checkpoints.find_letters(search, after, limit).await?;
        let mut pages = vec![found];
        for letters in self.searched_in_memory(search) {
            pages.push(letters.find(search, after, limit).await?);
        }
        Ok(LetterPageView::of(merged(pages, LetterPage::limit(limit))))
    }

    pub(super) async fn letter_groups(&self, search: &LetterSearch) -> Result<LetterGroupsView, AdminError> {
        let mut all = vec![self.database.stored().checkpoints.letter_groups(search).await?];
        for letters in self.searched_in_memory(search) {
            all.push(letters.groups(search).await?);
        }
        Ok(LetterGroupsView::of(counted(all)))
    }
}

/// Returns the first `limit` letters of pages that begin after the same key.
fn merged(pages: Vec<LetterPage>, limit: usize) -> LetterPage {
    // Each page is complete up to its end: a letter after the first of these ends can follow one that is not here.
    let end = pages.iter().filter_map(|page| page.next.clone()).min();
    let mut letters: Vec<_> = pages.into_iter().flat_map(|page| page.letters).collect();
    letters.sort_by_cached_key(LetterKey::of);
    if let Some(end) = &end {
        letters.retain(|letter| LetterKey::of(letter) <= *end);
    }
    LetterPage::new(letters, limit, end)
}

/// Returns the groups of all of these together.
fn counted(all: Vec<LetterGroups>) -> LetterGroups {
    let is_exact = all.iter().all(|groups| groups.is_exact);
    let has_more = all.iter().any(|groups| groups.more_groups);
    let letters = all.iter().map(|groups| groups.letters).sum::<u64>();
    let most = LetterCounts::MOST as u64;
    let mut counting = Counting::default();
    all.into_iter().flat_map(|groups| groups.groups).for_each(|group| counting.group(group));
    let mut together = counting.end(is_exact && letters <= most);
    together.more_groups |= has_more;
    together.letters = letters.min(most + 1);
    together
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;
    use uuid::Uuid;

    use super::*;
    use crate::event::StreamId;
    use crate::projection::{ErrorClass, LetterGroup, LetterState};

    fn page(keys: &[(&str, u64)], next: Option<(&str, u64)>) -> LetterPage {
        let letters = keys.iter().map(|&(name, position)| letter(name, position)).collect();
        LetterPage::new(letters, usize::MAX, next.map(|(name, position)| LetterKey::new(name, Position::new(position))))
    }

    fn letter(name: &str, position: u64) -> DeadLetter {
        DeadLetter {
            subscription: name.to_owned(),
            position: Position::new(position),
            stream: StreamId::new("Order", Uuid::from_u128(u128::from(position))),
            version: 1,
            event_type: "Placed".to_owned(),
            event_id: Uuid::from_u128(u128::from(position)),
            errors: vec!["no price".to_owned()],
            class: ErrorClass::Permanent,
            attempts: 1,
            first_failed_at: DateTime::UNIX_EPOCH,
            last_failed_at: DateTime::UNIX_EPOCH,
            held: 0,
            state: LetterState::Waiting,
        }
    }

    fn keys(page: &LetterPage) -> Vec<(&str, u64)> {
        page.letters.iter().map(|letter| (&*letter.subscription, letter.position.value())).collect()
    }

    #[test]
    fn merged_pages_end_where_the_first_of_them_ends() {
        let all = merged(vec![page(&[("b", 1), ("d", 1)], None), page(&[("a", 5), ("c", 2)], None)], 10);
        assert_eq!((keys(&all), &all.next), (vec![("a", 5), ("b", 1), ("c", 2), ("d", 1)], &None));
        let all = merged(vec![page(&[("b", 1), ("d", 1)], None), page(&[("c", 2)], Some(("c", 7)))], 10);
        assert_eq!((keys(&all), &all.next), (vec![("b", 1), ("c", 2)], &Some(LetterKey::new("c", Position::new(7)))));
        let all = merged(vec![page(&[("b", 1), ("d", 1)], None), page(&[("a", 5)], None)], 2);
        assert_eq!((keys(&all), &all.next), (vec![("a", 5), ("b", 1)], &Some(LetterKey::new("b", Position::new(1)))));
    }

    #[test]
    fn counted_groups_are_those_of_all_together() {
        let groups = |letters, is_exact| LetterGroups {
            groups: vec![LetterGroup::new("no price", "Placed", letters, DateTime::UNIX_EPOCH, DateTime::UNIX_EPOCH)],
            more_groups: false,
            letters,
            is_exact,
        };
        let all = counted(vec![groups(2, true), groups(3, true)]);
        assert_eq!((all.letters, all.groups.len(), all.groups[0].letters, all.is_exact), (5, 1, 5, true));
        let all = counted(vec![groups(10_001, false), groups(3, true)]);
        assert_eq!((all.letters, all.is_exact), (10_001, false));
        let all = counted(vec![groups(9_999, true), groups(3, true)]);
        assert_eq!((all.letters, all.is_exact), (10_001, false), "counting stops after 10,000 letters");
    }
}

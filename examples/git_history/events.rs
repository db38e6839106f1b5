//! What happened in a repository, as events.

use eventsource::DomainEvent;
use serde::{Deserialize, Serialize};

use crate::text::Text;

/// An author as the commit names one: the mailmap is applied when the totals are printed, since it may change.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Author {
    pub name: Text,
    pub email: Text,
}

/// A commit was authored, when the event occurred.
#[derive(Debug, Serialize, Deserialize, DomainEvent)]
#[event(aggregate = "GitHistory")]
pub struct CommitAuthored {
    pub sha: String,
    pub author: Author,
    pub subject: Text,
    pub merge: bool,
}

/// Files were changed by a commit. A commit with many files has several of these events, one without files has none.
#[derive(Debug, Serialize, Deserialize, DomainEvent)]
#[event(aggregate = "GitHistory")]
pub struct FilesChanged {
    pub sha: String,
    pub author: Author,
    pub files: Vec<FileChange>,
}

/// A renamed file stands under its new path.
#[derive(Debug, Serialize, Deserialize)]
pub struct FileChange {
    pub path: Text,
    /// `None` where git counts no lines: the file is binary.
    pub lines: Option<Lines>,
}

#[derive(Debug, Clone, Copy, Default, Serialize, Deserialize)]
pub struct Lines {
    pub added: u64,
    pub deleted: u64,
}

impl std::ops::AddAssign for Lines {
    fn add_assign(&mut self, other: Self) {
        self.added += other.added;
        self.deleted += other.deleted;
    }
}

/// The import has come so far. It is stored together with the commits that it counts, so that an import that was
/// killed knows where to go on.
#[derive(Debug, Default, Clone, Serialize, Deserialize, DomainEvent)]
#[event(aggregate = "GitHistory")]
pub struct ImportAdvanced {
    /// How many commits are imported, in all.
    pub commits: u64,
    /// The imported commits that are no other imported commit's parent: what is imported is what they reach.
    pub tips: Vec<String>,
}

//! Imports what a repository has and the log has not: many commits an append, each commit whole.

use std::collections::BTreeSet;

use eventsource::AppendError;
use eventsource::prelude::*;
use eventsource::sqlite::SqliteEventStore;
use indicatif::ProgressBar;
use uuid::Uuid;

use crate::events::{CommitAuthored, FilesChanged, ImportAdvanced};
use crate::failure::{Failure, Result};
use crate::git::Repository;
use crate::log::{Commit, Log};

/// An append takes the commits until it has so many events.
const EVENTS_AT_ONCE: usize = 1_000;

/// An event holds so many files at most.
const FILES_AT_ONCE: usize = 100;

pub struct Import {
    store: SqliteEventStore,
    stream: StreamId,
    /// The stream's version: an append is refused where another process has appended since.
    version: u64,
    commits: u64,
    tips: BTreeSet<String>,
    events: Vec<NewEvent>,
}

impl Import {
    /// The import where the log has left it: its last event says.
    pub async fn resume(store: SqliteEventStore) -> Result<Self> {
        // A database holds one repository, and so one stream.
        let stream = StreamId::new(ImportAdvanced::AGGREGATE, Uuid::nil());
        let mut import = Self { store, stream, version: 0, commits: 0, tips: BTreeSet::new(), events: Vec::new() };
        let last = import.store.read_stream(&import.stream, ReadStream::backward().limit(1)).await?;
        if let Some(last) = last.first() {
            let advanced = Event::<ImportAdvanced>::decode(last)?;
            import.version = advanced.version();
            import.commits = advanced.commits;
            import.tips = advanced.tips.iter().cloned().collect();
        }
        Ok(import)
    }

    /// How many commits are imported.
    pub fn commits(&self) -> u64 {
        self.commits
    }

    /// Refuses a repository whose HEAD does not have, unchanged, all that is imported.
    pub async fn check(&self, repository: &Repository) -> Result<()> {
        match self.difference(repository).await? {
            None => Ok(()),
            Some(why) => Err(Failure::OtherHistory { path: repository.shown_path(), why }.into()),
        }
    }

    async fn difference(&self, repository: &Repository) -> Result<Option<String>> {
        let tips = self.tips();
        if tips.is_empty() {
            return Ok(None);
        }
        if let Some(commit) = repository.first_missing(&tips).await? {
            return Ok(Some(format!("the imported commit {commit} is not in the repository")));
        }
        let Some(head) = repository.head() else {
            return Ok(Some("HEAD has no commit, and the database has".to_owned()));
        };
        if let Some(commit) = repository.first_outside(head, &tips).await? {
            return Ok(Some(format!("the imported commit {commit} is no longer in HEAD")));
        }
        // A shallow clone that was deepened has other parents for commits that were imported.
        let (reached, imported) = (repository.count(&tips).await?, self.commits);
        let same = reached == imported;
        Ok((!same).then(|| format!("where {imported} commits were imported there are now {reached}")))
    }

    /// Imports what is new in `repository`; how many commits that was.
    pub async fn run(&mut self, repository: &Repository, bar: &ProgressBar) -> Result<u64> {
        let Some(head) = repository.head() else { return Ok(0) };
        let before = self.commits;
        if !bar.is_hidden() {
            bar.set_length(repository.count(&[head.to_owned()]).await?.saturating_sub(before));
        }
        let known = repository.known_again(head, &self.tips(), before).await?;
        let mut log = repository.log(head, &self.tips()).await?;
        while let Some(commit) = log.next_commit().await? {
            if known.contains(&commit.sha) {
                continue;
            }
            self.add(commit, &mut log).await?;
            if self.events.len() >= EVENTS_AT_ONCE {
                self.append().await?;
                bar.set_position(self.commits - before);
            }
        }
        self.append().await?;
        Ok(self.commits - before)
    }

    async fn add(&mut self, commit: Commit, log: &mut Log) -> Result<()> {
        let Commit { sha, parents, author, time, subject } = commit;
        let authored = CommitAuthored { sha, author, subject, merge: parents.len() > 1 };
        self.events.push(NewEvent::of(&authored)?.with_occurred_at(time));

        let CommitAuthored { sha, author, .. } = authored;
        let mut changed = FilesChanged { sha, author, files: Vec::new() };
        while let Some(file) = log.next_file().await? {
            changed.files.push(file);
            if changed.files.len() == FILES_AT_ONCE {
                self.events.push(NewEvent::of(&changed)?.with_occurred_at(time));
                changed.files.clear();
            }
        }
        if !changed.files.is_empty() {
            self.events.push(NewEvent::of(&changed)?.with_occurred_at(time));
        }

        self.commits += 1;
        for parent in &parents {
            self.tips.remove(parent);
        }
        self.tips.insert(changed.sha);
        Ok(())
    }

    /// Appends the commits added since the last append, and how far the import has come with them: all or nothing.
    async fn append(&mut self) -> Result<()> {
        if self.events.is_empty() {
            return Ok(());
        }
        let advanced = ImportAdvanced { commits: self.commits, tips: self.tips() };
        self.events.push(NewEvent::of(&advanced)?);
        let expected = ExpectedVersion::Exact(self.version);
        match self.store.append(&self.stream, expected, std::mem::take(&mut self.events)).await {
            Ok(appended) => self.version = appended.version(),
            Err(AppendError::Conflict { .. }) => {
                return Err("another git_history has imported into this database meanwhile: run again".into());
            }
            Err(error) => return Err(error.into()),
        }
        Ok(())
    }

    fn tips(&self) -> Vec<String> {
        self.tips.iter().cloned().collect()
    }
}

//! The stream that `git log --numstat -z` writes, read commit by commit and file by file.
//!
//! ```text
//! sha NUL parents NUL name NUL email NUL time NUL subject NUL
//! [ LF ] added TAB deleted TAB path NUL                     for each file, where git compares the commit with its parent
//! [ LF ] added TAB deleted TAB NUL old path NUL new path NUL          for each file that was renamed or copied
//! ```
//! A sha has no tab, and a file's counts have: so each part says what it is, whatever names and paths hold.

use chrono::{DateTime, Utc};
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::{Child, ChildStdout};

use crate::events::{Author, FileChange, Lines};
use crate::failure::Result;
use crate::text::Text;

pub struct Log {
    git: Child,
    output: BufReader<ChildStdout>,
    /// The part read last, without its NUL.
    part: Vec<u8>,
    /// Whether that part is the next commit's sha, met while looking for another file.
    at_commit: bool,
}

pub struct Commit {
    pub sha: String,
    pub parents: Vec<String>,
    pub author: Author,
    pub time: DateTime<Utc>,
    pub subject: Text,
}

impl Log {
    pub const FORMAT: &str = "--format=tformat:%H%x00%P%x00%an%x00%ae%x00%at%x00%s";

    pub fn new(mut git: Child) -> Result<Self> {
        let output = git.stdout.take().ok_or("git gives no output")?;
        Ok(Self { git, output: BufReader::with_capacity(64 * 1024, output), part: Vec::new(), at_commit: false })
    }

    /// The next commit; the remaining files of the previous commit are skipped.
    pub async fn next_commit(&mut self) -> Result<Option<Commit>> {
        while self.next_file().await?.is_some() {}
        if !self.at_commit {
            let status = self.git.wait().await?;
            return if status.success() { Ok(None) } else { Err(format!("`git log` failed: {status}").into()) };
        }
        self.at_commit = false;
        let sha = String::from_utf8(self.part.clone())?;
        if sha.is_empty() || !sha.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return Err(format!("`git log` wrote {sha:?} where a commit begins").into());
        }
        let parents = String::from_utf8(self.field().await?.to_owned())?;
        let name = Text::from_bytes(self.field().await?);
        let email = Text::from_bytes(self.field().await?);
        let seconds = self.field().await?.to_owned();
        let subject = Text::from_bytes(self.field().await?);
        let parents = parents.split_whitespace().map(str::to_owned).collect();
        let author = author(name, email, &seconds);
        Ok(Some(Commit { sha, parents, author, time: time(&seconds), subject }))
    }

    /// The next file of the commit; `None` behind its last one.
    pub async fn next_file(&mut self) -> Result<Option<FileChange>> {
        if self.at_commit || !self.read().await? {
            return Ok(None);
        }
        let part = self.part.strip_prefix(b"\n").unwrap_or(&self.part);
        let mut columns = part.splitn(3, |byte| *byte == b'\t');
        let (Some(added), Some(deleted), Some(path)) = (columns.next(), columns.next(), columns.next()) else {
            self.at_commit = true;
            return Ok(None);
        };
        let lines = number(added).zip(number(deleted)).map(|(added, deleted)| Lines { added, deleted });
        if !path.is_empty() {
            return Ok(Some(FileChange { path: Text::from_bytes(path), lines }));
        }
        self.field().await?;
        Ok(Some(FileChange { path: Text::from_bytes(self.field().await?), lines }))
    }

    async fn field(&mut self) -> Result<&[u8]> {
        if self.read().await? { Ok(&self.part) } else { Err("`git log` ended in the middle of a commit".into()) }
    }

    /// Reads the next part; whether there is one.
    async fn read(&mut self) -> Result<bool> {
        self.part.clear();
        self.output.read_until(0, &mut self.part).await?;
        Ok(self.part.pop().is_some())
    }
}

/// A binary file has `-` in place of a number.
fn number(digits: &[u8]) -> Option<u64> {
    str::from_utf8(digits).ok()?.parse().ok()
}

/// A commit can hold an author line that is none: `git shortlog` then prints its own pattern, and so this is the name.
fn author(name: Text, email: Text, seconds: &[u8]) -> Author {
    if name.is_empty() && email.is_empty() && seconds.is_empty() {
        return Author { name: Text::from_bytes(b"%aN"), email: Text::from_bytes(b"%aE") };
    }
    Author { name, email }
}

/// A commit can hold a time that is none: it counts as 1970, as in git.
fn time(seconds: &[u8]) -> DateTime<Utc> {
    let seconds = str::from_utf8(seconds).ok().and_then(|digits| digits.parse().ok());
    seconds.and_then(|seconds| DateTime::from_timestamp(seconds, 0)).unwrap_or_default()
}

//! The repository, as git tells of it.

use std::collections::HashSet;
use std::path::PathBuf;
use std::process::{Output, Stdio};

use tokio::io::AsyncWriteExt as _;
use tokio::process::Command;

use crate::events::Author;
use crate::failure::{Failure, Result};
use crate::log::Log;
use crate::text::Text;

pub struct Repository {
    path: Option<PathBuf>,
    /// The commit that HEAD named when it was opened, so that all of a run is about one commit. `None` where there is no commit yet.
    head: Option<String>,
}

impl Repository {
    /// The arguments for a range. Counting uses the same order, by which git finds the end of the range.
    const NEW: &[&str] = &["--topo-order", "--stdin"];

    pub async fn open(path: Option<PathBuf>) -> Result<Self> {
        let mut repository = Self { path, head: None };
        let found = repository.run(&["rev-parse", "--git-dir"], b"").await?;
        if !found.status.success() {
            let git = String::from_utf8_lossy(&found.stderr).trim().to_owned();
            return Err(Failure::NotARepository { path: repository.shown_path(), git }.into());
        }
        let head = repository.run(&["rev-parse", "--verify", "--quiet", "HEAD"], b"").await?;
        if head.status.success() {
            repository.head = Some(String::from_utf8(head.stdout)?.trim().to_owned());
        }
        Ok(repository)
    }

    pub fn head(&self) -> Option<&str> {
        self.head.as_deref()
    }

    pub fn shown_path(&self) -> String {
        self.path.as_ref().map_or_else(|| "the current directory".to_owned(), |path| path.display().to_string())
    }

    /// The first of `commits` that the repository does not have.
    pub async fn first_missing(&self, commits: &[String]) -> Result<Option<String>> {
        let found = self.ask(&["cat-file", "--batch-check"], lines(commits).as_bytes()).await?;
        let found = String::from_utf8(found)?;
        Ok(found.lines().find_map(|line| line.strip_suffix(" missing")).map(str::to_owned))
    }

    /// One of `commits` that `head` does not reach.
    pub async fn first_outside(&self, head: &str, commits: &[String]) -> Result<Option<String>> {
        let input = format!("^{head}\n{}", lines(commits));
        let outside = self.ask(&["rev-list", "--max-count=1", "--stdin"], input.as_bytes()).await?;
        let Some(first) = String::from_utf8(outside)?.lines().next().map(str::to_owned) else { return Ok(None) };
        // It can be a wrong guess, as in `known_again`. What has no exclusions is counted right.
        let head = [head.to_owned()];
        let both = [&head[..], commits].concat();
        Ok((self.count(&both).await? > self.count(&head).await?).then_some(first))
    }

    /// The commits that `known` reach, where [`log`](Self::log) shows some of them all the same; `imported` is how many.
    ///
    /// Git goes through history by the dates of the commits, and where clocks were so wrong that children are older
    /// than their parents, it stops before it has found all that `known` reach.
    pub async fn known_again(&self, head: &str, known: &[String], imported: u64) -> Result<HashSet<String>> {
        if known.is_empty() {
            return Ok(HashSet::new());
        }
        let shown = self.ask(&[&["rev-list", "--count"], Self::NEW].concat(), range(head, known).as_bytes()).await?;
        let shown: u64 = String::from_utf8(shown)?.trim().parse()?;
        if shown + imported == self.count(&[head.to_owned()]).await? {
            return Ok(HashSet::new());
        }
        let reached = self.ask(&["rev-list", "--stdin"], lines(known).as_bytes()).await?;
        Ok(String::from_utf8(reached)?.lines().map(str::to_owned).collect())
    }

    /// How many commits these reach.
    pub async fn count(&self, commits: &[String]) -> Result<u64> {
        let count = self.ask(&["rev-list", "--count", "--stdin"], lines(commits).as_bytes()).await?;
        Ok(String::from_utf8(count)?.trim().parse()?)
    }

    /// The commits that `head` reaches and `known` do not, parents before their children, and those of
    /// [`known_again`](Self::known_again).
    pub async fn log(&self, head: &str, known: &[String]) -> Result<Log> {
        let mut command = self.command();
        command.args(["log", "--reverse", "--no-color", "--no-show-signature", "--encoding=UTF-8"]);
        command.args([Log::FORMAT, "--numstat", "-z"]).args(Self::NEW);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).kill_on_drop(true);
        let mut child = command.spawn().map_err(no_git)?;
        // git reads all of it before it answers.
        let mut input = child.stdin.take().ok_or("git takes no input")?;
        input.write_all(range(head, known).as_bytes()).await?;
        drop(input);
        Log::new(child)
    }

    /// The names that the mailmap gives `authors`, in their order.
    pub async fn mapped(&self, authors: &[Author]) -> Result<Vec<Author>> {
        let mut input = Vec::new();
        for author in authors {
            input.extend_from_slice(&author.name.to_bytes());
            input.extend_from_slice(b" <");
            input.extend_from_slice(&author.email.to_bytes());
            input.extend_from_slice(b">\n");
        }
        let output = if authors.is_empty() { input } else { self.ask(&["check-mailmap", "--stdin"], &input).await? };
        let answers = output.split_inclusive(|byte| *byte == b'\n');
        let mapped: Vec<_> = answers.map_while(|line| parse_contact(line.strip_suffix(b"\n")?)).collect();
        if mapped.len() != authors.len() {
            return Err("`git check-mailmap` answered something that is not a list of names".into());
        }
        Ok(mapped)
    }

    fn command(&self) -> Command {
        let mut command = Command::new("git");
        if let Some(path) = &self.path {
            command.arg("-C").arg(path);
            // A path that is given wins over a repository that the environment names, as in a hook.
            for name in ["GIT_DIR", "GIT_WORK_TREE", "GIT_COMMON_DIR", "GIT_OBJECT_DIRECTORY"] {
                command.env_remove(name);
            }
        }
        command.arg("--no-pager");
        command
    }

    async fn run(&self, arguments: &[&str], input: &[u8]) -> Result<Output> {
        let mut command = self.command();
        command.args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().map_err(no_git)?;
        let stdin = child.stdin.take();
        let write = async {
            if let Some(mut stdin) = stdin {
                // Where git does not take all of it, its exit status says why.
                let _ = stdin.write_all(input).await;
            }
        };
        let ((), output) = tokio::join!(write, child.wait_with_output());
        Ok(output?)
    }

    async fn ask(&self, arguments: &[&str], input: &[u8]) -> Result<Vec<u8>> {
        let output = self.run(arguments, input).await?;
        if !output.status.success() {
            let error = String::from_utf8_lossy(&output.stderr);
            return Err(format!("`git {}` failed: {}", arguments.join(" "), error.trim()).into());
        }
        Ok(output.stdout)
    }
}

fn no_git(error: std::io::Error) -> String {
    format!("git cannot be run: {error}")
}

fn lines(commits: &[String]) -> String {
    commits.iter().map(|commit| format!("{commit}\n")).collect()
}

/// What `head` reaches without what `known` reach.
fn range(head: &str, known: &[String]) -> String {
    let excluded: String = known.iter().map(|commit| format!("^{commit}\n")).collect();
    format!("{head}\n{excluded}")
}

/// `Name <email>`, or only `<email>`.
fn parse_contact(line: &[u8]) -> Option<Author> {
    let name_end = line.iter().position(|byte| *byte == b'<')?;
    let (name, email) = (&line[..name_end], line[name_end + 1..].strip_suffix(b">")?);
    Some(Author { name: Text::from_bytes(name.strip_suffix(b" ").unwrap_or(name)), email: Text::from_bytes(email) })
}

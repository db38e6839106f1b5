//! The repository, as git tells of it.

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
        Ok(String::from_utf8(outside)?.lines().next().map(str::to_owned))
    }

    /// How many commits these reach.
    pub async fn count(&self, commits: &[String]) -> Result<u64> {
        let count = self.ask(&["rev-list", "--count", "--stdin"], lines(commits).as_bytes()).await?;
        Ok(String::from_utf8(count)?.trim().parse()?)
    }

    /// The commits that HEAD reaches and `known` do not, parents before their children.
    pub async fn log(&self, head: &str, known: &[String]) -> Result<Log> {
        let mut command = self.command();
        command.args(["log", "--reverse", "--topo-order", "--no-color", "--no-show-signature", "--encoding=UTF-8"]);
        command.args([Log::FORMAT, "--numstat", "-z", "--stdin"]);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).kill_on_drop(true);
        let mut child = command.spawn().map_err(no_git)?;
        // git reads all of it before it answers.
        let mut input = child.stdin.take().ok_or("git takes no input")?;
        let excluded: String = known.iter().map(|commit| format!("^{commit}\n")).collect();
        input.write_all(format!("{head}\n{excluded}").as_bytes()).await?;
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

/// `Name <email>`, or only `<email>`.
fn parse_contact(line: &[u8]) -> Option<Author> {
    let name_end = line.iter().position(|byte| *byte == b'<')?;
    let (name, email) = (&line[..name_end], line[name_end + 1..].strip_suffix(b">")?);
    Some(Author { name: Text::from_bytes(name.strip_suffix(b" ").unwrap_or(name)), email: Text::from_bytes(email) })
}

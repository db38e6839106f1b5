//! A repository that a test makes, with a configuration of its own.

use std::cell::Cell;
use std::fmt::Write as _;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use tempfile::TempDir;

pub struct Repository {
    pub folder: TempDir,
    pub path: PathBuf,
    clock: Cell<u64>,
}

impl Repository {
    /// Without a commit.
    pub fn empty() -> Self {
        let repository = Self::at("repository");
        std::fs::create_dir(&repository.path).unwrap();
        repository.git(&["init", "--quiet", "--initial-branch=main"]);
        repository
    }

    /// With the history that `stream` tells `git fast-import`.
    pub fn imported(stream: &str) -> Self {
        let repository = Self::empty();
        repository.git_with(&["fast-import", "--quiet"], stream.as_bytes());
        repository.git(&["reset", "--quiet", "--hard"]);
        repository
    }

    /// A clone of `self` into another folder, by the arguments of `git clone`.
    pub fn cloned(&self, arguments: &[&str]) -> Self {
        let clone = Self::at("clone");
        let (from, to) = (format!("file://{}", self.path.display()), clone.path.display().to_string());
        let arguments = [&["clone", "--quiet"], arguments, &[&from, &to]].concat();
        let status = clone.command().args(arguments).status().unwrap();
        assert!(status.success());
        clone
    }

    fn at(name: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(name);
        let repository = Self { folder, path, clock: Cell::new(1_700_000_000) };
        repository.configure("[user]\nname = Ann Author\nemail = ann@example.org\n");
        repository
    }

    /// Adds to the user's configuration.
    pub fn configure(&self, config: &str) {
        let file = std::fs::File::options().create(true).append(true).open(self.config());
        file.unwrap().write_all(config.as_bytes()).unwrap();
    }

    fn config(&self) -> PathBuf {
        self.folder.path().join("gitconfig")
    }

    /// Gives `command` this user's environment.
    pub fn as_user<'a>(&self, command: &'a mut Command) -> &'a mut Command {
        let time = self.clock.get();
        self.clock.set(time + 7_000);
        command
            .env("GIT_CONFIG_GLOBAL", self.config())
            .env("GIT_CONFIG_NOSYSTEM", "1")
            .env("GIT_AUTHOR_DATE", format!("{time} +0530"))
            .env("GIT_COMMITTER_DATE", format!("{time} +0530"))
    }

    fn command(&self) -> Command {
        let mut command = Command::new("git");
        self.as_user(&mut command);
        command
    }

    pub fn git(&self, arguments: &[&str]) -> Vec<u8> {
        self.git_with(arguments, b"")
    }

    pub fn git_with(&self, arguments: &[&str], input: &[u8]) -> Vec<u8> {
        let mut command = self.command();
        command.arg("-C").arg(&self.path).args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let mut stdin = child.stdin.take().unwrap();
        let output = std::thread::scope(|scope| {
            scope.spawn(move || stdin.write_all(input).unwrap());
            child.wait_with_output().unwrap()
        });
        assert!(output.status.success(), "git {arguments:?}");
        output.stdout
    }

    /// The one line that git answers.
    pub fn line(&self, arguments: &[&str]) -> String {
        String::from_utf8(self.git(arguments)).unwrap().trim().to_owned()
    }

    pub fn write(&self, path: impl AsRef<Path>, content: impl AsRef<[u8]>) {
        let path = self.path.join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, content).unwrap();
    }

    /// Commits all that is there.
    pub fn commit(&self, message: &str) {
        self.commit_as("Ann Author <ann@example.org>", message);
    }

    pub fn commit_as(&self, author: &str, message: &str) {
        self.git(&["add", "--all"]);
        let author = format!("--author={author}");
        self.git(&["commit", "--quiet", "--allow-empty", "--allow-empty-message", &author, "--message", message]);
    }

    /// Makes an object of these bytes the next commit, after the header's tree and parent.
    pub fn commit_raw(&self, rest: &[u8]) {
        let (tree, parent) = (self.line(&["write-tree"]), self.line(&["rev-parse", "HEAD"]));
        let object = [format!("tree {tree}\nparent {parent}\n").as_bytes(), rest].concat();
        let sha = self.git_with(&["hash-object", "-t", "commit", "-w", "--stdin", "--literally"], &object);
        self.git(&["update-ref", "HEAD", String::from_utf8(sha).unwrap().trim()]);
    }
}

/// A history of `commits` small commits for `git fast-import`: two branches side by side, one of which takes the other
/// in now and then, with dates in no order.
pub fn long_history(commits: usize) -> String {
    let mut stream = String::new();
    for n in 0..commits {
        let time = 1_500_000_000 + n * 7_919 % 6_000 * 600;
        let (author, folder, file) = (n % 50, n % 20, n % 500);
        let from = if n < 2 { String::new() } else { format!("from :{}\n", n - 1) };
        let merge = if n > 0 && (n % 10 == 0 || n + 1 == commits) { format!("merge :{n}\n") } else { String::new() };
        let mark = n + 1;
        let (message, content) = (format!("change {n}\n"), format!("{n}\n"));
        let (long, size) = (message.len(), content.len());
        let branch = if n == 1 { "side" } else { "main" };
        write!(
            stream,
            "commit refs/heads/{branch}\nmark :{mark}\nauthor A{author} <a{author}@example.org> {time} +0000\n\
             committer C <c@example.org> {time} +0000\ndata {long}\n{message}{from}{merge}\
             M 100644 inline d{folder}/f{file}\ndata {size}\n{content}\n"
        )
        .unwrap();
    }
    stream
}

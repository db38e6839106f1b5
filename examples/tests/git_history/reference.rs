//! The totals as git counts them.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::repository::Repository;

/// Each part sorted: names and paths that are not UTF-8 may look the same.
#[derive(Debug, PartialEq)]
pub struct Totals {
    commits: u64,
    /// `name <email>`, commits, added, deleted.
    authors: Vec<(String, [u64; 3])>,
    /// Day, commits.
    days: Vec<(String, u64)>,
    /// Path, commits, added, deleted.
    files: Vec<(String, [u64; 3])>,
}

impl From<&Value> for Totals {
    fn from(answer: &Value) -> Self {
        let rows = |name: &str| answer[name].as_array().unwrap().clone();
        let text = |row: &Value, key: &str| row[key].as_str().unwrap().to_owned();
        let counts = |row: &Value| ["commits", "added", "deleted"].map(|key| row[key].as_u64().unwrap());
        let author = |row: &Value| (format!("{} <{}>", text(row, "name"), text(row, "email")), counts(row));
        let mut totals = Self {
            commits: answer["commits"].as_u64().unwrap(),
            authors: rows("authors").iter().map(author).collect(),
            days: rows("days").iter().map(|row| (text(row, "day"), row["commits"].as_u64().unwrap())).collect(),
            files: rows("files").iter().map(|row| (text(row, "path"), counts(row))).collect(),
        };
        totals.authors.sort();
        totals.files.sort();
        totals
    }
}

/// Only what the program promises to leave aside of the user's configuration is left aside.
const CONFIG: [&str; 6] =
    ["-c", "color.ui=false", "-c", "log.showSignature=false", "-c", "i18n.logOutputEncoding=UTF-8"];

pub fn totals_of_git(repository: &Repository) -> Totals {
    if String::from_utf8(repository.git(&["for-each-ref"])).unwrap().is_empty() {
        return Totals { commits: 0, authors: Vec::new(), days: Vec::new(), files: Vec::new() };
    }
    let git = |arguments: &[&str]| repository.git(&[&CONFIG, arguments].concat());
    let mut authors = shortlog(&git(&["shortlog", "-sne", "HEAD"]));
    let by_author = git(&["log", "--numstat", "--format=@%aN <%aE>", "HEAD"]);
    add_lines_by_author(&mut authors, &by_author);
    let mut days = BTreeMap::new();
    let dates = git(&["log", "--format=%at", "HEAD"]);
    for seconds in String::from_utf8(dates).unwrap().lines() {
        let time = chrono::DateTime::from_timestamp(seconds.parse().unwrap_or(0), 0).unwrap();
        *days.entry(time.date_naive().to_string()).or_insert(0) += 1;
    }
    let mut authors: Vec<_> = authors.into_iter().map(|(name, counts)| (lossy(&name), counts)).collect();
    authors.sort();
    Totals {
        commits: repository.line(&["rev-list", "--count", "HEAD"]).parse().unwrap(),
        authors,
        days: days.into_iter().collect(),
        files: files(&git(&["log", "--numstat", "-z", "--format=", "HEAD"])),
    }
}

fn lossy(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

type ByAuthor = BTreeMap<Vec<u8>, [u64; 3]>;

fn shortlog(output: &[u8]) -> ByAuthor {
    let mut authors = ByAuthor::new();
    for line in output.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()) {
        let tab = line.iter().position(|byte| *byte == b'\t').unwrap();
        let commits = str::from_utf8(&line[..tab]).unwrap().trim().parse().unwrap();
        authors.insert(line[tab + 1..].to_vec(), [commits, 0, 0]);
    }
    authors
}

/// Lines of text, with paths in quotes where they hold what would break a line.
fn add_lines_by_author(authors: &mut ByAuthor, output: &[u8]) {
    let mut author = None;
    for line in output.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()) {
        match line.strip_prefix(b"@") {
            Some(name) => author = Some(authors.get_mut(name).unwrap()),
            None => {
                let [added, deleted] = counts(line);
                let [_, all_added, all_deleted] = author.as_deref_mut().unwrap();
                *all_added += added;
                *all_deleted += deleted;
            }
        }
    }
}

/// The numbers in the first two columns; `-` counts nothing.
fn counts(line: &[u8]) -> [u64; 2] {
    let mut columns = line.split(|byte| *byte == b'\t');
    [(); 2].map(|()| match columns.next().unwrap() {
        b"-" => 0,
        digits => str::from_utf8(digits).unwrap().parse().unwrap(),
    })
}

fn files(output: &[u8]) -> Vec<(String, [u64; 3])> {
    let mut files: BTreeMap<Vec<u8>, [u64; 3]> = BTreeMap::new();
    let mut parts = output.split(|byte| *byte == 0);
    while let Some(part) = parts.next().filter(|part| !part.is_empty()) {
        let path = part.splitn(3, |byte| *byte == b'\t').nth(2).unwrap();
        let path = if path.is_empty() { parts.nth(1).unwrap() } else { path };
        let [added, deleted] = counts(part);
        let file = files.entry(path.to_vec()).or_default();
        *file = [file[0] + 1, file[1] + added, file[2] + deleted];
    }
    let mut files: Vec<_> = files.into_iter().map(|(path, counts)| (lossy(&path), counts)).collect();
    files.sort();
    files
}

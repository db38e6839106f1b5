//! The words of the documentation: none of the private dialect that a new reader would have to learn.

use std::path::Path;
use std::process::Command;

/// Words that are not used, each with what to write instead.
const WORDS: &[(&str, &str)] = &[
    ("nobody", "no process, no caller, no subscription"),
    ("whoever", "the caller, the process, the reader"),
    ("somebody", "a process, a caller, a user"),
    ("everybody", "all processes, all callers"),
    ("anew", "again, from the start"),
    ("amid", "during, within"),
    ("beside", "next to, in addition to, while"),
];

/// Lines that may keep a word: the file, a part of the line, and the reason.
const ALLOWED: &[(&str, &str, &str)] = &[
    ("tests/src/guardian.rs", "`nobody` is on every system", "the name of a user of the operating system"),
    ("tests/src/guardian.rs", "user(\"nobody\")", "the name of a user of the operating system"),
];

/// The words of a line, in lower case.
fn words(line: &str) -> Vec<String> {
    let is_part = |c: char| c.is_alphanumeric() || c == '_' || c == '\'';
    line.split(|c| !is_part(c))
        .map(|word| word.trim_matches('\'').to_lowercase())
        .filter(|word| !word.is_empty())
        .collect()
}

/// What is wrong with a line.
fn complaint(line: &str) -> Option<String> {
    let words = words(line);
    if let Some((word, instead)) =
        WORDS.iter().find(|(word, _)| words.iter().any(|found| found.trim_end_matches("'s") == *word))
    {
        return Some(format!("`{word}`: write {instead}"));
    }
    if words.windows(2).any(|pair| pair[0] == "law" && pair[1].starts_with(|c: char| c.is_ascii_digit())) {
        return Some("a law by its number: name the guarantee and link to `eventsource::guarantees`".into());
    }
    let is_riddle = |four: &[String]| four[0] == "what" && four[1] == "is" && four[3] == "of";
    words.windows(4).any(is_riddle).then(|| "`what is … of`: name the thing".into())
}

#[test]
fn text_has_no_word_of_the_dialect() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let listed = Command::new("git").args(["ls-files", "*.rs", "*.md", "*.stderr"]).current_dir(root).output().unwrap();
    let files = String::from_utf8(listed.stdout).unwrap();
    let mut found = Vec::new();
    let mut read = 0;
    for file in files.lines().filter(|file| *file != "tests/tests/words.rs") {
        // A file that is deleted and not committed yet is listed as well.
        let Ok(text) = std::fs::read_to_string(root.join(file)) else { continue };
        read += 1;
        for (number, line) in text.lines().enumerate() {
            let is_allowed = ALLOWED.iter().any(|(name, part, _)| file == *name && line.contains(part));
            if let Some(complaint) = complaint(line).filter(|_| !is_allowed) {
                found.push(format!("{file}:{}: {complaint}\n    {}", number + 1, line.trim()));
            }
        }
    }
    assert!(read > 500, "{read} files");
    assert!(found.is_empty(), "{} lines:\n{}", found.len(), found.join("\n"));
}

#[test]
fn complaint_names_the_word() {
    assert!(complaint("/// Tells somebody's process.").is_some_and(|text| text.contains("somebody")));
    assert!(complaint("// (law 3)").is_some());
    assert!(complaint("/// What is known of it.").is_some());
    assert_eq!(complaint("/// The by-law of 3 laws; a new amidst."), None);
}

//! Each case that has to fail, compiled in one go, and the first line of what is said about it.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

/// Compiles every case, and compares the first line of its errors.
pub(crate) fn check() {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("first-lines");
    let expected = expected(&here.join("fail"));
    write_package(&folder, here, expected.keys());
    let said = said(&folder);
    let wrong: Vec<_> = expected
        .iter()
        .filter(|(case, line)| !said.get(*case).is_some_and(|said| said.iter().any(|said| said == *line)))
        .map(|(case, line)| format!("{case}\n  expected: {line}\n  said: {:?}", said.get(case)))
        .collect();
    assert!(wrong.is_empty(), "{} of {} cases:\n{}", wrong.len(), expected.len(), wrong.join("\n"));
}

/// The first line of each `.stderr`, without its error code.
fn expected(fail: &Path) -> BTreeMap<String, String> {
    let files = fs::read_dir(fail).expect("the cases are there").map(|entry| entry.expect("a file").path());
    let texts = files.filter(|path| path.extension().is_some_and(|extension| extension == "stderr"));
    texts
        .map(|path| {
            let text = fs::read_to_string(&path).expect("a text");
            let line = text.lines().find(|line| line.starts_with("error")).unwrap_or_default();
            let message = line.split_once(": ").map_or("", |(_, message)| message);
            (path.file_stem().unwrap_or_default().to_string_lossy().into_owned(), message.to_owned())
        })
        .collect()
}

/// A package with a program for each case.
fn write_package<'c>(folder: &Path, here: &Path, cases: impl Iterator<Item = &'c String>) {
    let workspace = here.join("../..").canonicalize().expect("the workspace");
    let library = workspace.join("eventsource");
    let mut manifest = format!(
        "[workspace]\n[package]\nname = \"first-lines\"\nversion = \"0.0.0\"\nedition = \"2024\"\n\n[dependencies]\n\
         serde = {{ version = \"1\", features = [\"derive\"] }}\n\
         eventsource = {{ path = {library:?}, features = [\"testing\"] }}\n"
    );
    for case in cases {
        let path: PathBuf = here.join("fail").join(format!("{case}.rs"));
        manifest += &format!("\n[[bin]]\nname = \"{case}\"\npath = {path:?}\n");
    }
    fs::create_dir_all(folder).expect("a folder");
    fs::write(folder.join("Cargo.toml"), manifest).expect("a manifest");
    fs::copy(workspace.join("Cargo.lock"), folder.join("Cargo.lock")).expect("a lock file");
}

/// The messages of every case, without their codes.
fn said(folder: &Path) -> BTreeMap<String, Vec<String>> {
    let output = Command::new(env!("CARGO"))
        .args(["check", "--bins", "--keep-going", "--offline", "--message-format=json"])
        .current_dir(folder)
        .env("CARGO_TARGET_DIR", folder.join("target"))
        .output()
        .expect("cargo runs");
    let mut said = BTreeMap::<String, Vec<String>>::new();
    for line in String::from_utf8_lossy(&output.stdout).lines() {
        let Ok(message) = serde_json::from_str::<Value>(line) else { continue };
        if message["message"]["level"] == "error" {
            let case = message["target"]["name"].as_str().unwrap_or_default().to_owned();
            let text = message["message"]["message"].as_str().unwrap_or_default();
            said.entry(case).or_default().push(text.lines().next().unwrap_or_default().to_owned());
        }
    }
    assert!(!said.is_empty(), "{}", String::from_utf8_lossy(&output.stderr));
    said
}

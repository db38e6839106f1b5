//! The README: its program builds and runs in a new crate, its links lead to files, and its two commands stand first.

use std::path::{Path, PathBuf};
use std::process::Command;

const README: &str = include_str!("../../README.md");

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

/// The first block of code in this language.
fn block(language: &str) -> &'static str {
    let begin = format!("```{language}\n");
    let rest = README.split_once(&begin).unwrap_or_else(|| panic!("no block of {language}")).1;
    rest.split_once("```").unwrap().0
}

#[test]
fn program_of_the_readme_runs_in_a_new_crate_and_prints_what_it_says() {
    let crate_dir = tempfile::tempdir().unwrap();
    let path = |name: &str| crate_dir.path().join(name);
    let dependencies = block("toml");
    let place = "path = \"../eventsource/eventsource\"";
    assert!(dependencies.contains(place), "{dependencies}");
    let library = root().join("eventsource");
    let dependencies = dependencies.replace(place, &format!("path = {:?}", library.to_str().unwrap()));
    let package = "[package]\nname = \"readme\"\nedition = \"2024\"\n\n[workspace]\n\n";
    std::fs::write(path("Cargo.toml"), format!("{package}{dependencies}")).unwrap();
    // The versions that the tests use, so that nothing is downloaded.
    std::fs::copy(root().join("Cargo.lock"), path("Cargo.lock")).unwrap();
    std::fs::create_dir(path("src")).unwrap();
    std::fs::write(path("src/main.rs"), block("rust")).unwrap();
    let run = Command::new(env!("CARGO"))
        .args(["run", "--quiet", "--target-dir"])
        .arg(root().join("target/readme"))
        .env("CARGO_PROFILE_DEV_DEBUG", "0")
        .current_dir(crate_dir.path())
        .output()
        .unwrap();
    assert!(run.status.success(), "{}", String::from_utf8_lossy(&run.stderr));
    assert_eq!(String::from_utf8(run.stdout).unwrap(), block("text"));
}

#[test]
fn program_of_the_readme_has_about_30_lines_of_code() {
    let code = block("rust").lines().filter(|line| !line.trim().is_empty()).count();
    assert!(code <= 40, "{code} lines");
}

#[test]
fn links_of_the_readme_lead_to_files() {
    let mut links = 0;
    for target in README.split("](").skip(1).filter_map(|rest| rest.split_once(')')).map(|(target, _)| target) {
        if !target.starts_with("https://") {
            assert!(root().join(target).exists(), "no such file: {target}");
            links += 1;
        }
    }
    assert!(links > 40, "{links}");
}

#[test]
fn two_commands_stand_first() {
    let commands: Vec<_> = block("sh").lines().collect();
    assert_eq!(commands, ["cargo run --bin tutorial", "tests/setup && cargo test --workspace"]);
}

#[test]
fn lines_of_the_service_are_those_of_its_own_readme() {
    // The tests of the service run these lines.
    let service = std::fs::read_to_string(root().join("examples/service/README.md")).unwrap();
    let lines = |text: &str| -> Vec<String> {
        let is_line = |line: &&str| line.starts_with("curl ") || *line == "cargo run -p service";
        text.lines().filter(is_line).map(ToOwned::to_owned).collect()
    };
    assert_eq!(lines(README), lines(&service));
    assert_eq!(lines(README).len(), 4);
}

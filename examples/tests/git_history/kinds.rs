//! Every kind of repository, and every kind of change.

use crate::repository::Repository;
use crate::run::Done;

/// Branches, merges, renames, a binary file, a submodule, a mailmap.
pub fn ordinary() -> Repository {
    let repository = Repository::empty();
    repository.write("src/main.rs", "fn main() {\n    one();\n    two();\n}\n");
    repository.write("logo.png", b"\x89PNG\0\x01\x02");
    repository.commit("Begin");
    repository.git(&["checkout", "--quiet", "-b", "side"]);
    repository.write("side.txt", "a\nb\n");
    repository.commit_as("Bob <bob@home.example>", "On the side");
    repository.git(&["mv", "src/main.rs", "src/start.rs"]);
    repository.commit_as("bob <bob@work.example>", "Rename");
    repository.git(&["checkout", "--quiet", "-b", "third", "main"]);
    repository.write("third", "3\n");
    repository.commit_as("Carol <carol@example.org>", "");
    repository.git(&["checkout", "--quiet", "main"]);
    repository.write("src/main.rs", "fn main() {\n    one();\n}\n");
    repository.write("logo.png", b"\x89PNG\0\x03");
    repository.commit("Less");
    repository.git(&["merge", "--quiet", "--no-edit", "side"]);
    repository.git(&["merge", "--quiet", "--no-edit", "third"]);
    let sha = repository.line(&["rev-parse", "HEAD"]);
    repository.git(&["update-index", "--add", "--cacheinfo", &format!("160000,{sha},library")]);
    repository.git(&["commit", "--quiet", "--message", "A submodule"]);
    repository.write(
        ".mailmap",
        "Robert <robert@example.org> <bob@home.example>\nRobert <robert@example.org> BOB <bob@work.example>\n",
    );
    repository.git(&["add", ".mailmap"]);
    repository.git(&["commit", "--quiet", "--message", "One name for each"]);
    repository
}

#[test]
fn branches_merges_renames_binaries_submodules_and_a_mailmap() {
    let repository = ordinary();
    assert_eq!(repository.assert_equals_git().imported, 9);
    let (answer, _) = repository.history();
    let robert = answer["authors"].as_array().unwrap().iter().find(|author| author["name"] == "Robert").unwrap();
    assert_eq!((&robert["email"], &robert["commits"]), (&"robert@example.org".into(), &2.into()));
}

#[test]
fn a_bare_repository() {
    let bare = ordinary().cloned(&["--bare"]);
    bare.assert_equals_git();
}

#[test]
fn a_repository_without_a_commit_and_then_with_one() {
    let repository = Repository::empty();
    assert_eq!(repository.assert_equals_git(), Done { imported: 0, projected: 0 });
    repository.commit("");
    assert_eq!(repository.assert_equals_git().imported, 1);
}

#[test]
fn a_shallow_clone() {
    let clone = ordinary().cloned(&["--depth", "2"]);
    let done = clone.assert_equals_git();
    assert!(done.imported < 9, "{done:?}");
}

#[test]
fn several_roots() {
    let repository = ordinary();
    repository.git(&["checkout", "--quiet", "--orphan", "other"]);
    repository.commit("Another beginning");
    repository.git(&["checkout", "--quiet", "main"]);
    repository.git(&["merge", "--quiet", "--no-edit", "--allow-unrelated-histories", "--strategy=ours", "other"]);
    repository.assert_equals_git();
}

#[test]
fn object_names_of_sha_256() {
    let repository = Repository::empty();
    std::fs::remove_dir_all(repository.path.join(".git")).unwrap();
    repository.git(&["init", "--quiet", "--object-format=sha256"]);
    repository.write("file", "line\n");
    repository.commit("Long names");
    assert_eq!(repository.assert_equals_git().imported, 1);
}

#[test]
fn a_commit_with_very_many_files() {
    let repository = Repository::empty();
    for n in 0..1_234 {
        repository.write(format!("folder/{n}"), "line\n");
    }
    repository.commit("All at once");
    // One commit for contributors and days, and thirteen events with files for contributors and files.
    assert_eq!(repository.assert_equals_git(), Done { imported: 1, projected: 2 + 2 * 13 });
}

#[test]
fn a_subfolder_and_the_repository_around_the_current_folder() {
    let repository = ordinary();
    let (answer, _) = repository.history();
    for path in [&["src"][..], &[]] {
        let mut program = std::process::Command::new(env!("CARGO_BIN_EXE_git_history"));
        let output = repository.as_user(&mut program).args(path).arg("--json").current_dir(&repository.path).output();
        assert_eq!(serde_json::from_slice::<serde_json::Value>(&output.unwrap().stdout).unwrap(), answer);
    }
}

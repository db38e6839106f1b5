//! A second run on the same database.

use std::process::Stdio;

use serde_json::Value;

use crate::kinds::ordinary;
use crate::repository::Repository;
use crate::run::Done;

#[test]
fn imports_and_projects_only_what_is_new() {
    let repository = ordinary();
    repository.assert_equals_git();
    assert_eq!(repository.assert_equals_git(), Done { imported: 0, projected: 0 });
    repository.write("new", "line\n");
    repository.commit("One more");
    // The commit for contributors and days, its file for contributors and files.
    assert_eq!(repository.assert_equals_git(), Done { imported: 1, projected: 4 });
    assert_eq!(repository.assert_equals_git(), Done { imported: 0, projected: 0 });
}

#[test]
fn takes_a_branch_that_is_older_than_what_is_imported() {
    let repository = ordinary();
    repository.git(&["checkout", "--quiet", "-b", "old", "HEAD~5"]);
    for n in 0..3 {
        repository.write("old", n.to_string());
        repository.git(&["add", "--all"]);
        repository.git(&["commit", "--quiet", "--message", "Old", "--date=2001-02-03T04:05:06Z"]);
    }
    repository.git(&["checkout", "--quiet", "main"]);
    repository.assert_equals_git();
    repository.git(&["merge", "--quiet", "--no-edit", "old"]);
    assert_eq!(repository.assert_equals_git().imported, 4);
}

#[test]
fn names_authors_as_the_mailmap_does_now() {
    let repository = ordinary();
    repository.assert_equals_git();
    repository.write(".mailmap", "Roberta <roberta@example.org> <bob@home.example>\nMe <ann@example.org>\n");
    repository.assert_equals_git();
    std::fs::remove_file(repository.path.join(".mailmap")).unwrap();
    repository.assert_equals_git();
}

#[test]
fn goes_on_in_another_branch_that_has_all_that_is_imported() {
    let repository = ordinary();
    repository.assert_equals_git();
    repository.git(&["checkout", "--quiet", "--detach"]);
    repository.commit("Detached");
    assert_eq!(repository.assert_equals_git().imported, 1);
}

/// Twenty commits by a clock that was set back: git gives up before it has found all that they reach.
fn commit_as_in_1970(repository: &Repository) {
    for n in 0..20 {
        let person = format!("A <a@example.org> {} +0000", 1_000_000 + n);
        repository.commit_raw(format!("author {person}\ncommitter {person}\n\nAnew\n").as_bytes());
    }
}

/// Git goes by dates, and takes commits for new that are not, where children are much older than their parents.
#[test]
fn imports_nothing_twice_where_clocks_were_wrong() {
    let repository = ordinary();
    let recent = repository.line(&["rev-parse", "HEAD"]);
    commit_as_in_1970(&repository);
    repository.git(&["reset", "--quiet", "--hard"]);
    assert_eq!(repository.assert_equals_git().imported, 29);
    repository.git(&["checkout", "--quiet", "-b", "recent", &recent]);
    repository.commit("On what is recent");
    repository.git(&["checkout", "--quiet", "main"]);
    repository.git(&["merge", "--quiet", "--no-edit", "recent"]);
    let known = repository.line(&["rev-parse", "HEAD^1"]);
    let shown = repository.line(&["rev-list", "--topo-order", "--count", "HEAD", &format!("^{known}")]);
    assert_ne!(shown, "2", "git is not misled, so that this proves nothing");
    assert_eq!(repository.assert_equals_git().imported, 2);
    assert_eq!(repository.assert_equals_git(), Done { imported: 0, projected: 0 });
}

/// The same, for a commit that is imported: git takes it for one that HEAD does not have.
#[test]
fn knows_what_is_imported_where_clocks_were_wrong() {
    let repository = ordinary();
    repository.assert_equals_git();
    let recent = repository.line(&["rev-parse", "HEAD"]);
    commit_as_in_1970(&repository);
    let outside = repository.line(&["rev-list", "--count", &recent, "^HEAD"]);
    assert_ne!(outside, "0", "git is not misled, so that this proves nothing");
    assert_eq!(repository.assert_equals_git().imported, 20);
}

#[test]
fn two_runs_at_once_end_with_the_same_totals() {
    let repository = Repository::imported(&crate::repository::long_history(3_000));
    let start = || repository.program(&["--json"]).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    let both = [start(), start()];
    for child in both {
        let output = child.wait_with_output().unwrap();
        // One of them may find that the other was faster, and says so.
        assert!(output.status.code().is_some_and(|code| code <= 1));
        if output.status.success() {
            let answer: Value = serde_json::from_slice(&output.stdout).unwrap();
            assert_eq!(answer["commits"], 3_000);
        }
    }
    repository.assert_equals_git();
}

//! Names, subjects and paths that are odd, and configurations that are.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt as _;

use crate::kinds::ordinary;
use crate::repository::Repository;
use crate::run::Done;

#[test]
fn odd_author_names() {
    let repository = Repository::empty();
    repository.commit_as("\"Quoted\" O'Name \\ <q@example.org>", "quotes");
    repository.commit_as("🦀 Ünï <crab@example.org>", "emoji");
    repository.commit_as("Tab\tbed  name <t@example.org>", "tab");
    let people: [&[u8]; 9] = [
        b"a > b <x@example.org> 1700000000 +0000",
        b"a <<x@example.org> 1700000000 +0000",
        b" <nameless@example.org> 1700000000 +0000",
        b"Unnamed <> 1700000000 +0000",
        b"caf\xe9 <c@example.org> 1700000000 +0000",
        b"caf\xe8 <c@example.org> 1700000000 +0000",
        b"Mail <m\xff@example.org> 1700000000 +0000",
        b"Late <l@example.org> 99999999999999999999 +0000",
        b"broken line",
    ];
    for person in people {
        let author = [b"author ", person, b"\ncommitter C <c@example.org> 1700000000 +0000\n\nsubject\n"].concat();
        repository.commit_raw(&author);
    }
    assert_eq!(repository.assert_equals_git().imported, 12);
}

#[test]
fn a_mailmap_for_odd_names() {
    let repository = Repository::empty();
    repository.commit("Begin");
    repository.write(
        ".mailmap",
        b"Caf\xc3\xa9 <c@example.org> caf\xe9 <c@example.org>\n<new@example.org> <nameless@example.org>\nSomebody <>\n",
    );
    let people: [&[u8]; 3] = [b"caf\xe9 <c@example.org>", b" <nameless@example.org>", b"Unnamed <>"];
    for person in people {
        let author = [b"author ", person, b" 1700000000 +0000\ncommitter C <c@example.org> 1700000000 +0000\n\ns\n"];
        repository.commit_raw(&author.concat());
    }
    repository.assert_equals_git();
}

#[test]
fn odd_subjects_and_encodings() {
    let repository = Repository::empty();
    repository.commit("");
    repository.commit("two\nlines\n\n1\t2\tnot a file\n");
    repository.commit("\t1\t2\tnot a file");
    let rest: [&[u8]; 3] = [
        b"encoding ISO-8859-1\n\ncaf\xe9 says \xff\n",
        b"\nno \xe9ncoding\n",
        b"encoding nonsense\n\n\xe9\x01\x1b[31m\n",
    ];
    for rest in rest {
        let who = b"caf\xe9 <c@example.org> 1700000000 +0000\n";
        repository.commit_raw(&[b"author ", &who[..], b"committer ", who, rest].concat());
    }
    assert_eq!(repository.assert_equals_git().imported, 6);
}

#[test]
fn odd_paths() {
    let repository = Repository::empty();
    let paths: [&[u8]; 8] = [
        b"tab\there",
        b"new\nline",
        b"\nfirst",
        b"\"quoted\" 'path' \\",
        b"caf\xe9",
        b"caf\xe8",
        "\u{10FFE9} 🦀".as_bytes(),
        b"a => b/{c => d}",
    ];
    for path in paths {
        repository.write(OsStr::from_bytes(path), "1\n2\n3\n4\n5\n");
    }
    repository.commit("odd");
    for path in paths {
        let to = repository.path.join(OsStr::from_bytes(&[path, b"\xfe\tnew"].concat()));
        std::fs::rename(repository.path.join(OsStr::from_bytes(path)), to).unwrap();
    }
    repository.commit("odder");
    repository.assert_equals_git();
    let (answer, _) = repository.history();
    // One of them is in a folder. Paths that only look the same are still two.
    assert_eq!(answer["files"].as_array().unwrap().len(), 2 * paths.len());
}

#[test]
fn a_configuration_that_changes_what_git_prints() {
    let repository = ordinary();
    repository.configure(
        "[color]\nui = always\n[log]\nshowSignature = true\nmailmap = false\nfollow = true\ndate = relative\n\
         decorate = full\nabbrevCommit = true\ndiffMerges = first-parent\n[format]\npretty = fuller\nnotes = true\n\
         [core]\nquotePath = true\npager = false\nabbrev = 5\n[diff]\nnoprefix = true\nmnemonicPrefix = true\n\
         external = false\nstatGraphWidth = 3\nrelative = true\ncolorMoved = zebra\n[i18n]\nlogOutputEncoding = ISO-8859-1\n\
         [pager]\nlog = false\n[alias]\nlog = status\n",
    );
    repository.commit_as("Zoë <z@example.org>", "Grüße");
    let who = "Ann Author <ann@example.org> 1700000000 +0000";
    let signature = "gpgsig -----BEGIN PGP SIGNATURE-----\n \n -----END PGP SIGNATURE-----";
    repository.commit_raw(format!("author {who}\ncommitter {who}\n{signature}\n\nSigned\n").as_bytes());
    repository.assert_equals_git();
    assert_eq!(repository.assert_equals_git(), Done { imported: 0, projected: 0 });
}

#[test]
fn a_configuration_that_changes_what_git_counts() {
    let settings = [
        "[diff]\nrenames = false\n",
        "[diff]\nrenames = copies\n",
        "[log]\nshowRoot = false\n",
        "[diff]\nalgorithm = patience\nignoreSubmodules = all\n",
    ];
    for setting in settings {
        let repository = ordinary();
        repository.write("copy", "a\nb\n");
        repository.write("side.txt", "a\nb\nc\n");
        repository.commit("Copy");
        repository.configure(setting);
        repository.assert_equals_git();
    }
}

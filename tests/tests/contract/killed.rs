//! What proves a contract suite: each of its cases is failed by an adapter that is broken in one place.

use std::collections::BTreeSet;
use std::fmt::Debug;

/// Checks that each of `cases` is failed by one of `mutants`. A mutant is an adapter that is broken in one place, with the
/// case that it fails. `fails` runs a case on an adapter, and returns whether it fails. `whole` is not broken: it fails no case.
pub(crate) async fn assert_each_case_is_killed<M: Debug + Copy>(
    cases: &[&'static str],
    whole: M,
    mutants: &[(M, &'static str)],
    fails: impl AsyncFn(&'static str, M) -> bool,
) {
    let mut failed = Vec::new();
    for &case in cases {
        if fails(case, whole).await {
            failed.push(case);
        }
    }
    assert!(failed.is_empty(), "an adapter that is not broken fails {failed:?}");
    let mut survived = Vec::new();
    for &(mutant, case) in mutants {
        assert!(cases.contains(&case), "{mutant:?}: there is no case {case}");
        if !fails(case, mutant).await {
            survived.push((mutant, case));
        }
    }
    assert!(survived.is_empty(), "mutants that do not fail their case: {survived:?}");
    let killed: BTreeSet<_> = mutants.iter().map(|(_, case)| *case).collect();
    let left: Vec<_> = cases.iter().filter(|case| !killed.contains(*case)).collect();
    assert!(left.is_empty(), "cases that no mutant fails: {left:?}");
}

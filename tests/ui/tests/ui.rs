//! What the compiler says about mistakes, and that it says nothing where there are none.
//!
//! The texts are those of one compiler, which the workspace's `rust-version` is close to. With another one, write
//! them anew and read the difference: `TRYBUILD=overwrite cargo test --test ui`.

#[test]
fn ui() {
    let cases = trybuild::TestCases::new();
    cases.pass("pass/*.rs");
    cases.compile_fail("fail/*.rs");
}

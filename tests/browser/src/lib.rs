//! The tests are in `tests/page/`; `axe/` has the checks of accessibility that they run.

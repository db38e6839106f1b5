//! The cases are in `fail/` and `pass/`; each is a program of its own.

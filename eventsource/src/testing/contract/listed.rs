//! The macros to which the lists of cases are passed.

/// Runs the case of this name with the argument.
macro_rules! dispatch {
    ({ $name:ident $on:ident } $($case:ident)*) => {
        match $name {
            $(stringify!($case) => $case($on).await,)*
            _ => Err($crate::testing::contract::Violation::new(format_args!("there is no case {}", $name))),
        }
    };
}

/// Returns the names of the cases.
macro_rules! names {
    ({} $($case:ident)*) => { &[$(stringify!($case)),*] };
}
pub(super) use {dispatch, names};

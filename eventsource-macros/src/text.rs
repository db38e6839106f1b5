//! How messages show the user's code.

use quote::ToTokens;

/// `tokens` as one would write them, near enough for a message.
pub(crate) fn shown(tokens: impl ToTokens) -> String {
    let mut text = tokens.to_token_stream().to_string();
    for (spaced, plain) in
        [(" :: ", "::"), (":: ", "::"), (" < ", "<"), (" >", ">"), ("& ", "&"), (" ,", ","), ("' ", "'")]
    {
        text = text.replace(spaced, plain);
    }
    text
}

//! How wide text is on a terminal.

use unicode_width::{UnicodeWidthChar as _, UnicodeWidthStr as _};

/// Returns the number of columns of the terminal that the output goes to. If it is none, the variable `COLUMNS` counts;
/// without it, lines have any length.
pub(super) fn of_output() -> Option<usize> {
    let terminal = console::Term::stdout().size_checked().map(|(_, columns)| usize::from(columns));
    let named = || std::env::var("COLUMNS").ok()?.parse().ok();
    terminal.or_else(named).filter(|columns| *columns > 0)
}

/// Returns the number of columns that a text takes.
pub(super) fn width(text: &str) -> usize {
    text.width()
}

/// Returns the text, cut so that it takes at most `most` columns.
pub(crate) fn cut(text: &str, most: usize) -> String {
    if width(text) <= most {
        return text.to_owned();
    }
    let mut cut = String::new();
    let mut taken = 1;
    for c in text.chars() {
        taken += c.width().unwrap_or_default();
        if taken > most {
            break;
        }
        cut.push(c);
    }
    if most > 0 {
        cut.push('…');
    }
    cut
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_cut_by_the_columns_that_it_takes() {
        assert_eq!(cut("abc", 3), "abc");
        assert_eq!(cut("abcd", 3), "ab…");
        assert_eq!((cut("東京都", 5), cut("東京都", 6)), ("東京…".to_owned(), "東京都".to_owned()));
        assert_eq!((cut("東京", 3), cut("東京", 2), cut("ab", 0)), ("東…".to_owned(), "…".to_owned(), String::new()));
    }
}

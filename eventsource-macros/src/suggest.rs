//! Suggestions for misspelt words.

/// Returns the word of `valid` that is nearest to `word`, if one is near enough.
pub(crate) fn nearest<'a>(word: &str, valid: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    valid
        .into_iter()
        .map(|candidate| (distance(word, candidate), candidate))
        .filter(|(distance, candidate)| *distance <= (candidate.len() / 3).max(1))
        .min()
        .map(|(_, candidate)| candidate)
}

/// Returns the Damerau distance of `a` and `b`: the number of insertions, deletions, replacements and swaps of
/// neighbours.
fn distance(a: &str, b: &str) -> usize {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    let mut before_last = vec![0; b.len() + 1];
    let mut last: Vec<usize> = (0..=b.len()).collect();
    for i in 1..=a.len() {
        let mut row = vec![i; b.len() + 1];
        for j in 1..=b.len() {
            let replaced = last[j - 1] + usize::from(a[i - 1] != b[j - 1]);
            row[j] = replaced.min(last[j] + 1).min(row[j - 1] + 1);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                row[j] = row[j].min(before_last[j - 2] + 1);
            }
        }
        before_last = std::mem::replace(&mut last, row);
    }
    last[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn distance_counts_a_swap_as_one_step() {
        assert_eq!(distance("nmae", "name"), 1);
        assert_eq!(distance("agregate", "aggregate"), 1);
        assert_eq!(distance("", "abc"), 3);
        assert_eq!(distance("version", "version"), 0);
    }

    #[test]
    fn suggestion_is_given_only_for_near_names() {
        let valid = ["name", "version", "aggregate", "crate"];
        assert_eq!(nearest("nmae", valid), Some("name"));
        assert_eq!(nearest("agregate", valid), Some("aggregate"));
        assert_eq!(nearest("stream", valid), None);
    }
}

//! What somebody probably meant to type.

/// The names that the word may have been meant for, the nearest first: those it begins,
/// those it is a part of (between hyphens), and those that differ by two letters at most.
pub fn closest<'a>(word: &str, names: impl IntoIterator<Item = &'a str>) -> Vec<&'a str> {
    let word = word.to_lowercase();
    let part = |name: &str| {
        word.len() >= 3 && (name.starts_with(&word) || name.split('-').any(|part| part == word))
    };
    let mut near: Vec<(usize, &str)> = names
        .into_iter()
        .map(|name| (distance(&word, name), name))
        .filter(|(distance, name)| *distance <= 2 || part(name))
        .collect();
    near.sort_by_key(|(distance, _)| *distance);
    near.into_iter().map(|(_, name)| name).collect()
}

/// How many letters have to be changed, added or removed to turn one word into the other.
fn distance(from: &str, to: &str) -> usize {
    // Far words are all the same, and a long one would take long.
    if from.len().abs_diff(to.len()) > 12 {
        return usize::MAX;
    }
    let mut row: Vec<usize> = (0..=to.chars().count()).collect();
    for (at, letter) in from.chars().enumerate() {
        let mut corner = std::mem::replace(&mut row[0], at + 1);
        for (column, other) in to.chars().enumerate() {
            let change = corner + usize::from(letter != other);
            corner = row[column + 1];
            row[column + 1] = change.min(corner + 1).min(row[column] + 1);
        }
    }
    row.last().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slips_beginnings_and_parts_are_understood_and_nothing_else() {
        let names = ["threads", "meta", "seirdy-tier0", "seirdy-bsl", "bluesky-bridges"];
        for (word, want) in [
            ("thread", &["threads"][..]),
            ("THREDS", &["threads"]),
            ("seirdy", &["seirdy-bsl", "seirdy-tier0"]),
            ("bridges", &["bluesky-bridges"]),
            ("seirdy-tier1", &["seirdy-tier0"]),
            ("se", &[]),
            ("quite-something-else", &[]),
            ("", &[]),
        ] {
            assert_eq!(closest(word, names), want, "{word:?}");
        }
    }

    #[test]
    fn letters_are_counted_and_not_bytes() {
        assert_eq!(distance("bär", "bar"), 1);
        assert_eq!(distance("", "abc"), 3);
        assert_eq!(distance("kitten", "sitting"), 3);
        assert_eq!(distance("a", &"b".repeat(20)), usize::MAX);
    }
}

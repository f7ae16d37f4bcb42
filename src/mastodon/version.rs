//! Mastodon's version numbers, read leniently: forks and nightlies add words of their own.

use std::cmp::Ordering;
use std::fmt;

/// A version, ordered by its three numbers alone. A pre-release counts as its release:
/// what matters is which features to expect, and it mostly has them.
#[derive(Debug, Clone, Copy)]
pub struct Version {
    pub major: u32,
    pub minor: u32,
    pub patch: u32,
    pub pre_release: bool,
}

impl Version {
    /// Reads `4.6.5`, `4.7.0-alpha.2`, `4.3.0+glitch`, `v4.0.0rc1`, `4.2`.
    pub fn parse(text: &str) -> Option<Version> {
        let text = text.trim();
        let text = text.strip_prefix(['v', 'V']).unwrap_or(text);
        let (major, rest) = number(text)?;
        let (minor, rest) = number(rest.strip_prefix('.')?)?;
        let (patch, rest) = rest.strip_prefix('.').and_then(number).unwrap_or((0, rest));
        let word = |c: char| c == '-' || c.is_ascii_alphabetic();
        Some(Version { major, minor, patch, pre_release: rest.starts_with(word) })
    }

    pub fn at_least(&self, major: u32, minor: u32) -> bool {
        (self.major, self.minor) >= (major, minor)
    }
}

fn number(text: &str) -> Option<(u32, &str)> {
    let end = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    Some((text[..end].parse().ok()?, &text[end..]))
}

impl Ord for Version {
    fn cmp(&self, other: &Self) -> Ordering {
        let numbers = |v: &Version| (v.major, v.minor, v.patch);
        numbers(self).cmp(&numbers(other))
    }
}

impl PartialOrd for Version {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Version {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Version {}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}.{}", self.major, self.minor, self.patch)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_read_with_whatever_follows_them() {
        for (text, numbers, pre_release) in [
            ("4.6.5", "4.6.5", false),
            ("4.7.0-alpha.2", "4.7.0", true),
            ("4.3.0+glitch", "4.3.0", false),
            ("4.7.0-nightly.2026-08-01", "4.7.0", true),
            ("4.3.0-beta.1+glitch", "4.3.0", true),
            ("v4.0.0rc1", "4.0.0", true),
            (" 4.2 ", "4.2.0", false),
        ] {
            let version = Version::parse(text).unwrap();
            assert_eq!((version.to_string().as_str(), version.pre_release), (numbers, pre_release));
        }
        for text in ["", "four", "4", "-4.2.0", "4.x", "99999999999.0.0"] {
            assert_eq!(Version::parse(text), None, "{text:?}");
        }
    }

    #[test]
    fn versions_order_by_number_and_not_by_text() {
        let v = |text| Version::parse(text).unwrap();
        assert!(v("4.10.0") > v("4.9.9") && v("4.3.10") > v("4.3.9") && v("5.0.0") > v("4.99.0"));
        assert_eq!(v("4.3.0-alpha.1"), v("4.3.0"));
        assert!(v("4.3.0-alpha.1").at_least(4, 3) && !v("4.2.29").at_least(4, 3));
        assert!(v("5.0.0").at_least(4, 3));
    }
}

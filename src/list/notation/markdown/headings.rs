//! What the headings above a table say about it.

use super::{Severity, decode};

/// How much of a heading is looked at.
const WIDTH: usize = 200;

/// What headings say about the servers below them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Says {
    /// That they are blocked, and not how.
    Blocked,
    Severity(Severity),
    /// Several kinds of blocks at once.
    Several,
    /// That they are allowed, or no longer blocked.
    Otherwise,
    Nothing,
}

/// The headings that the current line stands under, by their level.
#[derive(Default)]
pub(super) struct Headings {
    levels: [Option<Says>; 6],
}

impl Headings {
    /// Looks at a line and the one above it, for a heading.
    pub fn see(&mut self, above: &str, line: &str) {
        let line = decode::clip(line.trim(), WIDTH);
        let hashes = line.bytes().take_while(|byte| *byte == b'#').count();
        if (1..=6).contains(&hashes) && line[hashes..].starts_with([' ', '\t']) {
            return self.set(hashes - 1, &line[hashes..]);
        }
        // A title with a line of `=` or `-` below it.
        let underlined = |byte: u8| line.len() >= 2 && line.bytes().all(|b| b == byte);
        let above = decode::clip(above.trim(), WIDTH);
        if above.is_empty() || above.contains('|') {
            return;
        }
        if underlined(b'=') {
            self.set(0, above);
        } else if underlined(b'-') {
            self.set(1, above);
        }
    }

    fn set(&mut self, level: usize, title: &str) {
        self.levels[level] = Some(says(title));
        self.levels[level + 1..].fill(None);
    }

    /// What they say together. An exception anywhere above counts; otherwise the nearest
    /// heading that says something does.
    pub fn say(&self) -> Says {
        let said = || self.levels.iter().flatten().copied();
        if said().any(|says| says == Says::Otherwise) {
            return Says::Otherwise;
        }
        let near = said().rev().find(|says| matches!(says, Says::Severity(_) | Says::Several));
        near.or_else(|| said().find(|says| *says == Says::Blocked)).unwrap_or(Says::Nothing)
    }
}

fn says(title: &str) -> Says {
    // "Servers we do not talk to" are no exceptions, and neither are "disallowed" ones.
    const EXCEPTIONS: [&str; 11] = [
        "allow",
        "unblock",
        "unsuspend",
        "unsilence",
        "former",
        "previous",
        "removed",
        "lifted",
        "except",
        "exempt",
        "whitelist",
    ];
    const NEGATIONS: [&str; 7] = [
        "not block",
        "not suspend",
        "not silence",
        "not limit",
        "no longer",
        "un-block",
        "retract",
    ];
    const BLOCKED: [&str; 6] = ["block", "ban", "deny", "denied", "blacklist", "fediblock"];
    let title = title.to_lowercase();
    let words = || title.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty());
    let is_exception = |word: &str| EXCEPTIONS.iter().any(|known| word.starts_with(known));
    let denied = title.contains("not allow") || title.contains("n't allow");
    if (words().any(is_exception) && !denied)
        || NEGATIONS.iter().any(|phrase| title.contains(phrase))
    {
        return Says::Otherwise;
    }
    let is_blocked = |word: &str| BLOCKED.iter().any(|known| word.starts_with(known));
    // `blocked` in a title is the general word, and `none` no severity.
    let mut severities = words()
        .filter(|word| !is_blocked(word) && !matches!(*word, "none" | "filter" | "drop"))
        .filter_map(Severity::from_word);
    match severities.next() {
        Some(first) if severities.all(|severity| severity == first) => Says::Severity(first),
        Some(_) => Says::Several,
        None if words().any(is_blocked) => Says::Blocked,
        None => Says::Nothing,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_title_says_what_its_words_say() {
        for (title, want) in [
            ("Blocked instances", Says::Blocked),
            ("Our fediblock list", Says::Blocked),
            ("Suspended servers", Says::Severity(Severity::Suspend)),
            ("Silenced (limited)", Says::Severity(Severity::Silence)),
            ("Silenced and suspended", Says::Several),
            ("Allowed instances", Says::Otherwise),
            ("Formerly blocked", Says::Otherwise),
            ("Not blocked", Says::Otherwise),
            ("Servers we do not talk to", Says::Nothing),
            ("Disallowed servers", Says::Nothing),
            ("What we don't allow", Says::Nothing),
            ("Instances", Says::Nothing),
            ("Urban planning", Says::Nothing),
        ] {
            assert_eq!(says(title), want, "{title:?}");
        }
    }

    #[test]
    fn headings_hold_until_one_of_their_level() {
        let mut headings = Headings::default();
        for (above, line, want) in [
            ("", "# Blocked servers", Says::Blocked),
            ("", "## A", Says::Blocked),
            ("", "### Silenced", Says::Severity(Severity::Silence)),
            ("", "## B", Says::Blocked),
            ("Exceptions", "-----", Says::Otherwise),
            ("Suspended", "=====", Says::Severity(Severity::Suspend)),
            ("", "-----", Says::Severity(Severity::Suspend)),
            ("", "#no-heading", Says::Severity(Severity::Suspend)),
        ] {
            headings.see(above, line);
            assert_eq!(headings.say(), want, "{above:?} {line:?}");
        }
    }
}

//! The cells of a row, and what is left of them without their ornaments.

use std::borrow::Cow;

use super::{Severity, decode};
use crate::domain::{Domain, Repair};

/// Signs of footnotes. `²` behind a name must go: read as a letter it is a `2`, and the
/// name another server's.
const MARKS: [char; 17] = [
    '\u{b9}', '\u{b2}', '\u{b3}', '\u{2070}', '\u{2074}', '\u{2075}', '\u{2076}', '\u{2077}',
    '\u{2078}', '\u{2079}', '\u{2020}', '\u{2021}', '\u{2022}', '\u{2460}', '\u{2461}', '\u{2462}',
    '\u{2463}',
];

/// How much of a cell is looked at for names: more than any name has, so that what is cut
/// off makes no other name of it.
const CELL: usize = 1024;

/// The cells of a line, trimmed. A `\|` is part of its cell.
pub(super) fn cells(line: &str) -> impl Iterator<Item = &str> {
    let line = line.trim();
    let line = line.strip_prefix('|').unwrap_or(line);
    let line = match line.strip_suffix('|') {
        Some(rest) if !rest.ends_with('\\') => rest,
        _ => line,
    };
    let mut escaped = false;
    line.split(move |c| {
        let ends = c == '|' && !escaped;
        escaped = c == '\\' && !escaped;
        ends
    })
    .map(str::trim)
}

/// The text of a cell, without what only makes it look different.
pub(super) fn name(cell: &str) -> String {
    let mut text = cell.trim();
    // Each round takes something away, and nobody wraps a name more often.
    for _ in 0..8 {
        let before = text;
        text = without_footnote(text);
        for mark in ["**", "__", "`", "_"] {
            text = unwrapped(text, mark).unwrap_or(text);
        }
        text = text.strip_prefix('<').and_then(|t| t.strip_suffix('>')).unwrap_or(text);
        text = link_text(text).unwrap_or(text);
        if text.len() == before.len() {
            break;
        }
    }
    unescaped(text).into_owned()
}

/// What is between two marks of emphasis. A single star is none here: it may stand for a
/// hidden letter or for any name.
fn unwrapped<'a>(text: &'a str, mark: &str) -> Option<&'a str> {
    let inner = text.strip_prefix(mark)?.strip_suffix(mark)?.trim();
    let edge = |c: Option<char>| c.is_some_and(|c| c != '*' && c != '.');
    (edge(inner.chars().next()) && edge(inner.chars().next_back())).then_some(inner)
}

/// `[name](address)` and `[name][label]`
fn link_text(text: &str) -> Option<&str> {
    let (name, target) = text.strip_prefix('[')?.split_once(']')?;
    let whole = (target.starts_with('(') && target.ends_with(')') && !target.contains(") "))
        || (target.starts_with('[') && target.ends_with(']') && target.len() > 2);
    (whole && !name.is_empty()).then(|| name.trim())
}

/// The text before a footnote's mark at its end: `²`, `[^1]`, `*[1]*`, `<sup>1</sup>`.
fn without_footnote(text: &str) -> &str {
    let text = text.trim_end_matches(MARKS).trim_end();
    for (open, close) in [("[^", "]"), ("*[", "]*"), ("<sup>", "</sup>")] {
        if let Some(body) = text.strip_suffix(close)
            && let Some((before, label)) = body.rsplit_once(open)
            && !before.trim().is_empty()
            && label.len() <= 20
            && !label.contains(['.', ' '])
        {
            return before.trim_end();
        }
    }
    text
}

/// `\*` is a star.
fn unescaped(text: &str) -> Cow<'_, str> {
    if !text.contains('\\') {
        return Cow::Borrowed(text);
    }
    let mut plain = String::with_capacity(text.len());
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        if c == '\\' && chars.peek().is_some_and(char::is_ascii_punctuation) {
            continue;
        }
        plain.push(c);
    }
    Cow::Owned(plain)
}

pub(super) fn is_struck_out(cell: &str) -> bool {
    let cell = cell.trim();
    cell.starts_with("~~") || cell.starts_with("<del>") || cell.starts_with("<s>")
}

/// The names in a cell. Several are taken apart where each is plainly a name and a comma or
/// a `<br>` stands between them: a page's table has a status for the row, and the row is
/// about all of them. A space alone may be a slip within one name, and of
/// `gab.example/.ai, dev.gab.example` nobody can say for certain what it stands for; such
/// a cell stays in one piece, and is rejected.
pub(super) fn names(cell: &str) -> Vec<String> {
    let cell = decode::clip(cell, CELL);
    let apart = apart(cell);
    if apart.len() > 1 && apart.iter().all(|name| is_plainly_a_name(name)) {
        return apart;
    }
    vec![name(cell)]
}

fn apart(cell: &str) -> Vec<String> {
    // Comparing and splitting at the same places needs a text of the same length.
    let small = cell.to_ascii_lowercase();
    let mut names = Vec::new();
    let mut at = 0;
    while let Some(start) = small[at..].find([',', '<']).map(|found| at + found) {
        let mark = ["<br>", "<br/>", "<br />", ","]
            .into_iter()
            .find(|mark| small[start..].starts_with(mark));
        // Something like `<https://…>`, which is a name's own.
        let Some(mark) = mark else { return Vec::new() };
        names.push(name(&cell[at..start]));
        at = start + mark.len();
    }
    names.push(name(&cell[at..]));
    // A comma at the end, or `,<br>`.
    names.retain(|name| !name.is_empty());
    names
}

fn is_plainly_a_name(name: &str) -> bool {
    Domain::parse(name)
        .is_ok_and(|parsed| parsed.repairs.iter().all(|repair| *repair == Repair::UpperCase))
}

/// What a cell says about the kind of block. Every word in it has to be known, and all
/// have to say the same: `not suspended` is no suspension.
pub(super) fn severity(cell: &str) -> Option<Severity> {
    let text = name(cell);
    let text = text.trim_matches('*');
    if let Some(severity) = Severity::from_word(text) {
        return Some(severity);
    }
    let apart = |c: char| c.is_whitespace() || matches!(c, ',' | '/' | '(' | ')' | '*');
    let words = text.split(apart).map(|word| word.trim_end_matches(MARKS));
    let mut found = None;
    for word in words.filter(|word| !word.is_empty()) {
        let severity = Severity::from_word(word)?;
        if *found.get_or_insert(severity) != severity {
            return None;
        }
    }
    found
}

/// A reason without the signs that point to footnotes, and with links as people see them.
pub(super) fn comment(cell: &str) -> String {
    let cell = decode::clip(cell, 8 * CELL);
    let mut plain = String::with_capacity(cell.len());
    let mut rest = cell;
    while let Some(at) = rest.find('[') {
        let (before, link) = rest.split_at(at);
        plain.push_str(before);
        // Labels and addresses are short; looking further would make many `[` slow.
        let near = decode::clip(link, 600);
        let taken = near.find(']').map_or(0, |close| {
            let label = &near[1..close];
            let after = &near[close + 1..];
            if label.starts_with('^') {
                close + 1
            } else if label.bytes().all(|b| b.is_ascii_digit())
                && plain.ends_with('*')
                && after.starts_with('*')
            {
                plain.pop();
                close + 2
            } else if let Some(end) = after.strip_prefix('(').and_then(|a| a.find(')')) {
                plain.push_str(label);
                close + 1 + end + 2
            } else {
                0
            }
        });
        if taken == 0 {
            plain.push('[');
            rest = &link[1..];
        } else {
            rest = &link[taken..];
        }
    }
    plain.push_str(rest);
    plain.retain(|c| !MARKS[..12].contains(&c));
    unescaped(&plain.replace("**", "").replace('`', "")).trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_taken_apart_at_its_bars() {
        for (line, want) in [
            ("| a | b |", &["a", "b"][..]),
            ("a|b", &["a", "b"]),
            (r"| a \| b | c \\| d |", &[r"a \| b", r"c \\", "d"]),
            ("| a | |", &["a", ""]),
            (r"| a \|", &[r"a \|"]),
        ] {
            assert_eq!(cells(line).collect::<Vec<_>>(), want, "{line:?}");
        }
    }

    #[test]
    fn ornaments_go_and_stars_of_a_name_stay() {
        for (cell, want) in [
            ("`bad.example`", "bad.example"),
            ("**bad.example**²", "bad.example"),
            ("_bad.example_ [^note]", "bad.example"),
            ("bad.example *[1]*", "bad.example"),
            ("[bad.example](https://elsewhere.example/(x))", "bad.example"),
            ("[`bad.example`][1]", "bad.example"),
            ("<https://bad.example>", "https://bad.example"),
            (r"ex\*\*\*le.example", "ex***le.example"),
            ("*.bad.example", "*.bad.example"),
            ("*ad.exampl*", "*ad.exampl*"),
            ("**.bad.example**", "**.bad.example**"),
            ("[^1]", "[^1]"),
            ("", ""),
        ] {
            assert_eq!(name(cell), want, "{cell:?}");
        }
    }

    #[test]
    fn several_names_are_taken_apart_only_where_that_is_plain() {
        for (cell, want) in [
            ("a.example, b.example", &["a.example", "b.example"][..]),
            ("`a.example`,<br>B.example²", &["a.example", "B.example"]),
            ("a.example<BR/>b.example", &["a.example", "b.example"]),
            ("a.example,", &["a.example,"]),
            ("a.example b.example", &["a.example b.example"]),
            ("gab.example/.ai, dev.gab.example", &["gab.example/.ai, dev.gab.example"]),
            ("a.example, and others", &["a.example, and others"]),
            ("a.example, *.b.example", &["a.example, *.b.example"]),
            ("a.example, co.uk", &["a.example, co.uk"]),
            ("u@a.example, b.example", &["u@a.example, b.example"]),
        ] {
            assert_eq!(names(cell), want, "{cell:?}");
        }
    }

    #[test]
    fn a_status_says_one_thing_or_nothing() {
        use Severity::{Silence, Suspend};
        for (cell, want) in [
            ("⛔", Some(Suspend)),
            ("⛔\u{fe0f} suspended²", Some(Suspend)),
            ("**Suspended**", Some(Suspend)),
            ("🔇 (limited)", Some(Silence)),
            ("*silenced*", Some(Silence)),
            ("not suspended", None),
            ("silenced, suspended", None),
            ("⛔🔇", None),
            ("✅", None),
            ("", None),
        ] {
            assert_eq!(severity(cell), want, "{cell:?}");
        }
    }

    #[test]
    fn reasons_are_kept_as_people_read_them() {
        for (cell, want) in [
            ("\"free speech\"², spam³", "\"free speech\", spam"),
            ("Doesn't [care](https://x.example/1), [at all](y)³", "Doesn't care, at all"),
            ("hate *[1]* and **more**[^2]", "hate  and more"),
            ("[sic] a [ b", "[sic] a [ b"),
            (r"a \| b", "a | b"),
        ] {
            assert_eq!(comment(cell), want, "{cell:?}");
        }
    }
}

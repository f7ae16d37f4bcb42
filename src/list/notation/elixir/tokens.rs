//! Just enough of the words of Elixir and Nix to tell texts, words and brackets apart.

use std::borrow::Cow;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Token<'a> {
    /// One-based.
    pub line: u32,
    pub kind: Kind<'a>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind<'a> {
    /// A name, an atom with its colon, a number.
    Word(&'a str),
    /// Between quotation marks, as it is written. It is not literal where the program puts
    /// something into it.
    Text { raw: &'a str, literal: bool },
    /// What stands in `~w(…)`.
    Words(&'a str),
    /// `=>`
    Arrow,
    /// Any other sign.
    Sign(char),
}

pub(super) struct Tokens<'a> {
    text: &'a str,
    at: usize,
    line: u32,
    /// Two single quotes begin a text in Nix, and are an empty one in Elixir.
    nix: bool,
    upcoming: Option<Token<'a>>,
}

impl<'a> Tokens<'a> {
    pub fn new(text: &'a str) -> Self {
        let elixir = ["config :pleroma", "import Config", "use Mix.Config", "%{"];
        let nix = !elixir.iter().any(|mark| text.contains(mark));
        let mut tokens = Tokens { text, at: 0, line: 1, nix, upcoming: None };
        tokens.upcoming = tokens.scan();
        tokens
    }

    pub fn peek(&self) -> Option<Token<'a>> {
        self.upcoming
    }

    pub fn next(&mut self) -> Option<Token<'a>> {
        let upcoming = self.scan();
        std::mem::replace(&mut self.upcoming, upcoming)
    }

    /// The line that the last token ends on.
    pub fn line(&self) -> u32 {
        self.line
    }

    fn rest(&self) -> &'a str {
        &self.text[self.at..]
    }

    /// Walks over so many bytes and counts the lines.
    fn skip(&mut self, bytes: usize) {
        let passed = &self.text.as_bytes()[self.at..self.at + bytes];
        // Reading and counting a piece once each keeps a long file quick.
        let ends: u32 = passed.iter().map(|byte| u32::from(*byte == b'\n')).sum();
        self.line = self.line.saturating_add(ends);
        self.at += bytes;
    }

    fn skip_space(&mut self) {
        loop {
            let rest = self.rest();
            let space = rest.len() - rest.trim_start().len();
            let comment = match &rest[space..] {
                body if body.starts_with('#') => body.find('\n').unwrap_or(body.len()),
                body if self.nix && body.starts_with("/*") => {
                    body.find("*/").map_or(body.len(), |end| end + 2)
                }
                _ => 0,
            };
            if space + comment == 0 {
                return;
            }
            self.skip(space + comment);
        }
    }

    fn scan(&mut self) -> Option<Token<'a>> {
        self.skip_space();
        let rest = self.rest();
        let first = rest.chars().next()?;
        let line = self.line;
        let (kind, length) = match first {
            '"' if rest.starts_with("\"\"\"") => quoted(rest, "\"\"\""),
            '"' => quoted(rest, "\""),
            '\'' if self.nix && rest.starts_with("''") => indented(rest),
            '\'' if !self.nix => quoted(rest, "'"),
            '~' => sigil(rest),
            '=' if rest.starts_with("=>") => (Kind::Arrow, 2),
            // An atom; a colon before a space belongs to the word before it.
            ':' if rest[1..].starts_with(is_word_start) => {
                let length = 1 + word_length(&rest[1..]);
                (Kind::Word(&rest[..length]), length)
            }
            first if is_word_start(first) => {
                let length = word_length(rest);
                (Kind::Word(&rest[..length]), length)
            }
            sign => (Kind::Sign(sign), sign.len_utf8()),
        };
        self.skip(length);
        Some(Token { line, kind })
    }
}

fn is_word_start(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

/// Names of modules keep their dots: `Pleroma.Web.Endpoint` is one word.
fn word_length(text: &str) -> usize {
    let module = text.starts_with(|c: char| c.is_ascii_uppercase());
    let inside = |c: char| {
        c.is_alphanumeric() || matches!(c, '_' | '-' | '\'' | '?' | '!') || (module && c == '.')
    };
    text.find(|c| !inside(c)).unwrap_or(text.len())
}

/// A text between two marks in which a backslash hides the next character.
fn quoted<'a>(rest: &'a str, mark: &str) -> (Kind<'a>, usize) {
    let bytes = rest.as_bytes();
    let (start, mut at) = (mark.len(), mark.len());
    while at < bytes.len() && !bytes[at..].starts_with(mark.as_bytes()) {
        at += if bytes[at] == b'\\' { 2 } else { 1 };
    }
    let end = rest.floor_char_boundary(at.min(rest.len()));
    (text_kind(&rest[start..end]), (end + mark.len()).min(rest.len()))
}

/// Nix's `''…''`, in which `'''` and `''$` and `''\` do not end it.
fn indented(rest: &str) -> (Kind<'_>, usize) {
    let bytes = rest.as_bytes();
    let mut at = 2;
    while at < bytes.len() {
        if bytes[at..].starts_with(b"''") {
            if !matches!(bytes.get(at + 2), Some(b'\'' | b'$' | b'\\')) {
                return (text_kind(&rest[2..at]), at + 2);
            }
            at += 3;
        } else {
            at += 1;
        }
    }
    (text_kind(&rest[2..]), rest.len())
}

fn text_kind(raw: &str) -> Kind<'_> {
    Kind::Text { raw, literal: !(raw.contains("#{") || raw.contains("${")) }
}

/// `~w(a b)` and its like; other sigils are dates and patterns.
fn sigil(rest: &str) -> (Kind<'_>, usize) {
    let mut chars = rest.char_indices().skip(1);
    let (Some((_, name)), Some((open_at, open))) = (chars.next(), chars.next()) else {
        return (Kind::Sign('~'), 1);
    };
    let close = match open {
        '(' => ')',
        '[' => ']',
        '{' => '}',
        '<' => '>',
        '|' | '/' | '"' | '\'' => open,
        _ => return (Kind::Sign('~'), 1),
    };
    let start = open_at + open.len_utf8();
    let end = rest[start..].find(close).map_or(rest.len(), |end| start + end);
    let inner = &rest[start..end];
    let length = (end + close.len_utf8()).min(rest.len());
    match name {
        'w' | 'W' => (Kind::Words(inner), length),
        _ => (Kind::Text { raw: inner, literal: false }, length),
    }
}

/// What a text says: without the backslashes that hide a character.
pub(super) fn text(raw: &str) -> Cow<'_, str> {
    if !raw.contains('\\') {
        return Cow::Borrowed(raw.trim());
    }
    let mut plain = String::with_capacity(raw.len());
    let mut chars = raw.chars();
    while let Some(c) = chars.next() {
        match c {
            '\\' => match chars.next() {
                Some('n') => plain.push('\n'),
                Some('t') => plain.push('\t'),
                Some(other) => plain.push(other),
                None => {}
            },
            other => plain.push(other),
        }
    }
    Cow::Owned(plain.trim().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kinds(text: &str) -> Vec<Kind<'_>> {
        let mut tokens = Tokens::new(text);
        std::iter::from_fn(|| tokens.next()).map(|token| token.kind).collect()
    }

    fn literal(raw: &str) -> Kind<'_> {
        Kind::Text { raw, literal: true }
    }

    #[test]
    fn words_texts_and_signs_are_told_apart() {
        use Kind::{Arrow, Sign, Word};
        assert_eq!(
            kinds("reject: [\"a\\\"b\", {'c', :d}] # \"x\"\n%{\"e\" => 1}"),
            [
                Word("reject"),
                Sign(':'),
                Sign('['),
                literal("a\\\"b"),
                Sign(','),
                Sign('{'),
                literal("c"),
                Sign(','),
                Word(":d"),
                Sign('}'),
                Sign(']'),
                Sign('%'),
                Sign('{'),
                literal("e"),
                Arrow,
                Word("1"),
                Sign('}'),
            ]
        );
        assert_eq!(
            kinds("/* \"no\" */ a-b' = ''x '' # y\n'''z''; ''a'''b''"),
            [Word("a-b'"), Sign('='), literal("x "), literal("'z"), Sign(';'), literal("a'''b"),]
        );
        assert_eq!(
            kinds("use Mix.Config ~w(a b) ~r/x/ \"#{y}\""),
            [
                Word("use"),
                Word("Mix.Config"),
                Kind::Words("a b"),
                Kind::Text { raw: "x", literal: false },
                Kind::Text { raw: "#{y}", literal: false },
            ]
        );
    }

    #[test]
    fn what_is_not_closed_ends_with_the_text() {
        for text in ["\"a", "\"a\\", "''a", "~w(a", "~", "/* a", "\"é\\é", "'é"] {
            assert!(kinds(text).len() <= 3, "{text:?}");
        }
        assert_eq!(text("a\\\"b\\n"), "a\"b");
    }

    #[test]
    fn lines_are_counted_within_texts_too() {
        let mut tokens = Tokens::new("''a\nb'' # c\n[ \"d\n\" e");
        let lines: Vec<u32> =
            std::iter::from_fn(|| tokens.next()).map(|token| token.line).collect();
        assert_eq!(lines, [1, 3, 3, 4]);
    }
}

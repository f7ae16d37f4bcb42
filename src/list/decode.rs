//! From bytes to text, and from text to lines.

use std::borrow::Cow;

use super::error::{NotText, ReadError};

/// The text of a source.
pub(super) struct Source<'a> {
    pub text: Cow<'a, str>,
    /// The bytes were not UTF-8 and were read as windows-1252, which always "works".
    /// Good enough for comments; a name with such a letter may be another server.
    pub guessed: bool,
}

pub(super) fn text(bytes: &[u8]) -> Result<Source<'_>, ReadError> {
    if bytes.starts_with(&[0xff, 0xfe]) || bytes.starts_with(&[0xfe, 0xff]) {
        return Err(ReadError::NotText(NotText::Utf16));
    }
    if bytes.starts_with(b"PK\x03\x04") {
        return Err(ReadError::NotText(NotText::Zip));
    }
    if bytes.starts_with(&[0x1f, 0x8b]) {
        return Err(ReadError::NotText(NotText::Gzip));
    }
    if bytes.contains(&0) {
        return Err(ReadError::NotText(NotText::Binary));
    }
    let body = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let source = match std::str::from_utf8(body) {
        Ok(text) => Source { text: Cow::Borrowed(text), guessed: false },
        Err(_) => Source { text: Cow::Owned(windows_1252(body)), guessed: true },
    };
    if source.text.trim().is_empty() {
        return Err(ReadError::Empty);
    }
    Ok(source)
}

/// What windows-1252 has where Latin-1 has control characters. The five bytes that it
/// leaves open stay control characters, as browsers have it.
const HIGH_CONTROLS: [char; 32] = [
    '€', '\u{81}', '‚', 'ƒ', '„', '…', '†', '‡', 'ˆ', '‰', 'Š', '‹', 'Œ', '\u{8d}', 'Ž', '\u{8f}',
    '\u{90}', '‘', '’', '“', '”', '•', '–', '—', '˜', '™', 'š', '›', 'œ', '\u{9d}', 'ž', 'Ÿ',
];

fn windows_1252(bytes: &[u8]) -> String {
    let letter = |byte: &u8| match byte {
        0x80..=0x9f => HIGH_CONTROLS[usize::from(byte - 0x80)],
        _ => char::from(*byte),
    };
    bytes.iter().map(letter).collect()
}

/// At most the first `limit` bytes.
pub(super) fn clip(text: &str, limit: usize) -> &str {
    &text[..text.floor_char_boundary(limit)]
}

/// What ends lines: some old spreadsheets use a bare carriage return.
pub(super) fn line_end(text: &str) -> u8 {
    if text.contains('\n') { b'\n' } else { b'\r' }
}

/// About how many lines there are, judged by the first ones: growing a table of many rows
/// step by step takes longer than reading them.
pub(super) fn estimate_lines(text: &str) -> usize {
    let start = clip(text, 8 * 1024);
    let lines = start.matches(char::from(line_end(start))).count().max(1);
    text.len() / (start.len() / lines).max(1)
}

/// One line, without what ends it.
pub(super) struct Line<'a> {
    /// One-based.
    pub number: u32,
    pub text: &'a str,
    /// Where the next line begins, in bytes.
    pub next: usize,
}

pub(super) fn lines(text: &str) -> impl Iterator<Item = Line<'_>> {
    let (mut next, mut number) = (0, 0u32);
    text.split_inclusive(char::from(line_end(text))).map(move |line| {
        next += line.len();
        number = number.saturating_add(1);
        Line { number, text: line.trim_end_matches(['\r', '\n']), next }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decoded(bytes: &[u8]) -> (String, bool) {
        let source = text(bytes).unwrap();
        (source.text.into_owned(), source.guessed)
    }

    #[test]
    fn text_is_utf_8_or_else_windows_1252() {
        assert_eq!(decoded("\u{feff}é".as_bytes()), ("é".into(), false));
        assert_eq!(decoded(b"\x93caf\xe9\x94 \x80 \x81"), ("“café” € \u{81}".into(), true));
    }

    #[test]
    fn what_is_not_text_is_named() {
        let refused = |bytes: &[u8]| text(bytes).err();
        assert_eq!(refused(b""), Some(ReadError::Empty));
        assert_eq!(refused(b"\xef\xbb\xbf \r\n\t\n"), Some(ReadError::Empty));
        for (bytes, what) in [
            (&b"\xff\xfea\0"[..], NotText::Utf16),
            (b"\xfe\xff\0a", NotText::Utf16),
            (b"PK\x03\x04...", NotText::Zip),
            (b"\x1f\x8b\x08", NotText::Gzip),
            (b"a\0b", NotText::Binary),
        ] {
            assert_eq!(refused(bytes), Some(ReadError::NotText(what)), "{bytes:?}");
        }
    }

    #[test]
    fn lines_are_numbered_whatever_ends_them() {
        for (text, want) in [
            ("a\n\nb", &[(1, "a"), (2, ""), (3, "b")][..]),
            ("a\r\nb\r\n", &[(1, "a"), (2, "b")]),
            ("a\rb\r", &[(1, "a"), (2, "b")]),
        ] {
            let got: Vec<_> = lines(text).map(|l| (l.number, l.text)).collect();
            assert_eq!(got, want, "{text:?}");
            assert_eq!(lines(text).last().unwrap().next, text.len());
        }
    }
}

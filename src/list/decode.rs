//! From bytes to text, and from text to lines.

use std::borrow::Cow;

use encoding_rs::{Encoding, UTF_16BE, UTF_16LE};

use super::error::{NotText, ReadError};

/// The text of a source.
pub(super) struct Source<'a> {
    pub text: Cow<'a, str>,
    /// The bytes were not UTF-8 and were read as windows-1252, which always "works".
    /// Good enough for comments; a name with such a letter may be another server.
    pub guessed: bool,
}

pub(super) fn text(bytes: &[u8]) -> Result<Source<'_>, ReadError> {
    if bytes.starts_with(b"PK\x03\x04") {
        return Err(ReadError::NotText(NotText::Zip));
    }
    if bytes.starts_with(&[0x1f, 0x8b]) {
        return Err(ReadError::NotText(NotText::Gzip));
    }
    let source = match utf_16(bytes) {
        Some(encoding) => {
            refuse_large(bytes)?;
            // The mark at the beginning of the text, if there is one, goes.
            let text = encoding.decode_with_bom_removal(bytes).0;
            Source { text: Cow::Owned(text.into_owned()), guessed: false }
        }
        None => eight_bit(bytes)?,
    };
    if clip(&source.text, BEGINNING).contains('\0') {
        return Err(ReadError::NotText(NotText::Binary));
    }
    if source.text.trim().is_empty() {
        return Err(ReadError::Empty);
    }
    Ok(source)
}

/// As much of a file as tells whether it is text; further on, a zero only spoils its row.
const BEGINNING: usize = 64 * 1024;

fn eight_bit(bytes: &[u8]) -> Result<Source<'_>, ReadError> {
    let body = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    if let Ok(text) = std::str::from_utf8(body) {
        return Ok(Source { text: Cow::Borrowed(text), guessed: false });
    }
    refuse_large(bytes)?;
    let text = encoding_rs::WINDOWS_1252.decode_without_bom_handling(body).0;
    Ok(Source { text: Cow::Owned(text.into_owned()), guessed: true })
}

/// What has to be written anew as UTF-8 takes up to three times its room.
const FOREIGN_LIMIT: usize = 16 << 20;

fn refuse_large(bytes: &[u8]) -> Result<(), ReadError> {
    if bytes.len() > FOREIGN_LIMIT {
        return Err(ReadError::NotText(NotText::Foreign));
    }
    Ok(())
}

/// Spreadsheets save "Unicode text" as UTF-16, with a mark at the beginning; some tools
/// cut the mark off, and then every second byte of a list is zero.
fn utf_16(bytes: &[u8]) -> Option<&'static Encoding> {
    match bytes {
        [0xff, 0xfe, ..] => return Some(UTF_16LE),
        [0xfe, 0xff, ..] => return Some(UTF_16BE),
        _ => {}
    }
    let start = &bytes[..bytes.len().min(512)];
    let zeros = |from: usize| start.iter().skip(from).step_by(2).filter(|b| **b == 0).count();
    let (even, odd) = (zeros(0), zeros(1));
    let most = start.len() / 2 * 3 / 4;
    if start.len() < 4 {
        None
    } else if odd >= most && even == 0 {
        Some(UTF_16LE)
    } else if even >= most && odd == 0 {
        Some(UTF_16BE)
    } else {
        None
    }
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
    let (end, bytes) = (line_end(text), text.as_bytes());
    let (mut next, mut number) = (0, 0u32);
    std::iter::from_fn(move || {
        let start = next;
        if start == bytes.len() {
            return None;
        }
        next = memchr::memchr(end, &bytes[start..]).map_or(bytes.len(), |at| start + at + 1);
        number = number.saturating_add(1);
        let mut stop = next;
        while stop > start && matches!(bytes[stop - 1], b'\r' | b'\n') {
            stop -= 1;
        }
        Some(Line { number, text: &text[start..stop], next })
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
    fn text_is_utf_8_or_utf_16_or_else_windows_1252() {
        assert_eq!(decoded("\u{feff}é".as_bytes()), ("é".into(), false));
        for text in ["\u{feff}domain,é\nx.example", "domain\nx.example"] {
            let big: Vec<u8> = text.encode_utf16().flat_map(u16::to_be_bytes).collect();
            let little: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
            let want = text.trim_start_matches('\u{feff}').to_owned();
            assert_eq!(decoded(&big), (want.clone(), false));
            assert_eq!(decoded(&little), (want, false));
        }
        assert_eq!(decoded(b"\x93caf\xe9\x94 \x80 \x81"), ("“café” € \u{81}".into(), true));
    }

    #[test]
    fn what_is_not_text_is_named() {
        let refused = |bytes: &[u8]| text(bytes).err();
        assert_eq!(refused(b""), Some(ReadError::Empty));
        assert_eq!(refused(b"\xef\xbb\xbf \r\n\t\n"), Some(ReadError::Empty));
        for (bytes, what) in [
            (&b"PK\x03\x04..."[..], NotText::Zip),
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

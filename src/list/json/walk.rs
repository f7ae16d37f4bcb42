//! Walks through JSON piece by piece.
//!
//! The text was checked from end to end before, so pieces of it can be cut out without a
//! second thought: a [`Piece`] is one value as it stands in the text. Nothing is built
//! that is larger than one entry, and nothing here calls itself, however deep a hostile
//! document is nested.

use std::borrow::Cow;

use serde_json::Deserializer;
use serde_json::value::RawValue;

/// One value, as it is written.
pub(super) type Piece<'a> = &'a RawValue;

/// The most members that an entry or a document may have of its own: ten times as many as
/// any server's settings.
const MOST_MEMBERS: usize = 2000;

/// The elements of an array, and none of anything else.
pub(super) fn elements(list: Piece<'_>) -> impl Iterator<Item = Piece<'_>> {
    let mut rest = Rest::inside(list, '[');
    std::iter::from_fn(move || rest.piece())
}

/// The members of an object with their names, and none of anything else.
pub(super) fn members(object: Piece<'_>) -> impl Iterator<Item = (Cow<'_, str>, Piece<'_>)> {
    let mut rest = Rest::inside(object, '{');
    std::iter::from_fn(move || Some((text(rest.piece()?), rest.piece()?)))
}

/// What is left of an array or an object.
struct Rest<'a>(&'a str);

impl<'a> Rest<'a> {
    fn inside(piece: Piece<'a>, bracket: char) -> Self {
        Rest(piece.get().strip_prefix(bracket).unwrap_or_default())
    }

    fn piece(&mut self) -> Option<Piece<'a>> {
        let rest = self.0.trim_start_matches([' ', '\t', '\r', '\n', ',', ':']);
        if rest.starts_with([']', '}']) {
            return None;
        }
        let mut pieces = Deserializer::from_str(rest).into_iter();
        let piece = pieces.next()?.ok()?;
        self.0 = rest.get(pieces.byte_offset()..)?;
        Some(piece)
    }
}

pub(super) fn is_list(piece: Piece<'_>) -> bool {
    piece.get().starts_with('[')
}

pub(super) fn is_object(piece: Piece<'_>) -> bool {
    piece.get().starts_with('{')
}

pub(super) fn is_text(piece: Piece<'_>) -> bool {
    piece.get().starts_with('"')
}

/// The member at the end of a path of names, if it is there and is not `null`.
pub(super) fn at<'a>(piece: Piece<'a>, path: &[&str]) -> Option<Piece<'a>> {
    path.iter().try_fold(piece, |piece, name| {
        let found = members(piece).filter(|(key, _)| key == name).last();
        found.map(|(_, piece)| piece).filter(|piece| piece.get() != "null")
    })
}

/// What a value says: a string's text, a number or a truth value as written, the strings
/// in an array with commas between them, and nothing for `null` and objects.
pub(super) fn text(piece: Piece<'_>) -> Cow<'_, str> {
    let raw = piece.get();
    match raw.as_bytes().first() {
        Some(b'"') => string(raw),
        Some(b'[') => {
            let parts = elements(piece).filter(|part| is_text(part)).map(|part| string(part.get()));
            let parts: Vec<_> = parts.filter(|part| !part.trim().is_empty()).collect();
            Cow::Owned(parts.join(", "))
        }
        Some(b'{' | b'n') | None => Cow::Borrowed(""),
        Some(_) => Cow::Borrowed(raw),
    }
}

fn string(raw: &str) -> Cow<'_, str> {
    let inside = raw.get(1..raw.len().saturating_sub(1)).unwrap_or_default();
    if inside.contains('\\') {
        // Half of a surrogate pair is no text; the raw form then makes no name either.
        serde_json::from_str(raw).map_or(Cow::Borrowed(inside), Cow::Owned)
    } else {
        Cow::Borrowed(inside)
    }
}

/// An entry: an object with its members, or a bare string.
#[derive(Default)]
pub(super) struct Item<'a> {
    bare: Option<Piece<'a>>,
    members: Vec<(Cow<'a, str>, Piece<'a>)>,
}

impl<'a> Item<'a> {
    /// `None` for what is neither, and for objects that are too large to be an entry.
    pub fn of(piece: Piece<'a>) -> Option<Self> {
        if is_text(piece) {
            return Some(Item { bare: Some(piece), members: Vec::new() });
        }
        let members: Vec<_> = members(piece).take(MOST_MEMBERS + 1).collect();
        (is_object(piece) && members.len() <= MOST_MEMBERS).then_some(Item { bare: None, members })
    }

    pub fn is_bare(&self) -> bool {
        self.bare.is_some()
    }

    /// Whether there is such a member, be it `null`.
    pub fn has(&self, name: &str) -> bool {
        self.members.iter().any(|(key, _)| key == name)
    }

    pub fn has_any(&self, names: &[&str]) -> bool {
        names.iter().any(|name| self.has(name))
    }

    /// The member, unless it is `null`. Of two with one name the last counts, as in most
    /// programs.
    pub fn get(&self, name: &str) -> Option<Piece<'a>> {
        let found = self.members.iter().rfind(|(key, _)| key == name);
        found.map(|(_, piece)| *piece).filter(|piece| piece.get() != "null")
    }

    pub fn text(&self, name: &str) -> Cow<'a, str> {
        self.get(name).map_or(Cow::Borrowed(""), text)
    }

    /// The name of a server: the string itself, or the member's. What is not a string is
    /// given as it is written, which is no name.
    pub fn name(&self, member: &str) -> Cow<'a, str> {
        match self.bare.or_else(|| self.get(member)) {
            Some(piece) if is_text(piece) => text(piece),
            Some(piece) => Cow::Borrowed(piece.get()),
            None => Cow::Borrowed(""),
        }
    }

    /// Whether the member is `true`.
    pub fn is(&self, name: &str) -> bool {
        self.get(name).is_some_and(|piece| piece.get() == "true")
    }
}

/// A comment and the tags beside it.
pub(super) fn with_tags<'a>(comment: Cow<'a, str>, tags: Cow<'a, str>) -> Cow<'a, str> {
    match (comment.trim().is_empty(), tags.is_empty()) {
        (_, true) => comment,
        (true, false) => tags,
        (false, false) => Cow::Owned(format!("{} ({tags})", comment.trim())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn piece(json: &str) -> Piece<'_> {
        serde_json::from_str(json).unwrap()
    }

    #[test]
    fn pieces_are_cut_out_as_they_are_written() {
        let raw = |list| elements(piece(list)).map(RawValue::get).collect::<Vec<_>>();
        let list = "[ 1,-2.5e3 ,\n\"a,]\\\"b\",null,[1,[2]],{\"x\":{}} ,true]";
        let want = ["1", "-2.5e3", "\"a,]\\\"b\"", "null", "[1,[2]]", "{\"x\":{}}", "true"];
        assert_eq!(raw(list), want);
        for none in ["[]", "[ ]", "{\"a\":1}", "\"[1]\"", "7"] {
            assert_eq!(raw(none), [""; 0], "{none}");
        }
        let object = piece("{\"a\" : [1] ,\"\\u0062\":\"x\"}");
        let found: Vec<_> = members(object).map(|(name, piece)| (name, piece.get())).collect();
        assert_eq!(found, [("a".into(), "[1]"), ("b".into(), "\"x\"")]);
    }

    #[test]
    fn texts_are_what_a_value_says() {
        for (json, want) in [
            (r#""a\u00e9\n""#, "aé\n"),
            (r#""\ud800""#, r"\ud800"),
            ("12", "12"),
            ("false", "false"),
            ("null", ""),
            ("{\"a\":\"b\"}", ""),
            (r#"["a", null, "", [["x"]], "b"]"#, "a, b"),
        ] {
            assert_eq!(text(piece(json)), want, "{json}");
        }
    }

    #[test]
    fn what_is_not_a_string_is_no_name() {
        let item = Item::of(piece(r#"{"a":["x.example"],"b":null,"c":"1","c":"2"}"#)).unwrap();
        assert_eq!(item.name("a"), "[\"x.example\"]");
        assert!(item.has("b") && item.get("b").is_none());
        assert_eq!(item.text("c"), "2");
        assert!(Item::of(piece("[]")).is_none() && Item::of(piece("3")).is_none());
        let wide: String = (0..3000).map(|n| format!("\"{n}\":0,")).collect();
        assert!(Item::of(piece(&format!("{{{wide}\"a\":1}}"))).is_none());
    }

    #[test]
    fn depth_is_no_danger() {
        let deep = format!("{}{}", "[".repeat(200_000), "]".repeat(200_000));
        assert_eq!(text(piece(&deep)), "");
        assert_eq!(elements(piece(&deep)).count(), 1);
        let deep = format!("{}1{}", "{\"a\":".repeat(100_000), "}".repeat(100_000));
        assert!(at(piece(&deep), &["a", "a", "a"]).is_some());
    }
}

//! Names of servers.
//!
//! A [`Domain`] is what may be compared, stored and sent: lower-case ASCII, IDNs
//! as punycode, no trailing dot, no port. There are two ways in, for two kinds of
//! trust:
//!
//! * [`Domain::parse`] for what people and lists write. It repairs what has one
//!   meaning only, says what it repaired, and refuses the rest with a [`Refusal`].
//!   What it returns may become a block.
//! * [`Domain::from_stored`] for what a server says it has stored. It repairs
//!   nothing and judges nothing: an admin may well have blocked a bare TLD by hand,
//!   and a backup has to be able to hold that.
//!
//! Mastodon normalises with IDNA 2003, this module with UTS 46 (non-transitional).
//! ASCII passes both unchanged, so what is sent is never ambiguous; the names that
//! the two read differently are marked [`Repair::IdnDeviation`].

use std::fmt;

use compact_str::CompactString;
use idna::uts46::{AsciiDenyList, DnsLength, Hyphens, Uts46};
use serde::{Deserialize, Serialize};

/// A host name in canonical form. See the module for what that means.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, utoipa::ToSchema)]
#[serde(transparent)]
#[schema(value_type = String, example = "bad.example", max_length = 253)]
pub struct Domain(CompactString);

/// Names longer than this never fit into the DNS; Mastodon draws its line at 256.
const MAX_LENGTH: usize = 253;
const MAX_LABEL: usize = 63;
/// Nothing that is written in so many bytes is a name, however it is repaired.
const LONGEST_READ: usize = 16 * 1024;

impl Domain {
    /// Reads a name as a person or a list wrote it.
    #[inline]
    pub fn parse(raw: &str) -> Result<Parsed, Refusal> {
        if is_plain(raw) {
            return Parsed::checked(Domain(raw.into()), Vec::new(), false);
        }
        parse_untidy(raw)
    }

    /// Reads a name that needs no repair and no warning, as nearly all do; nothing for any
    /// other.
    #[inline]
    pub(crate) fn parse_plain(raw: &str) -> Option<Domain> {
        if !is_plain(raw) {
            return None;
        }
        let domain = Domain(raw.into());
        matches!(suffix_kind(&domain), Suffix::No).then_some(domain)
    }

    /// Takes a name that a server has stored, if it is in canonical form already.
    ///
    /// Servers before Mastodon 4.3 stored nearly any string (`*.example.com`,
    /// `example.com:443`); such a row matches nothing and has no `Domain`.
    pub fn from_stored(stored: &str) -> Option<Domain> {
        let ok = !stored.is_empty()
            && stored.len() <= MAX_LENGTH
            && stored
                .split('.')
                .all(|label| (1..=MAX_LABEL).contains(&label.len()) && label.bytes().all(is_ldh));
        ok.then(|| Domain(stored.into()))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The domains above this one, nearest first: `b.c`, `c` for `a.b.c`.
    pub fn parents(&self) -> impl Iterator<Item = &str> {
        let mut rest = self.as_str();
        std::iter::from_fn(move || {
            rest = rest.split_once('.')?.1;
            Some(rest)
        })
    }

    /// True for `a.b.c` below `b.c`, and never for a name and itself.
    pub fn is_below(&self, parent: &Domain) -> bool {
        self.as_str().strip_suffix(parent.as_str()).is_some_and(|head| head.ends_with('.'))
    }

    /// The name as people read it: punycode turned back into Unicode.
    pub fn unicode(&self) -> String {
        let (name, result) = idna::domain_to_unicode(self.as_str());
        if result.is_ok() { name } else { self.0.to_string() }
    }
}

impl fmt::Display for Domain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl fmt::Debug for Domain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self.as_str(), f)
    }
}

impl AsRef<str> for Domain {
    fn as_ref(&self) -> &str {
        self.as_str()
    }
}

impl std::borrow::Borrow<str> for Domain {
    fn borrow(&self) -> &str {
        self.as_str()
    }
}

impl<'de> Deserialize<'de> for Domain {
    /// Plans and backups hold canonical names; anything else means a damaged file.
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = CompactString::deserialize(deserializer)?;
        Domain::from_stored(&text)
            .ok_or_else(|| serde::de::Error::custom(format!("{text:?} is not a canonical domain")))
    }
}

/// A name that was read, and what had to be done to read it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parsed {
    pub domain: Domain,
    pub repairs: Vec<Repair>,
    /// Written as `*.name` or `.name`: the writer meant the subdomains too.
    pub covers_subdomains: bool,
    /// The name is one under which strangers register (`repl.co`): a block hits all of them.
    pub private_suffix: bool,
}

impl Parsed {
    /// What [`Domain::parse_plain`] has read.
    #[inline]
    pub(crate) fn plain(domain: Domain) -> Self {
        let (repairs, covers_subdomains, private_suffix) = (Vec::new(), false, false);
        Parsed { domain, repairs, covers_subdomains, private_suffix }
    }

    #[inline]
    fn checked(domain: Domain, repairs: Vec<Repair>, covers: bool) -> Result<Self, Refusal> {
        let private_suffix = match suffix_kind(&domain) {
            Suffix::No => false,
            Suffix::Private => true,
            Suffix::Icann => return Err(Refusal::PublicSuffix(domain.0.to_string())),
        };
        Ok(Parsed { domain, repairs, covers_subdomains: covers, private_suffix })
    }
}

/// Something that was put right because it could mean one thing only.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Repair {
    UpperCase,
    Whitespace,
    Quotes,
    Scheme,
    TrailingSlash,
    TrailingDot,
    LeadingDot,
    Wildcard,
    Defanged,
    /// Characters that cannot be seen, as their code points.
    Invisible(Vec<char>),
    /// Unicode written as punycode.
    Idn,
    /// As [`Repair::Idn`], and Mastodon would read the Unicode form as another name.
    IdnDeviation,
}

impl fmt::Display for Repair {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Repair::UpperCase => f.write_str("written in lower case"),
            Repair::Whitespace => f.write_str("spaces removed"),
            Repair::Quotes => f.write_str("quotes removed"),
            Repair::Scheme => f.write_str("the leading http:// or https:// removed"),
            Repair::TrailingSlash => f.write_str("the trailing slash removed"),
            Repair::TrailingDot => f.write_str("the trailing dot removed"),
            Repair::LeadingDot => f.write_str("the leading dot removed"),
            Repair::Wildcard => f.write_str("the leading *. removed"),
            Repair::Defanged => f.write_str("[.] or hxxp turned back"),
            Repair::Invisible(chars) => {
                f.write_str("invisible characters removed:")?;
                chars.iter().try_for_each(|c| write!(f, " U+{:04X}", u32::from(*c)))
            }
            Repair::Idn => f.write_str("written as punycode"),
            Repair::IdnDeviation => f.write_str(
                "written as punycode; Mastodon reads this spelling as another name, so check it",
            ),
        }
    }
}

/// Why a name never becomes a block.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    #[error("no domain given")]
    Empty,
    #[error("this is an account, not a server; a domain block would hit everyone on that server")]
    Handle,
    #[error("an IP address; servers are known by their domain")]
    IpAddress,
    #[error("has a port; a block covers a whole host")]
    Port,
    #[error("has a path; a block covers a whole host")]
    Path,
    #[error("more than one name in one place; give each a line of its own")]
    SeveralNames,
    #[error("obfuscated: parts of the name are hidden behind * or ?")]
    Obfuscated,
    #[error("a pattern that a domain block cannot express")]
    Wildcard,
    #[error("a single label such as a top-level domain; a block could cover a whole country")]
    SingleLabel,
    #[error("{0} is a public suffix: unrelated people register names below it")]
    PublicSuffix(String),
    #[error("contains {0:?}, which no domain has")]
    InvalidCharacter(char),
    #[error("two dots in a row, or a label longer than 63 characters")]
    BadLabel,
    #[error("longer than a domain can be")]
    TooLong,
    #[error("not a valid internationalised name")]
    BadIdn,
}

enum Suffix {
    No,
    Private,
    Icann,
}

fn suffix_kind(domain: &Domain) -> Suffix {
    let name = domain.as_str().as_bytes();
    match psl::suffix(name) {
        // A suffix of the same length is the name.
        Some(suffix) if suffix.as_bytes().len() == name.len() => match suffix.typ() {
            Some(psl::Type::Private) => Suffix::Private,
            _ => Suffix::Icann,
        },
        _ => Suffix::No,
    }
}

const fn is_ldh(byte: u8) -> bool {
    matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-')
}

/// Whether the name is canonical, has two labels or more, and needs no IDNA check.
/// Nearly every row of every list passes here, in one walk over its bytes.
#[inline]
fn is_plain(raw: &str) -> bool {
    if raw.len() > MAX_LENGTH {
        return false;
    }
    let (mut start, mut dots, mut digits) = (0, 0usize, true);
    let bytes = raw.as_bytes();
    for (at, byte) in bytes.iter().enumerate() {
        match byte {
            b'a'..=b'z' | b'-' => digits = false,
            b'0'..=b'9' => {}
            b'.' if is_plain_label(&bytes[start..at]) => {
                (start, dots, digits) = (at + 1, dots + 1, true);
            }
            _ => return false,
        }
    }
    // A name that ends in a number is an IP address or nothing.
    dots > 0 && !digits && is_plain_label(&bytes[start..])
}

/// `xn--` has to be decodable, and that is checked off the quick path.
fn is_plain_label(label: &[u8]) -> bool {
    (1..=MAX_LABEL).contains(&label.len()) && !label.starts_with(b"xn--")
}

fn parse_untidy(raw: &str) -> Result<Parsed, Refusal> {
    if raw.len() > LONGEST_READ {
        return Err(Refusal::TooLong);
    }
    let mut repairs = Vec::new();
    let mut covers = false;

    let mut hidden = Vec::new();
    let visible: String = raw
        .chars()
        .filter(|c| {
            let gone = is_invisible(*c);
            if gone {
                hidden.push(*c);
            }
            !gone
        })
        .collect();
    let mut name = visible.trim();
    if name.len() != visible.len() {
        repairs.push(Repair::Whitespace);
    }
    if !hidden.is_empty() {
        repairs.push(Repair::Invisible(hidden));
    }
    for quote in ['"', '\'', '`'] {
        if let Some(inner) = name.strip_prefix(quote).and_then(|n| n.strip_suffix(quote)) {
            name = inner.trim();
            repairs.push(Repair::Quotes);
        }
    }
    if name.is_empty() {
        return Err(Refusal::Empty);
    }

    let refanged;
    if name.contains("[.]") || starts_with_ignoring_case(name, "hxxp") {
        let dotted = name.replace("[.]", ".");
        refanged = if starts_with_ignoring_case(&dotted, "hxxp") {
            format!("http{}", &dotted[4..])
        } else {
            dotted
        };
        name = &refanged;
        repairs.push(Repair::Defanged);
    }
    for scheme in ["https://", "http://"] {
        if starts_with_ignoring_case(name, scheme) {
            name = &name[scheme.len()..];
            repairs.push(Repair::Scheme);
            break;
        }
    }
    if let Some(rest) = name.strip_suffix('/') {
        name = rest;
        repairs.push(Repair::TrailingSlash);
    }

    refuse_other_things(name)?;

    if let Some(rest) = name.strip_prefix("*.") {
        name = rest;
        covers = true;
        repairs.push(Repair::Wildcard);
    } else if let Some(rest) = name.strip_prefix('.') {
        name = rest;
        covers = true;
        repairs.push(Repair::LeadingDot);
    }
    if name.contains(['*', '?', '\u{2026}']) {
        // A star next to a dot or at an edge stands for "anything"; one inside a
        // word hides letters. Both are refused, the words help the reader.
        let pattern = name.starts_with('*') || name.ends_with('*') || raw.trim().starts_with('*');
        return Err(if pattern { Refusal::Wildcard } else { Refusal::Obfuscated });
    }
    if let Some(rest) = name.strip_suffix(['.', '\u{3002}', '\u{ff0e}', '\u{ff61}']) {
        name = rest;
        repairs.push(Repair::TrailingDot);
    }
    let ascii = to_ascii(name, &mut repairs)?;

    if !ascii.contains('.') {
        return Err(Refusal::SingleLabel);
    }
    let last = ascii.rsplit('.').next().unwrap_or_default();
    if last.bytes().all(|b| b.is_ascii_digit()) {
        return Err(Refusal::IpAddress);
    }
    Parsed::checked(Domain(ascii), repairs, covers)
}

/// Refuses what is a well-formed something else.
fn refuse_other_things(name: &str) -> Result<(), Refusal> {
    let ip = name.trim_start_matches('[').trim_end_matches(']');
    if ip.parse::<std::net::IpAddr>().is_ok() {
        return Err(Refusal::IpAddress);
    }
    if name.contains(|c: char| c.is_whitespace() || matches!(c, ',' | ';' | '|')) {
        return Err(Refusal::SeveralNames);
    }
    if name.contains('@') {
        return Err(Refusal::Handle);
    }
    if name.contains('/') {
        return Err(Refusal::Path);
    }
    if let Some((_, port)) = name.rsplit_once(':') {
        let is_port = !port.is_empty() && port.bytes().all(|b| b.is_ascii_digit());
        return Err(if is_port { Refusal::Port } else { Refusal::InvalidCharacter(':') });
    }
    Ok(())
}

fn to_ascii(name: &str, repairs: &mut Vec<Repair>) -> Result<CompactString, Refusal> {
    if let Some(odd) = name
        .chars()
        .find(|c| c.is_ascii() && !(c.is_ascii_alphanumeric() || matches!(c, '-' | '.')))
    {
        return Err(Refusal::InvalidCharacter(odd));
    }
    // The mapping would make a digit or letters of them, and of `bad.example²` another name.
    if let Some(mark) = name.chars().find(|c| is_footnote_mark(*c)) {
        return Err(Refusal::InvalidCharacter(mark));
    }
    if name.split('.').any(str::is_empty) {
        return Err(Refusal::BadLabel);
    }
    if name.bytes().any(|b| b.is_ascii_uppercase()) {
        repairs.push(Repair::UpperCase);
    }
    let ascii = Uts46::new()
        .to_ascii(name.as_bytes(), AsciiDenyList::STD3, Hyphens::Allow, DnsLength::Ignore)
        .map_err(|_| Refusal::BadIdn)?;
    if !name.is_ascii() {
        let deviates = name.contains(['\u{df}', '\u{1e9e}', '\u{3c2}']);
        repairs.push(if deviates { Repair::IdnDeviation } else { Repair::Idn });
    }
    if ascii.len() > MAX_LENGTH {
        return Err(Refusal::TooLong);
    }
    if Domain::from_stored(&ascii).is_none() {
        return Err(Refusal::BadLabel);
    }
    Ok(CompactString::from(ascii))
}

/// Raised, lowered and circled digits and letters, and the marks of trade.
const fn is_footnote_mark(c: char) -> bool {
    matches!(c,
        '\u{b2}' | '\u{b3}' | '\u{b9}' | '\u{aa}' | '\u{ba}' | '\u{2070}'..='\u{209c}'
        | '\u{2120}' | '\u{2122}' | '\u{2460}'..='\u{24ff}')
}

fn starts_with_ignoring_case(text: &str, prefix: &str) -> bool {
    text.get(..prefix.len()).is_some_and(|head| head.eq_ignore_ascii_case(prefix))
}

/// Control characters, and marks that take no room on a screen. Line breaks and tabs
/// are space, not hidden: they are left for the check for several names.
pub(crate) fn is_invisible(c: char) -> bool {
    (c.is_control() && !matches!(c, '\t' | '\n' | '\r'))
        || matches!(c,
            '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}'
            | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2064}' | '\u{2066}'..='\u{206f}'
            | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{e0000}'..='\u{e007f}')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn domain(raw: &str) -> String {
        Domain::parse(raw).map_or_else(|e| format!("{e:?}"), |p| p.domain.to_string())
    }

    #[test]
    fn repairs_what_has_one_meaning() {
        for (raw, want) in [
            ("bad.example", "bad.example"),
            ("NoAgenda.social", "noagenda.social"),
            (" parcero.casa", "parcero.casa"),
            ("icosahedron.website.", "icosahedron.website"),
            ("https://Bad.example/", "bad.example"),
            ("hxxps://bad.example", "bad.example"),
            ("mastodong[.]lol", "mastodong.lol"),
            ("*.bigguys.club", "bigguys.club"),
            (".example.com", "example.com"),
            ("occultist\u{200b}.space", "occultist.space"),
            ("\u{5}misskey.doujin.games", "misskey.doujin.games"),
            ("'bad.example'", "bad.example"),
            ("срёт.онлайн", "xn--p1abe3d.xn--80asehdb"),
            ("fedii.☃.ws", "fedii.xn--n3h.ws"),
            ("例え。テスト", "xn--r8jz45g.xn--zckzah"),
            ("XN--BCHER-KVA.example", "xn--bcher-kva.example"),
        ] {
            assert_eq!(domain(raw), want, "{raw:?}");
        }
        assert!(Domain::parse("*.bigguys.club").unwrap().covers_subdomains);
        let parsed = Domain::parse("straße.example").unwrap();
        assert_eq!(parsed.domain.as_str(), "xn--strae-oqa.example");
        assert_eq!(parsed.repairs, [Repair::IdnDeviation]);
    }

    #[test]
    fn refuses_what_must_never_become_a_block() {
        for (raw, want) in [
            ("", "Empty"),
            ("  ", "Empty"),
            ("cf", "SingleLabel"),
            (".cf", "SingleLabel"),
            ("localhost", "SingleLabel"),
            ("com.tr", r#"PublicSuffix("com.tr")"#),
            ("co.uk.", r#"PublicSuffix("co.uk")"#),
            ("*.co.uk", r#"PublicSuffix("co.uk")"#),
            ("公司.cn", r#"PublicSuffix("xn--55qx5d.cn")"#),
            ("xn--55qx5d.cn", r#"PublicSuffix("xn--55qx5d.cn")"#),
            ("ｃｏｍ", "SingleLabel"),
            ("1.2.3.４", "IpAddress"),
            ("*.", "BadLabel"),
            ("foo.ck", r#"PublicSuffix("foo.ck")"#),
            ("168.119.6.104", "IpAddress"),
            ("2a01:4f8:140:2113::2", "IpAddress"),
            ("[::1]", "IpAddress"),
            ("localhost:51996", "Port"),
            ("example.com:443", "Port"),
            ("gab.com/gab.ai", "Path"),
            ("gab.com, gab.ai", "SeveralNames"),
            ("gab.com/.ai, develop.gab.com", "SeveralNames"),
            ("foo bar.com", "SeveralNames"),
            ("user@example.com", "Handle"),
            ("@user@example.com", "Handle"),
            ("ap.***.st", "Obfuscated"),
            ("bais*****.top", "Obfuscated"),
            ("b?d.example", "Obfuscated"),
            ("*flockingbird.social", "Wildcard"),
            ("*ignorelist*", "Wildcard"),
            ("*.parcero.*", "Wildcard"),
            ("*", "Wildcard"),
            ("ex_ample.com", "InvalidCharacter('_')"),
            ("eveningzoo.]club", "InvalidCharacter(']')"),
            ("#domain", "InvalidCharacter('#')"),
            ("bad.example²", "InvalidCharacter('²')"),
            ("a..b.example", "BadLabel"),
            ("example.com..", "BadLabel"),
            ("xn--é.com", "BadIdn"),
            ("xn--p1abe3d-xn--80asehdb.example", "BadIdn"),
        ] {
            assert_eq!(domain(raw), want, "{raw:?}");
        }
        assert_eq!(domain(&format!("{}.com", "a".repeat(64))), "BadLabel");
        assert_eq!(domain(&format!("{}com", "abcdefgh.".repeat(40))), "TooLong");
    }

    #[test]
    fn private_suffixes_pass_with_a_mark() {
        assert!(Domain::parse("repl.co").unwrap().private_suffix);
        assert!(!Domain::parse("foo.repl.co").unwrap().private_suffix);
        assert!(!Domain::parse("bad.example").unwrap().private_suffix);
    }

    #[test]
    fn parents_and_subdomains() {
        let sub = Domain::from_stored("a.b.example").unwrap();
        assert_eq!(sub.parents().collect::<Vec<_>>(), ["b.example", "example"]);
        assert!(sub.is_below(&Domain::from_stored("b.example").unwrap()));
        assert!(!sub.is_below(&sub));
        let lookalike = Domain::from_stored("evil-b.example").unwrap();
        assert!(!lookalike.is_below(&Domain::from_stored("b.example").unwrap()));
    }

    #[test]
    fn stored_names_are_taken_as_they_are_or_not_at_all() {
        assert!(Domain::from_stored("cf").is_some());
        assert!(Domain::from_stored("1.2.3.4").is_some());
        for odd in ["*.example.com", "example.com:443", "ex_ample.com", "Example.com", "", "a..b"] {
            assert!(Domain::from_stored(odd).is_none(), "{odd:?}");
        }
    }
}

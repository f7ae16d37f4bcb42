//! What somebody pasted into the box, as the domain that they mean.

use crate::domain::{Domain, Refusal};

/// Takes a link, a handle, a name with stars in front, or a plain name. A question does no
/// harm, so more is understood here than where a block would come of it.
pub fn domain(text: &str) -> Result<Domain, Refusal> {
    let text = text.trim().trim_matches(['<', '>', '"', '\'', '(', ')']).trim();
    let name = bare(text);
    match Domain::parse(name) {
        Ok(parsed) => Ok(parsed.domain),
        // An admin may well have blocked such a name by hand, and asks about it now.
        Err(refusal) => Domain::from_stored(&name.to_ascii_lowercase()).ok_or(refusal),
    }
}

/// The host in what was pasted.
fn bare(text: &str) -> &str {
    let rest = text.split_once("://").map_or(text, |(_, rest)| rest);
    let rest = rest.strip_prefix("acct:").unwrap_or(rest);
    // In a name by itself a `?` hides a letter.
    let is_link = rest.len() < text.len() || rest.contains('@');
    let end = |c| matches!(c, '/' | '#') || (is_link && c == '?');
    let host = rest.split(end).next().unwrap_or(rest);
    let host = host.rsplit_once('@').map_or(host, |(_, host)| host);
    match host.rsplit_once(':') {
        Some((name, port)) if !port.is_empty() && port.bytes().all(|b| b.is_ascii_digit()) => name,
        _ => host,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whatever_is_pasted_is_understood() {
        for (pasted, want) in [
            ("bad.example", "bad.example"),
            ("  Bad.Example. ", "bad.example"),
            ("https://bad.example/@user/123?x=1#y", "bad.example"),
            ("https://user:pw@bad.example:8443/x", "bad.example"),
            ("bad.example:443", "bad.example"),
            ("bad.example/about", "bad.example"),
            ("@user@bad.example", "bad.example"),
            ("user@bad.example", "bad.example"),
            ("acct:user@bad.example", "bad.example"),
            ("https://home.example/@user@bad.example", "home.example"),
            ("*.bad.example", "bad.example"),
            ("<https://bad.example>", "bad.example"),
            ("hxxps://bad[.]example/", "bad.example"),
            ("b\u{fc}cher.example", "xn--bcher-kva.example"),
            ("xn--bcher-kva.example", "xn--bcher-kva.example"),
            ("co.uk", "co.uk"),
            ("cf", "cf"),
        ] {
            let found = domain(pasted).map(|domain| domain.to_string());
            assert_eq!(found.as_deref().ok(), Some(want), "{pasted}: {found:?}");
        }
        for nonsense in ["", " ", "b*d.example", "two words", "b?d.example", "[::1]", "\u{202e}"] {
            assert!(domain(nonsense).is_err(), "{nonsense:?}");
        }
        assert!(domain(&"a".repeat(1 << 20)).is_err());
    }
}

//! A server's address as people type it.

use std::net::{Ipv4Addr, Ipv6Addr};

use url::{Host, Url};

use crate::mastodon::wire::at;
use crate::text::{fit, plain};

#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum AddressError {
    #[error(
        "{0:?} is not the name of a server. Give it like mastodon.social, or give your handle \
         like @me@mastodon.social"
    )]
    NotAServer(String),
    #[error(
        "Hedgerow does not sign in over http://, because everyone on the way could read your \
         token and use it. Use https://{0}"
    )]
    Unencrypted(String),
    #[error(
        "Leave the name and password out of the address. You sign in on the server's own page."
    )]
    HasPassword,
}

/// The server part of a handle (`@me@example.social`, `me@example.social`), if the text
/// is one. Whoever typed a handle should be told that its server is meant.
pub fn server_of_handle(input: &str) -> Option<&str> {
    let input = input.trim();
    let (user, server) = input.strip_prefix('@').unwrap_or(input).split_once('@')?;
    let plain = |c: char| c.is_alphanumeric() || "_.-".contains(c);
    (!user.is_empty() && !server.is_empty() && user.chars().all(plain)).then_some(server)
}

/// The origin of a server's API, from its name, its address or a handle on it. Only a
/// server on this very machine may be spoken to without encryption.
pub fn parse_server(input: &str) -> Result<Url, AddressError> {
    let input = input.trim();
    let wrong = || AddressError::NotAServer(fit(&plain(input), 60));
    let name = server_of_handle(input).unwrap_or(input);
    let (text, typed_scheme) = match name.split_once("://") {
        Some(_) => (name.to_owned(), true),
        None => (format!("https://{name}"), false),
    };
    let mut url = Url::parse(&text).map_err(|_| wrong())?;
    if !url.username().is_empty() || url.password().is_some() {
        return Err(AddressError::HasPassword);
    }
    // A dot is missing far more often than it was left out on purpose.
    let dotless =
        matches!(url.host(), Some(Host::Domain(host)) if !host.trim_end_matches('.').contains('.'));
    if dotless && !typed_scheme && !is_loopback(&url) {
        return Err(wrong());
    }
    if let Some(host) = url.host_str().and_then(|host| host.strip_suffix('.')) {
        let host = host.to_owned();
        url.set_host(Some(&host)).map_err(|_| wrong())?;
    }
    url.set_fragment(None);
    match url.scheme() {
        "https" => Ok(at(&url, "/")),
        "http" if is_loopback(&url) => Ok(at(&url, "/")),
        "http" => Err(AddressError::Unencrypted(url.host_str().unwrap_or_default().to_owned())),
        _ => Err(wrong()),
    }
}

/// Whether the address is on this machine, so that nothing sent there leaves it.
pub fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(ip)) => Ipv4Addr::is_loopback(&ip),
        Some(Host::Ipv6(ip)) => Ipv6Addr::is_loopback(&ip),
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_addresses_and_handles_lead_to_the_same_server() {
        for input in [
            "example.social",
            " Example.Social. ",
            "https://example.social/",
            "https://example.social/@me?x=1#y",
            "@me@example.social",
            "me@example.social",
        ] {
            assert_eq!(parse_server(input).unwrap().as_str(), "https://example.social/", "{input}");
        }
        assert_eq!(
            parse_server("bücher.example").unwrap().as_str(),
            "https://xn--bcher-kva.example/"
        );
        assert_eq!(
            parse_server("example.social:8443").unwrap().as_str(),
            "https://example.social:8443/"
        );
        assert_eq!(server_of_handle("@me@example.social"), Some("example.social"));
        assert_eq!(server_of_handle("example.social"), None);
        assert_eq!(server_of_handle("https://example.social/@me"), None);
    }

    #[test]
    fn only_this_machine_is_spoken_to_in_the_clear() {
        for input in
            ["http://127.0.0.1:3999", "http://[::1]:3000", "http://localhost", "http://127.9.9.9"]
        {
            assert_eq!(parse_server(input).unwrap().scheme(), "http", "{input}");
        }
        for input in [
            "http://example.social",
            "http://10.0.0.1",
            "http://localhost.example",
            "http://127.0.0.1.example",
            "http://[::2]",
            "http://0.0.0.0",
        ] {
            let error = parse_server(input).unwrap_err();
            assert!(matches!(error, AddressError::Unencrypted(_)), "{input}: {error}");
        }
    }

    #[test]
    fn what_is_no_server_is_refused() {
        for input in ["", "@me", "mastodon", "me@", "@@", "ftp://example.social", "exa mple.social"]
        {
            let error = parse_server(input).unwrap_err();
            assert!(matches!(error, AddressError::NotAServer(_)), "{input}: {error}");
        }
        for input in ["https://me:hunter2@example.social", "me:hunter2@example.social"] {
            let error = parse_server(input).unwrap_err();
            assert!(!error.to_string().contains("hunter2"), "{input}: {error}");
        }
    }
}

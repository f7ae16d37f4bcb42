//! What a browser calls itself, in two words that its owner knows it by.

use crate::text::{fit, plain};

/// No more of a name that nobody knows.
const MOST: usize = 80;

/// Each calls itself what it wants to be taken for, too, so the order matters.
const BROWSERS: [(&str, &str); 12] = [
    ("Edg", "Edge"),
    ("OPR/", "Opera"),
    ("Vivaldi/", "Vivaldi"),
    ("SamsungBrowser/", "Samsung Internet"),
    ("Epiphany/", "GNOME Web"),
    ("Falkon/", "Falkon"),
    ("Firefox/", "Firefox"),
    ("FxiOS/", "Firefox"),
    ("CriOS/", "Chrome"),
    ("Chromium/", "Chromium"),
    ("Chrome/", "Chrome"),
    ("Safari/", "Safari"),
];

const SYSTEMS: [(&str, &str); 8] = [
    ("iPhone", "an iPhone"),
    ("iPad", "an iPad"),
    ("Android", "Android"),
    ("Windows", "Windows"),
    ("Macintosh", "a Mac"),
    ("CrOS", "ChromeOS"),
    ("Linux", "Linux"),
    ("BSD", "BSD"),
];

/// Such as “Firefox on Linux”; what cannot be told stays as it was said.
pub fn told(agent: &str) -> String {
    let first = |known: &[(&str, &'static str)]| {
        known.iter().find(|(mark, _)| agent.contains(mark)).map(|(_, name)| *name)
    };
    match (first(&BROWSERS), first(&SYSTEMS)) {
        (Some(browser), Some(system)) => format!("{browser} on {system}"),
        (Some(browser), None) => browser.to_owned(),
        (None, _) if agent.trim().is_empty() => "a browser".to_owned(),
        (None, _) => fit(&plain(agent), MOST),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn browsers_are_called_what_people_call_them() {
        let webkit = "AppleWebKit/537.36 (KHTML, like Gecko)";
        for (agent, name) in [
            (
                "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0".to_owned(),
                "Firefox on Linux",
            ),
            (
                format!(
                    "Mozilla/5.0 (Linux; Android 15; Pixel 9) {webkit} Chrome/140.0 Safari/537.36"
                ),
                "Chrome on Android",
            ),
            (
                format!("Mozilla/5.0 (Windows NT 10.0) {webkit} Chrome/140.0 Safari/537 Edg/140.0"),
                "Edge on Windows",
            ),
            (
                format!("Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) {webkit} Safari/1"),
                "Safari on an iPhone",
            ),
            ("curl/8.0".to_owned(), "curl/8.0"),
            ("\u{202e}evil\u{7}".to_owned(), "evil"),
            (String::new(), "a browser"),
        ] {
            assert_eq!(told(&agent), name);
        }
        assert!(told(&"x".repeat(4000)).chars().count() <= MOST);
    }
}

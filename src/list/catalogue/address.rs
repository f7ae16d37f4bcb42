//! When two addresses are the same.

use url::Url;

/// What an address is compared by. Case of the host, `http`, a slash at the end, what
/// follows a `#`, and GitHub's several names for the main branch make no difference.
pub fn key(address: &str) -> String {
    let address = address.trim();
    if let Some((scheme, rest)) = address.split_once(':')
        && (scheme.eq_ignore_ascii_case("instance") || scheme.eq_ignore_ascii_case("fires"))
    {
        let rest = if rest.contains("://") { key(rest) } else { rest.to_ascii_lowercase() };
        return format!("{}:{}", scheme.to_ascii_lowercase(), rest.trim_end_matches('/'));
    }
    let Ok(url) = Url::parse(address) else { return address.to_owned() };
    let host = url.host_str().unwrap_or_default();
    let mut path: Vec<&str> = url.path().split('/').filter(|part| !part.is_empty()).collect();
    let mut host = host.strip_prefix("www.").unwrap_or(host);
    // `OWNER/REPOSITORY/raw/BRANCH/…` is sent on to the host of raw files.
    if host == "github.com" && path.get(2) == Some(&"raw") {
        path.remove(2);
        host = "raw.githubusercontent.com";
    }
    if host == "raw.githubusercontent.com" {
        if path.get(2..4) == Some(&["refs", "heads"]) {
            path.drain(2..4);
        }
        if let Some(branch) = path.get_mut(2).filter(|branch| ["main", "master"].contains(branch)) {
            *branch = "HEAD";
        }
    }
    let query = url.query().map(|query| format!("?{query}")).unwrap_or_default();
    format!("{host}/{}{query}", path.join("/"))
}

#[cfg(test)]
mod tests {
    use super::key;

    #[test]
    fn spellings_that_lead_to_one_file_are_one_address() {
        for (one, other) in [
            ("https://Lists.example/a.csv", "http://www.lists.example/a.csv/#top"),
            (
                "https://raw.githubusercontent.com/o/r/main/a.csv",
                "https://raw.githubusercontent.com/o/r/refs/heads/main/a.csv",
            ),
            (
                "https://raw.githubusercontent.com/o/r/HEAD/a.csv",
                "https://github.com/o/r/raw/refs/heads/master/a.csv",
            ),
            ("instance:Home.example", " INSTANCE:home.example/"),
            ("fires:https://f.example/datasets", "fires:https://F.example/datasets/"),
        ] {
            assert_eq!(key(one), key(other));
        }
    }

    #[test]
    fn other_files_are_other_addresses() {
        for (one, other) in [
            ("https://lists.example/a.csv", "https://lists.example/A.csv"),
            ("https://lists.example/a.csv", "https://lists.example/a.csv?v=2"),
            ("https://lists.example/main/a", "https://lists.example/master/a"),
            ("instance:home.example", "https://home.example/"),
            ("fires:https://f.example/", "https://f.example/"),
            ("", "https://f.example/"),
        ] {
            assert_ne!(key(one), key(other));
        }
    }
}

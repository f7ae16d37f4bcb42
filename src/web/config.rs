//! What `serve` can be told by a file. The environment and flags say it louder.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use serde::Deserialize;
use url::Url;

/// A complete example, shown by `serve --help` and read by a test.
pub const EXAMPLE: &str = "\
# hedgerow.toml
listen = \"127.0.0.1:8787\"
# Behind a proxy that speaks https, for many people who sign in with their own
# server. Leave it out for yourself alone.
public_url = \"https://blocks.example\"
# Prometheus' numbers, on an address that visitors do not reach.
metrics = \"127.0.0.1:9187\"
data_dir = \"/var/lib/hedgerow\"
# Where SQLite is outgrown.
database_url = \"postgres://hedgerow@127.0.0.1/hedgerow\"
";

#[derive(Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    pub listen: Option<SocketAddr>,
    pub public_url: Option<Url>,
    pub metrics: Option<SocketAddr>,
    pub data_dir: Option<PathBuf>,
    pub database_url: Option<String>,
}

impl Config {
    pub fn read(path: &Path) -> Result<Config> {
        let shown = path.display();
        let text = std::fs::read_to_string(path)
            .with_context(|| format!("the configuration {shown} cannot be read"))?;
        let config: Config = toml::from_str(&text)
            .with_context(|| format!("the configuration {shown} cannot be used"))?;
        config.public_url.as_ref().map(check).transpose()?;
        Ok(config)
    }
}

/// What a server can be called from outside: https, a host, and nothing else. Plain http only
/// on this machine itself, for trying it out.
pub fn check(url: &Url) -> Result<()> {
    let here = matches!(url.host_str(), Some("localhost" | "127.0.0.1" | "[::1]"));
    let scheme = url.scheme() == "https" || (url.scheme() == "http" && here);
    let bare = url.path() == "/" && url.query().is_none() && url.fragment().is_none();
    let nameless = url.username().is_empty() && url.password().is_none();
    if !(scheme && bare && nameless && url.has_host()) {
        bail!(
            "a public address is https:// and a host name, such as https://blocks.example; sign-ins \
             must not cross the network in the open"
        );
    }
    Ok(())
}

/// For the command line.
pub fn public_url(text: &str) -> Result<Url, String> {
    let url = Url::parse(text).map_err(|_| "write it as https://blocks.example".to_owned())?;
    check(&url).map_err(|error| error.to_string())?;
    Ok(url)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_example_is_complete_and_can_be_read() {
        let config: Config = toml::from_str(EXAMPLE).unwrap();
        let Config { listen, public_url, metrics, data_dir, database_url } = config;
        check(&public_url.unwrap()).unwrap();
        assert!(listen.is_some() && metrics.is_some() && data_dir.is_some());
        assert!(database_url.is_some());
        assert!(toml::from_str::<Config>("lisen = 1").is_err());
    }

    #[test]
    fn a_public_address_is_https_and_a_name() {
        for good in ["https://blocks.example", "https://b.example:8443/", "http://127.0.0.1:8787"] {
            assert!(public_url(good).is_ok(), "{good}");
        }
        for bad in [
            "http://blocks.example",
            "https://blocks.example/sub",
            "https://me:pw@blocks.example",
            "blocks.example",
            "ftp://127.0.0.1",
        ] {
            assert!(public_url(bad).is_err(), "{bad}");
        }
    }
}

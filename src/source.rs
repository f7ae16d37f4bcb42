//! Where a list comes from: this program, a file, the web, or a server's own blocks.

pub mod fires;
pub mod instance;

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};
use url::Url;

use crate::block::hex;
use crate::fetch::{self, Answer, Auth, FetchError, Fetched, Fetcher, Request, Validators};
use crate::list::bundled::{self, Bundled};
use crate::list::{self, Document, ReadError};
use crate::spelling;
use crate::store::{HOUSE, Owner};
use crate::text::{fit, plain};

/// The largest source that is read, and all that people other than the house have read together
/// for one plan. The largest list ever seen has 2 MB.
pub const SIZE_LIMIT: usize = 64 << 20;
/// The largest for people other than the house. The largest that was ever published is a quarter
/// of it.
pub const PERSONS_SIZE_LIMIT: usize = 8 << 20;

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    Bundled(&'static Bundled),
    File(PathBuf),
    Url(Url),
    /// What the server of that name publishes of its own blocks.
    Instance(String),
    /// A FIRES dataset.
    Fires(Url),
}

/// What a source answered to somebody who may have a version of it already.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Got {
    Unchanged,
    New { bytes: Vec<u8>, validators: Validators, cursor: Option<String> },
}

/// The bytes of a source, and where they came from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Loaded {
    /// Short, for plans.
    pub name: String,
    /// In full, without passwords and without what follows the `?` of a URL.
    pub address: String,
    /// Of the bytes, in lower-case hexadecimal.
    pub sha256: String,
    pub bytes: Vec<u8>,
}

#[derive(Debug, thiserror::Error)]
pub enum SourceError {
    #[error("{}", unknown(.name, *.closest))]
    Unknown { name: String, closest: Option<&'static str> },
    #[error("{}", unknown_elsewhere(.name, *.closest))]
    UnknownElsewhere { name: String, closest: Option<&'static str> },
    #[error(
        "only whoever runs this Hedgerow can have a file of its machine read. Give the list's \
         https:// address"
    )]
    NotYourFiles,
    #[error("there is no file {0:?}; check the spelling and the folder")]
    Missing(PathBuf),
    #[error("{0:?} is a folder; name one of the files in it")]
    Folder(PathBuf),
    #[error("the file {path:?} cannot be read: {why}")]
    Unreadable { path: PathBuf, why: io::Error },
    #[error("{0:?} is larger than {mib} MiB, which no blocklist is", mib = SIZE_LIMIT >> 20)]
    TooLarge(PathBuf),
    #[error("{0} is not a complete address; it should look like https://example.org/list.csv")]
    BadAddress(String),
    #[error("addresses that begin with {0:?} cannot be read; use https://, or name a file")]
    Scheme(String),
    #[error("{address}: {error}")]
    Fetch { address: String, error: FetchError },
    #[error("{address}: {error}")]
    Instance { address: String, error: instance::InstanceError },
    #[error("{address}: {error}")]
    Fires { address: String, error: fires::FiresError },
    #[error("{address}: the server says that nothing has changed, and nothing was there before")]
    Unasked { address: String },
    #[error("{0:?} is not the name of a server; write instance:example.social")]
    BadHost(String),
    #[error(
        "that is no address. Write it as a whole, such as https://example.org/list.csv, or \
         instance:example.social for what a server publishes of its own blocks"
    )]
    NotRemote,
    #[error(
        "these lists have more than {mib} MiB together, which is more than is read here for one \
         plan. Nothing was changed; choose fewer of them",
        mib = SIZE_LIMIT >> 20
    )]
    TooMuch,
}

/// [`ReadError`] with the list it is about.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{name}: {error}")]
pub struct DocumentError {
    pub name: String,
    pub error: ReadError,
}

/// Reads what was loaded.
pub fn load_document(loaded: &Loaded) -> Result<Document, DocumentError> {
    list::read(&loaded.bytes)
        .and_then(Document::for_blocking)
        .map_err(|error| DocumentError { name: loaded.name.clone(), error })
}

impl Source {
    /// Reads an argument: the name of a bundled list, a path, or an address. A file that
    /// has the name of a bundled list is reached as `./NAME`.
    pub fn parse(arg: &str) -> Result<Source, SourceError> {
        if let Some(source) = Self::parse_elsewhere(arg)? {
            return Ok(source);
        }
        let path = PathBuf::from(arg);
        if path.exists() {
            return Ok(Source::File(path));
        }
        // A bare word may be a list's name; anything else was meant as a file.
        if arg.contains(['/', '\\', '.']) {
            return Err(SourceError::Missing(path));
        }
        Err(SourceError::Unknown { name: arg.to_owned(), closest: closest(arg) })
    }

    /// As [`Source::parse`], for whoever has typed it. Only the house has files here: what
    /// others name is not even looked for, since that there is such a file is telling too.
    pub fn parse_for(owner: Owner, arg: &str) -> Result<Source, SourceError> {
        if owner == HOUSE {
            return Self::parse(arg);
        }
        match Self::parse_elsewhere(arg)? {
            Some(source) => source.open_to(owner),
            None if arg.contains(['/', '\\']) => Err(SourceError::NotYourFiles),
            None => {
                let (name, closest) = (arg.to_owned(), closest(arg));
                Err(SourceError::UnknownElsewhere { name, closest })
            }
        }
    }

    /// The source, if it is one that this person may have read.
    pub fn open_to(self, owner: Owner) -> Result<Source, SourceError> {
        match self {
            Source::File(_) if owner != HOUSE => Err(SourceError::NotYourFiles),
            source => Ok(source),
        }
    }

    /// What needs no look at the files of this machine to be understood.
    fn parse_elsewhere(arg: &str) -> Result<Option<Source>, SourceError> {
        if let Some(host) = arg.strip_prefix("instance:") {
            return Self::parse_instance(host).map(Some);
        }
        if let Some(address) = arg.strip_prefix("fires:") {
            return match Self::parse_elsewhere(address)? {
                Some(Source::Url(url)) => Ok(Some(Source::Fires(url))),
                _ => Err(SourceError::BadAddress("this dataset's address".to_owned())),
            };
        }
        if let Some((scheme, _)) = arg.split_once("://") {
            return Self::parse_address(&scheme.to_ascii_lowercase(), arg).map(Some);
        }
        Ok(bundled::find(arg).map(Source::Bundled))
    }

    /// Reads what somebody wrote on a page: an address on the web, `instance:HOST`, or
    /// `fires:URL`. On a page nobody means a file of the server's machine.
    pub fn parse_remote(arg: &str) -> Result<Source, SourceError> {
        let arg = arg.trim();
        let address = arg.strip_prefix("fires:").unwrap_or(arg);
        let scheme = address.split_once("://").map(|(scheme, _)| scheme.to_ascii_lowercase());
        let remote = matches!(scheme.as_deref(), Some("http" | "https"));
        if remote || arg.starts_with("instance:") {
            return Self::parse(arg);
        }
        Err(SourceError::NotRemote)
    }

    fn parse_address(scheme: &str, arg: &str) -> Result<Source, SourceError> {
        if !matches!(scheme, "http" | "https" | "file") {
            return Err(SourceError::Scheme(format!("{}://", fit(&plain(scheme), 20))));
        }
        // The argument may hold a password, and so it is not repeated.
        let bad = || SourceError::BadAddress(format!("this {scheme} address"));
        let url = Url::parse(arg).map_err(|_| bad())?;
        if scheme == "file" {
            return url.to_file_path().map(Source::File).map_err(|()| bad());
        }
        Ok(Source::Url(url))
    }

    /// Reads what stands after `instance:`: a host, perhaps with a port.
    fn parse_instance(host: &str) -> Result<Source, SourceError> {
        let host = host.trim().trim_end_matches('/').trim_start_matches("https://");
        let bad = || SourceError::BadHost(fit(&plain(host), 60));
        let url = Url::parse(&format!("https://{host}/")).map_err(|_| bad())?;
        let only_a_host = url.path() == "/"
            && url.query().is_none()
            && url.fragment().is_none()
            && url.username().is_empty()
            && url.password().is_none();
        let name = url.host_str().filter(|_| only_a_host).ok_or_else(bad)?;
        let port = url.port().map(|port| format!(":{port}")).unwrap_or_default();
        Ok(Source::Instance(format!("{name}{port}")))
    }

    /// The source as it can be written down and read again from any folder. It may hold a
    /// token; [`Source::address`] does not.
    pub fn kept(&self) -> String {
        match self {
            Source::Bundled(list) => format!("bundled:{}", list.name),
            Source::File(path) => std::path::absolute(path)
                .unwrap_or_else(|_| path.clone())
                .to_string_lossy()
                .into_owned(),
            Source::Url(url) => url.to_string(),
            Source::Instance(host) => format!("instance:{host}"),
            Source::Fires(url) => format!("fires:{url}"),
        }
    }

    /// Reads what [`Source::kept`] wrote. A file may have gone since; that is found out
    /// when it is read.
    pub fn kept_as(text: &str) -> Result<Source, SourceError> {
        match text.strip_prefix("bundled:").and_then(bundled::find) {
            Some(list) => Ok(Source::Bundled(list)),
            None if Path::new(text).is_absolute() => Ok(Source::File(text.into())),
            None => Source::parse(text),
        }
    }

    /// A short name for plans.
    pub fn name(&self) -> String {
        match self {
            Source::Bundled(list) => list.name.to_owned(),
            Source::File(path) => path
                .file_name()
                .map_or_else(|| path.display().to_string(), |n| n.to_string_lossy().into_owned()),
            Source::Url(url) => {
                let host = url.host_str().unwrap_or_default();
                let last = url.path_segments().into_iter().flatten().rfind(|part| !part.is_empty());
                last.map_or_else(|| host.to_owned(), |last| format!("{host}/{last}"))
            }
            Source::Instance(host) => host.clone(),
            Source::Fires(url) => Source::Url(url.clone()).name(),
        }
    }

    /// The whole address, without what may be secret in it.
    pub fn address(&self) -> String {
        match self {
            Source::Bundled(list) => format!("bundled:{}", list.name),
            Source::File(path) => path.display().to_string(),
            Source::Url(url) => fetch::public_address(url),
            Source::Instance(host) => format!("instance:{host}"),
            Source::Fires(url) => format!("fires:{}", fetch::public_address(url)),
        }
    }

    /// Asks for what is new since the version that has these marks.
    pub async fn fetch(
        &self,
        fetcher: &Fetcher,
        auth: Option<&Auth>,
        validators: &Validators,
        last: Option<&fires::Dataset>,
    ) -> Result<Got, SourceError> {
        let address = || self.address();
        let answer = match self {
            Source::Bundled(_) | Source::File(_) => {
                let bytes = self.load(fetcher).await?.bytes;
                return Ok(Got::New { bytes, validators: Validators::default(), cursor: None });
            }
            Source::Url(url) => {
                let (validators, auth) = (validators.clone(), auth.cloned());
                let request = Request { validators, auth, ..Request::get(url.clone()) };
                let answer = fetcher.fetch(&request).await;
                answer.map_err(|error| SourceError::Fetch { address: address(), error })?
            }
            Source::Instance(host) => {
                let answer = instance::read(fetcher, host, validators).await;
                let error = |error| SourceError::Instance { address: address(), error };
                answer.map_err(error)?.answer
            }
            Source::Fires(url) => {
                let followed = fires::follow(fetcher, url, auth, last).await;
                let error = |error| SourceError::Fires { address: address(), error };
                return Ok(match followed.map_err(error)? {
                    fires::Followed::Unchanged => Got::Unchanged,
                    fires::Followed::Changed(fires::Dataset { bytes, cursor }) => {
                        Got::New { bytes, validators: Validators::default(), cursor }
                    }
                });
            }
        };
        Ok(match answer {
            Answer::Unchanged => Got::Unchanged,
            Answer::Fetched(Fetched { bytes, validators, .. }) => {
                Got::New { bytes, validators, cursor: None }
            }
        })
    }

    /// Loads the source, wherever it is.
    pub async fn load(&self, fetcher: &Fetcher) -> Result<Loaded, SourceError> {
        if !matches!(self, Source::Bundled(_) | Source::File(_)) {
            let none = Validators::default();
            // Whoever names no version is not told that it is unchanged.
            return match Box::pin(self.fetch(fetcher, None, &none, None)).await? {
                Got::New { bytes, .. } => Ok(self.loaded(bytes)),
                Got::Unchanged => Err(SourceError::Unasked { address: self.address() }),
            };
        }
        let source = self.clone();
        let read = tokio::task::spawn_blocking(move || source.read_local()).await;
        // The task is never cancelled and does not panic; without it, read right here.
        match read {
            Ok(Some(loaded)) => loaded,
            _ => self.read_local().unwrap_or_else(|| Ok(self.loaded(Vec::new()))),
        }
    }

    /// Loads what needs no network, and so no runtime: callers may do it on threads.
    pub fn read_local(&self) -> Option<Result<Loaded, SourceError>> {
        match self {
            Source::Bundled(list) => Some(Ok(self.loaded(list.csv.to_vec()))),
            Source::File(path) => Some(read_file(path).map(|bytes| self.loaded(bytes))),
            Source::Url(_) | Source::Instance(_) | Source::Fires(_) => None,
        }
    }

    fn loaded(&self, bytes: Vec<u8>) -> Loaded {
        Loaded {
            name: self.name(),
            address: self.address(),
            sha256: hex(&Sha256::digest(&bytes)),
            bytes,
        }
    }
}

fn read_file(path: &Path) -> Result<Vec<u8>, SourceError> {
    let unreadable = |why: io::Error| match why.kind() {
        io::ErrorKind::NotFound => SourceError::Missing(path.to_owned()),
        io::ErrorKind::IsADirectory => SourceError::Folder(path.to_owned()),
        _ => SourceError::Unreadable { path: path.to_owned(), why },
    };
    let file = File::open(path).map_err(unreadable)?;
    let about = file.metadata().map_err(unreadable)?;
    let expected = usize::try_from(about.len()).unwrap_or(SIZE_LIMIT).min(SIZE_LIMIT);
    let mut bytes = Vec::with_capacity(expected + 1);
    // One byte beyond the limit, to see that there is more: a pipe has no length.
    file.take(SIZE_LIMIT as u64 + 1).read_to_end(&mut bytes).map_err(unreadable)?;
    if bytes.len() > SIZE_LIMIT {
        return Err(SourceError::TooLarge(path.to_owned()));
    }
    Ok(bytes)
}

fn unknown(name: &str, closest: Option<&str>) -> String {
    let names: Vec<&str> = bundled::all().iter().map(|list| list.name).collect();
    let name = fit(&plain(name), 60);
    let hint = closest.map(|name| format!(" Did you mean {name}?")).unwrap_or_default();
    format!(
        "there is no list and no file with the name {name:?}.{hint} The bundled lists are {}; any \
         other list is named by its path or its https:// address",
        names.join(", ")
    )
}

fn unknown_elsewhere(name: &str, closest: Option<&str>) -> String {
    let name = fit(&plain(name), 60);
    let hint = closest.map(|name| format!(" Did you mean {name}?")).unwrap_or_default();
    format!(
        "there is no list with the name {name:?}.{hint} A list that is not followed here is named \
         by its https:// address"
    )
}

/// The bundled list that the word was probably meant to be.
fn closest(word: &str) -> Option<&'static str> {
    let names = bundled::all().iter().map(|list| list.name);
    spelling::closest(word, names).first().copied()
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::clock::SystemClock;
    use crate::fetch::Reach;

    fn refused(arg: &str) -> String {
        Source::parse(arg).map_or_else(|e| e.to_string(), |s| panic!("{arg}: {s:?}"))
    }

    #[test]
    fn an_argument_is_a_bundled_list_a_file_or_an_address() {
        assert!(matches!(Source::parse("threads"), Ok(Source::Bundled(l)) if l.name == "threads"));
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("my list.csv");
        std::fs::write(&file, "bad.example\n").unwrap();
        let want = Source::File(file.clone());
        assert_eq!(Source::parse(&file.to_string_lossy()).unwrap(), want);
        assert_eq!(Source::parse(Url::from_file_path(&file).unwrap().as_str()).unwrap(), want);
        assert_eq!(want.name(), "my list.csv");
        let url = Source::parse("HTTPS://u:pw@Lists.example/a/b.csv?token=s3cret#x").unwrap();
        assert_eq!(url.name(), "lists.example/b.csv");
        assert_eq!(url.address(), "https://lists.example/a/b.csv?…");
        assert_eq!(Source::parse("https://lists.example/").unwrap().name(), "lists.example");
    }

    #[test]
    fn a_page_names_no_file() {
        let refused = ["/etc/passwd", "file:///etc/passwd", "fires:file:///etc/passwd", "threads"];
        let odd = ["fires:/etc/passwd", "./x", "", "ftp://lists.example/", "lists.example/x.csv"];
        for arg in refused.into_iter().chain(odd) {
            let found = Source::parse_remote(arg);
            assert!(matches!(found, Err(SourceError::NotRemote)), "{arg}: {found:?}");
        }
        let good =
            ["https://lists.example/x.csv", "instance:a.example", "fires:http://b.example/c"];
        for arg in good.into_iter().chain([" HTTPS://lists.example/x.csv\n"]) {
            assert!(!matches!(Source::parse_remote(arg).unwrap(), Source::File(_)), "{arg}");
        }
    }

    #[test]
    fn a_server_or_a_dataset_is_named_by_its_scheme() {
        let instance = |arg: &str| match Source::parse(arg) {
            Ok(Source::Instance(host)) => host,
            other => panic!("{arg}: {other:?}"),
        };
        assert_eq!(instance("instance:Chaos.Social"), "chaos.social");
        assert_eq!(instance("instance:https://chaos.social/"), "chaos.social");
        assert_eq!(instance("instance:127.0.0.1:3000"), "127.0.0.1:3000");
        for arg in ["instance:", "instance:a b", "instance:x.example/path", "instance:u@x.example"]
        {
            assert!(Source::parse(arg).is_err(), "{arg}");
        }
        let fires = Source::parse("fires:https://x.example/datasets/1").unwrap();
        assert_eq!(fires.address(), "fires:https://x.example/datasets/1");
        assert!(Source::parse("fires:threads").is_err());
    }

    #[test]
    fn what_is_kept_leads_back() {
        for arg in [
            "threads",
            "https://x.example/a?token=1",
            "instance:x.example",
            "fires:https://x.example/1",
        ] {
            let source = Source::parse(arg).unwrap();
            assert_eq!(Source::kept_as(&source.kept()).unwrap(), source, "{arg}");
        }
        let gone = Source::File("/nowhere/list.csv".into());
        assert_eq!(Source::kept_as(&gone.kept()).unwrap(), gone);
    }

    #[test]
    fn a_word_that_is_nothing_gets_the_names_and_the_nearest_one() {
        for (word, hint) in [
            ("thread", Some("threads")),
            ("fedi-pakt", Some("fedipact")),
            ("Bluesky", Some("bluesky-bridges")),
            ("quite-something-else", None),
            ("", None),
        ] {
            assert_eq!(closest(word), hint, "{word:?}");
        }
        let error = refused("thread");
        assert!(error.contains("Did you mean threads?") && error.contains("fedipact"), "{error}");
        assert!(refused("nothing/here.csv").contains("no file"));
        assert!(refused("ftp://lists.example/a.csv").contains("https://"));
        let error = refused("https://user:s3cret@");
        assert!(error.contains("not a complete address") && !error.contains("s3cret"), "{error}");
    }

    #[test]
    fn files_are_read_up_to_a_limit_and_each_fault_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let read = |path: &Path| Source::File(path.to_owned()).read_local().unwrap();
        assert!(matches!(read(folder.path()), Err(SourceError::Folder(_))));
        assert!(matches!(read(&folder.path().join("none")), Err(SourceError::Missing(_))));
        let file = folder.path().join("list.csv");
        std::fs::write(&file, "bad.example\n").unwrap();
        let loaded = read(&file).unwrap();
        assert_eq!(loaded.bytes, b"bad.example\n");
        assert_eq!(loaded.sha256, hex(&Sha256::digest(b"bad.example\n")));
        assert_eq!(load_document(&loaded).unwrap().entries.len(), 1);
        File::options().write(true).open(&file).unwrap().set_len(SIZE_LIMIT as u64 + 1).unwrap();
        assert!(matches!(read(&file), Err(SourceError::TooLarge(_))));
    }

    #[tokio::test]
    async fn bundled_lists_load_and_errors_carry_the_name() {
        let source = Source::parse("fedipact").unwrap();
        let fetcher = Fetcher::new(Reach::PublicOnly, Arc::new(SystemClock)).unwrap();
        let loaded = source.load(&fetcher).await.unwrap();
        assert_eq!(
            (loaded.name.as_str(), loaded.address.as_str()),
            ("fedipact", "bundled:fedipact")
        );
        let empty = Loaded { bytes: Vec::new(), ..loaded };
        let error = load_document(&empty).unwrap_err();
        assert!(error.to_string().starts_with("fedipact: the list is empty"), "{error}");
    }
}

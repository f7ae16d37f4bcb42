//! Tokens at rest.
//!
//! A token can lift or set every block of an account or a server, so the database holds
//! it only sealed: XChaCha20-Poly1305 under a key that is kept somewhere else. Each
//! sealed text is bound to the place it was made for ("target/NAME/token"). Whoever can
//! write to the database but has no key can therefore not make Hedgerow send one
//! server's token to another by moving a text from row to row.

use std::fmt;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use base64::Engine;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use secrecy::{ExposeSecret, SecretBox, SecretString};
use sha2::{Digest, Sha256, Sha512};

use crate::block::hex;
use crate::clock::random;

/// The environment variable that the key may come from.
pub const KEY_VARIABLE: &str = "HEDGEROW_KEY";

const KEY: usize = 32;
const NONCE: usize = 24;
const COOKIES: usize = 64;
/// No key is longer as text, so no more of the key file is ever read.
const LONGEST: u64 = 1024;

#[derive(Debug, thiserror::Error)]
pub enum VaultError {
    #[error(
        "The key in HEDGEROW_KEY is not a key. It must be 64 hexadecimal digits, or 32 bytes in \
         base64. To make one, run: openssl rand -hex 32"
    )]
    BadKey,
    #[error(
        "The key file {} does not hold a key. Restore it from a copy. Without it the saved \
         sign-ins cannot be read; to start anew, delete the file and sign in again.",
        .0.display()
    )]
    BadKeyFile(PathBuf),
    #[error(
        "The key file {path} can be read by others on this machine. Run: chmod 600 {path}",
        path = .0.display()
    )]
    KeyFileOpen(PathBuf),
    #[error("The key file {} cannot be used: {cause}.", path.display())]
    KeyFile { path: PathBuf, cause: io::Error },
    #[error("The operating system gave no random numbers: {0}. Try again later.")]
    NoRandom(io::Error),
    #[error(
        "This sign-in was sealed with another key ({theirs}, and yours is {ours}). Use the key it \
         was sealed with, or sign in again."
    )]
    OtherKey { theirs: String, ours: String },
    #[error(
        "The saved secret {identity} is damaged, or was moved here from another place. Sign in \
         again."
    )]
    Damaged { identity: String },
}

/// Seals and opens secrets with one key.
pub struct Vault {
    cipher: XChaCha20Poly1305,
    key_id: String,
    /// Made from the key, for what browsers keep for us.
    cookies: SecretBox<[u8; COOKIES]>,
}

impl fmt::Debug for Vault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Vault").field("key_id", &self.key_id).finish_non_exhaustive()
    }
}

impl Vault {
    /// The vault under the given key or, if there is none, under the key in `file`,
    /// which is made when it does not exist.
    pub fn load(key: Option<&SecretString>, file: &Path) -> Result<Vault, VaultError> {
        match key {
            Some(text) => parse_key(text.expose_secret())
                .map(|key| Vault::new(&key))
                .ok_or(VaultError::BadKey),
            None => Vault::from_file(file),
        }
    }

    fn new(key: &SecretBox<[u8; KEY]>) -> Vault {
        let key = key.expose_secret();
        let mut key_id = hex(&Sha256::digest(key));
        key_id.truncate(8);
        let cookies =
            Sha512::new().chain_update(b"hedgerow cookies\0").chain_update(key).finalize();
        let cookies = SecretBox::new(Box::new(cookies.into()));
        Vault { cipher: XChaCha20Poly1305::new(key.into()), key_id, cookies }
    }

    /// A key for sealing cookies. It says nothing about the key that seals sign-ins.
    pub fn cookie_key(&self) -> &[u8; COOKIES] {
        self.cookies.expose_secret()
    }

    fn from_file(path: &Path) -> Result<Vault, VaultError> {
        let failed = |cause| VaultError::KeyFile { path: path.to_owned(), cause };
        let file = match File::open(path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                let key = random::<KEY>().map_err(VaultError::NoRandom)?;
                make_key_file(path, &SecretBox::new(Box::new(key))).map_err(failed)?;
                File::open(path).map_err(failed)?
            }
            other => other.map_err(failed)?,
        };
        // Asked of the open file: what the path names could change in between.
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            if file.metadata().map_err(failed)?.permissions().mode() & 0o077 != 0 {
                return Err(VaultError::KeyFileOpen(path.to_owned()));
            }
        }
        let mut text = String::new();
        let read = file.take(LONGEST).read_to_string(&mut text);
        let text = SecretString::from(text);
        match read {
            Err(error) if error.kind() != io::ErrorKind::InvalidData => Err(failed(error)),
            _ => parse_key(text.expose_secret())
                .map(|key| Vault::new(&key))
                .ok_or_else(|| VaultError::BadKeyFile(path.to_owned())),
        }
    }

    /// Seals a secret for the one place that `identity` names: `v1.KEY ID.BASE64`.
    pub fn seal(&self, identity: &str, secret: &SecretString) -> Result<String, VaultError> {
        let nonce = random::<NONCE>().map_err(VaultError::NoRandom)?;
        let payload = Payload { msg: secret.expose_secret().as_bytes(), aad: identity.as_bytes() };
        let sealed = self
            .cipher
            .encrypt(&XNonce::from(nonce), payload)
            .map_err(|_| VaultError::Damaged { identity: identity.to_owned() })?;
        let text = URL_SAFE_NO_PAD.encode([nonce.as_slice(), &sealed].concat());
        Ok(format!("v1.{}.{text}", self.key_id))
    }

    /// Opens what [`Vault::seal`] sealed for this `identity`.
    pub fn open(&self, identity: &str, sealed: &str) -> Result<SecretString, VaultError> {
        let damaged = || VaultError::Damaged { identity: identity.to_owned() };
        let (key_id, text) =
            sealed.strip_prefix("v1.").and_then(|rest| rest.split_once('.')).ok_or_else(damaged)?;
        if key_id != self.key_id {
            let id_like = key_id.len() == 8 && key_id.bytes().all(|b| b.is_ascii_hexdigit());
            return Err(if id_like {
                VaultError::OtherKey { theirs: key_id.to_owned(), ours: self.key_id.clone() }
            } else {
                damaged()
            });
        }
        let bytes = URL_SAFE_NO_PAD.decode(text).map_err(|_| damaged())?;
        let (nonce, msg) = bytes.split_at_checked(NONCE).ok_or_else(damaged)?;
        let nonce = XNonce::try_from(nonce).map_err(|_| damaged())?;
        let payload = Payload { msg, aad: identity.as_bytes() };
        let secret = self.cipher.decrypt(&nonce, payload).map_err(|_| damaged())?;
        String::from_utf8(secret).map(SecretString::from).map_err(|_| damaged())
    }
}

/// A key as people write it: hexadecimal, or either base64 with or without its padding.
fn parse_key(text: &str) -> Option<SecretBox<[u8; KEY]>> {
    let text = text.trim();
    let bytes = if text.len() == KEY * 2 {
        let digit = |at: usize| u8::from_str_radix(text.get(at..at + 2)?, 16).ok();
        // `from_str_radix` would also take a sign.
        text.bytes().all(|b| b.is_ascii_hexdigit()).then_some(())?;
        (0..KEY * 2).step_by(2).map(digit).collect::<Option<Vec<u8>>>()?
    } else {
        let text = text.strip_suffix('=').unwrap_or(text);
        STANDARD_NO_PAD.decode(text).or_else(|_| URL_SAFE_NO_PAD.decode(text)).ok()?
    };
    let bytes = SecretBox::new(Box::new(bytes));
    let key = <[u8; KEY]>::try_from(bytes.expose_secret().as_slice()).ok()?;
    Some(SecretBox::new(Box::new(key)))
}

/// Makes the key file, unless somebody else just did. The file gets its name only when
/// the key is on the disk: nobody can read half a key, and a power cut leaves none.
fn make_key_file(path: &Path, key: &SecretBox<[u8; KEY]>) -> io::Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    let folder = folder.unwrap_or(Path::new("."));
    make_folder(folder)?;
    let draft = folder.join(format!(".key-{}", hex(&random::<8>()?)));
    let made = write_synced(&draft, key).and_then(|()| match fs::hard_link(&draft, path) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        other => other,
    });
    let _ = fs::remove_file(&draft);
    made?;
    #[cfg(unix)]
    File::open(folder)?.sync_all()?;
    Ok(())
}

fn make_folder(folder: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::DirBuilderExt;
        builder.mode(0o700);
    }
    builder.create(folder)
}

fn write_synced(path: &Path, key: &SecretBox<[u8; KEY]>) -> io::Result<()> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt;
        options.mode(0o600);
    }
    let mut file = options.open(path)?;
    // As text, so that the same key can be moved into the environment variable.
    let text = SecretString::from(hex(key.expose_secret()));
    writeln!(file, "{}", text.expose_secret())?;
    file.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "target/me/token";

    fn vault(fill: u8) -> Vault {
        Vault::new(&SecretBox::new(Box::new([fill; KEY])))
    }

    #[test]
    fn a_sealed_text_opens_only_where_it_was_made_for() {
        let vault = vault(7);
        let sealed = vault.seal(ID, &"tok-en".into()).unwrap();
        assert!(sealed.starts_with("v1.") && !sealed.contains("tok-en"), "{sealed}");
        assert_eq!(vault.open(ID, &sealed).unwrap().expose_secret(), "tok-en");
        let moved = vault.open("target/other/token", &sealed);
        assert!(matches!(moved, Err(VaultError::Damaged { .. })));
        assert_ne!(sealed, vault.seal(ID, &"tok-en".into()).unwrap(), "a nonce was used twice");
    }

    #[test]
    fn every_flipped_bit_is_noticed() {
        let vault = vault(7);
        let sealed = vault.seal(ID, &"tok-en".into()).unwrap();
        let (head, text) = sealed.rsplit_once('.').unwrap();
        let bytes = URL_SAFE_NO_PAD.decode(text).unwrap();
        for bit in 0..bytes.len() * 8 {
            let mut bytes = bytes.clone();
            bytes[bit / 8] ^= 1 << (bit % 8);
            let flipped = format!("{head}.{}", URL_SAFE_NO_PAD.encode(bytes));
            assert!(vault.open(ID, &flipped).is_err(), "bit {bit}");
        }
        for broken in ["", "v1.", "v1.zz.AAAA", "v2.00000000.AAAA", &sealed[..30], "tok-en"] {
            assert!(matches!(vault.open(ID, broken), Err(VaultError::Damaged { .. })), "{broken}");
        }
    }

    #[test]
    fn another_key_is_not_called_damage() {
        let sealed = vault(7).seal(ID, &"tok-en".into()).unwrap();
        let error = vault(8).open(ID, &sealed).unwrap_err();
        assert!(matches!(error, VaultError::OtherKey { .. }), "{error}");
        assert!(error.to_string().contains("another key"));
    }

    #[test]
    fn a_key_is_hex_or_base64_and_is_never_shown() {
        let hex_key = "0f".repeat(32);
        let base64 = STANDARD_NO_PAD.encode([15; 32]);
        let ids = [hex_key.clone(), hex_key.to_uppercase(), base64.clone(), format!("{base64}=\n")]
            .map(|text| Vault::load(Some(&text.into()), Path::new("/nonexistent")).unwrap().key_id);
        assert!(ids.iter().all(|id| *id == ids[0]), "{ids:?}");
        let long = "ab".repeat(40);
        let signs = "+f".repeat(32);
        for wrong in ["", "hunter2", &hex_key[1..], &long, &signs, &"é".repeat(32)] {
            let error = Vault::load(Some(&wrong.into()), Path::new("/nonexistent")).unwrap_err();
            assert!(matches!(error, VaultError::BadKey), "{wrong}");
            assert!(wrong.is_empty() || !format!("{error} {error:?}").contains(wrong));
        }
        assert!(!format!("{:?}", vault(15)).contains("15, 15"));
    }

    #[test]
    fn the_key_file_is_made_once_and_for_its_owner_only() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("deep/key");
        let sealed = Vault::load(None, &path).unwrap().seal(ID, &"tok-en".into()).unwrap();
        assert!(Vault::load(None, &path).unwrap().open(ID, &sealed).is_ok());
        assert_eq!(fs::read_dir(path.parent().unwrap()).unwrap().count(), 1, "a draft was left");
        let text = fs::read_to_string(&path).unwrap();
        assert!(Vault::load(Some(&text.into()), &path).unwrap().open(ID, &sealed).is_ok());
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
            assert_eq!(mode(&path), 0o600);
            assert_eq!(mode(path.parent().unwrap()), 0o700);
            fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
            let error = Vault::load(None, &path).unwrap_err().to_string();
            assert!(error.contains(&format!("chmod 600 {}", path.display())), "{error}");
        }
    }

    const CHILD: &str = "HEDGEROW_TEST_CHILD_KEY";

    /// Not a case of its own: the processes that the next case starts run this.
    #[test]
    fn child() {
        let Ok(path) = std::env::var(CHILD) else { return };
        let sealed = Vault::load(None, Path::new(&path)).unwrap().seal(ID, &"tok-en".into());
        println!("sealed={}", sealed.unwrap());
    }

    #[test]
    fn eight_processes_that_need_a_key_at_once_get_the_same() {
        use std::process::{Command, Stdio};
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("deep/key");
        let exe = std::env::current_exe().unwrap();
        let start = |_| {
            let mut child = Command::new(&exe);
            child.args(["--exact", "vault::tests::child", "--nocapture"]).env(CHILD, &path);
            child.stdout(Stdio::piped()).spawn().unwrap()
        };
        for child in (0..8).map(start).collect::<Vec<_>>() {
            let out = child.wait_with_output().unwrap();
            let out = String::from_utf8(out.stdout).unwrap();
            let sealed = out.lines().find_map(|line| line.split_once("sealed=")).unwrap().1;
            assert!(Vault::load(None, &path).unwrap().open(ID, sealed).is_ok());
        }
        assert_eq!(fs::read_dir(path.parent().unwrap()).unwrap().count(), 1, "a draft was left");
    }

    #[test]
    fn a_key_file_without_a_key_is_refused_and_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("key");
        write_synced(&path, &SecretBox::new(Box::new([1; KEY]))).unwrap();
        for wrong in ["".as_bytes(), b"abcd\n", &[0xff; 32], &[b'a'; 5000]] {
            fs::write(&path, wrong).unwrap();
            let error = Vault::load(None, &path).unwrap_err();
            assert!(matches!(error, VaultError::BadKeyFile(_)), "{error}");
            assert_eq!(fs::read(&path).unwrap(), wrong);
        }
    }
}

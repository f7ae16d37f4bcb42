//! Real lists and recordings that may not be copied into this repository. They lie beside
//! a developer's checkout, or where `HEDGEROW_SHARED` says.

use std::path::PathBuf;

/// The folder, or nothing after a note where there is none. On CI it has to be there.
pub fn shared(folder: &str) -> Option<PathBuf> {
    let root = std::env::var_os("HEDGEROW_SHARED").map_or_else(
        || PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../shared")),
        PathBuf::from,
    );
    let path = root.join(folder);
    if path.exists() {
        return Some(path);
    }
    assert!(std::env::var_os("CI").is_none(), "{} is missing", path.display());
    eprintln!("skipped: {} is missing", path.display());
    None
}

//! What a visitor sends: a file, or the file that a page before had carried, and choices.

use std::collections::BTreeSet;

use axum::body::Bytes;
use axum::extract::Multipart;
use axum::extract::multipart::{Field, MultipartError};
use axum::http::StatusCode;
use axum::response::Response;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use crate::block::Level;
use crate::domain::Domain;
use crate::policy::Guard;
use crate::web::page;

/// The largest export there can be: ten times what the largest lists have.
pub const MOST_FILE: usize = 2 << 20;

/// The largest of all other fields.
const MOST_TEXT: usize = 128 << 10;

/// The most fields of a form. A page has a few for each list, and one for each row that somebody
/// ticked.
const MOST_FIELDS: usize = 20_000;

/// An export, under a name that is safe in a header and on a page.
pub struct Upload {
    pub name: String,
    pub bytes: Vec<u8>,
}

/// A form as it arrived. Words that are no words are left out; what a person typed is kept as
/// they typed it, so that it can be shown to them again.
#[derive(Default)]
#[expect(clippy::struct_excessive_bools, reason = "boxes of a form, each ticked or not")]
pub struct Form {
    pub file: Option<Upload>,
    pub file_too_large: bool,
    /// No file was given on purpose: the lists alone become one.
    pub without_file: bool,
    pub lists: Vec<String>,
    pub overwrite: bool,
    /// Leave out what lists ask for more mildly.
    pub only_suspended: bool,
    /// What a list without severities asks for, on an instance.
    pub unsaid_suspended: bool,
    pub server: String,
    pub allow: String,
    pub level: Option<Level>,
    pub overrides: BTreeSet<Guard>,
    pub accept: BTreeSet<Domain>,
    pub except: BTreeSet<Domain>,
    pub lower: BTreeSet<Domain>,
    /// The checksum of the plan that was looked at.
    pub seen: String,
    /// Which of several files is asked for, from 1.
    pub part: usize,
}

impl Form {
    /// Reads a form to its end. `offers` is how many lists there are to choose.
    pub async fn read(mut parts: Multipart, offers: usize) -> Result<Form, Response> {
        let mut form = Form::default();
        let (mut held, mut held_name) = (None, None);
        let (mut fields, mut lists) = (0, 0);
        while let Some(field) = parts.next_field().await.map_err(|error| refused(&error))? {
            fields += 1;
            lists += usize::from(field.name() == Some("list"));
            if fields > MOST_FIELDS || lists > offers {
                return Err(too_many());
            }
            let Some(name) = field.name().map(str::to_owned) else { continue };
            if name == "file" {
                form.take_file(field).await?;
                continue;
            }
            let most = if name == "held" { MOST_FILE / 3 * 4 + 4 } else { MOST_TEXT };
            let bytes = limited(field, most).await?.ok_or_else(page::too_much)?;
            let text = String::from_utf8_lossy(&bytes).into_owned();
            match name.as_str() {
                "held" => held = Some(text),
                "held-name" => held_name = Some(text),
                _ => form.take(&name, text),
            }
        }
        if let (None, false, Some(held), Some(name)) =
            (&form.file, form.file_too_large, held, held_name)
        {
            let bytes = STANDARD.decode(held.trim()).map_err(|_| page::garbled())?;
            form.file = Some(Upload { name: safe(&name), bytes });
        }
        if form.without_file && form.file.is_none() {
            form.overwrite = false;
            let name = match form.level {
                Some(Level::Instance) => "domain_blocks.csv",
                _ => "blocked_domains.csv",
            };
            form.file = Some(Upload { name: name.to_owned(), bytes: Vec::new() });
        }
        Ok(form)
    }

    async fn take_file(&mut self, field: Field<'_>) -> Result<(), Response> {
        let name = field.file_name().unwrap_or_default().to_owned();
        let Some(bytes) = limited(field, MOST_FILE).await? else {
            self.file_too_large = true;
            return Ok(());
        };
        // A browser sends a field without name and content where nothing was chosen.
        if !name.is_empty() || !bytes.is_empty() {
            let name = safe(&name);
            self.file = Some(Upload { name, bytes });
        }
        Ok(())
    }

    fn take(&mut self, name: &str, text: String) {
        let domain = || Domain::parse(&text).ok().map(|parsed| parsed.domain);
        match name {
            "list" if !self.lists.contains(&text) => self.lists.push(text),
            "mode" => self.overwrite = text == "overwrite",
            "only-suspended" => self.only_suspended = true,
            "unsaid-suspended" => self.unsaid_suspended = true,
            "server" => self.server = text,
            "allow" => self.allow = text,
            "without-file" => self.without_file = true,
            "level" => {
                self.level = match text.as_str() {
                    "account" => Some(Level::Account),
                    "instance" => Some(Level::Instance),
                    _ => None,
                }
            }
            "override" => self.overrides.extend(text.parse::<Guard>()),
            "accept" => self.accept.extend(domain()),
            "except" => self.except.extend(domain()),
            "lower" => self.lower.extend(domain()),
            "seen" => self.seen = text,
            "part" => self.part = text.parse().unwrap_or(1),
            _ => {}
        }
    }
}

impl Upload {
    /// As a page carries it: letters that no browser changes on the way, unlike line ends.
    pub fn encoded(&self) -> String {
        STANDARD.encode(&self.bytes)
    }
}

/// The content of a field, or nothing if it is too large; then it is read past.
async fn limited(mut field: Field<'_>, most: usize) -> Result<Option<Vec<u8>>, Response> {
    let mut all = Some(Vec::new());
    while let Some(chunk) = field.chunk().await.map_err(|error| refused(&error))? {
        let chunk: Bytes = chunk;
        all = all.filter(|all| all.len() + chunk.len() <= most);
        if let Some(all) = &mut all {
            all.extend_from_slice(&chunk);
        }
    }
    Ok(all)
}

fn too_many() -> Response {
    page::message(
        StatusCode::PAYLOAD_TOO_LARGE,
        "That is more than the page sends",
        "The form names more lists than there are, or more domains than can be ticked. Nothing was \
         done with it. Start at the front page.",
    )
}

fn refused(error: &MultipartError) -> Response {
    if error.status() == StatusCode::PAYLOAD_TOO_LARGE { page::too_much() } else { page::garbled() }
}

/// The last part of a file's name, in letters that mean nothing anywhere.
fn safe(name: &str) -> String {
    const LONGEST: usize = 60;
    let name = name.rsplit(['/', '\\']).next().unwrap_or_default();
    let stem = name.strip_suffix(".csv").unwrap_or(name);
    let letter = |c: char| if c.is_ascii_alphanumeric() || "._-".contains(c) { c } else { '_' };
    let stem: String = stem.chars().take(LONGEST).map(letter).collect();
    let stem = stem.trim_matches(['.', '_']);
    if stem.is_empty() { "blocked_domains.csv".to_owned() } else { format!("{stem}.csv") }
}

#[cfg(test)]
mod tests {
    use super::safe;

    #[test]
    fn a_files_name_is_safe_in_a_header_and_keeps_its_beginning() {
        for (name, want) in [
            ("blocked_domains.csv", "blocked_domains.csv"),
            ("blocked_domains (1).csv", "blocked_domains__1.csv"),
            ("C:\\fakepath\\x.csv", "x.csv"),
            ("../../etc/passwd", "passwd.csv"),
            ("a\"\r\nSet-Cookie: b", "a___Set-Cookie__b.csv"),
            ("\u{202e}vsc.<script>", "vsc._script.csv"),
            ("...", "blocked_domains.csv"),
        ] {
            assert_eq!(safe(name), want, "{name:?}");
        }
    }
}

//! What servers of Mastodon's family, `GoToSocial` and Misskey answer about their blocks.

use sha2::{Digest, Sha256};

use super::super::error::ReadError;
use super::super::rows::{Row, Rows};
use super::super::{Format, Released};
use super::actions::{Action, Actions, Gathered};
use super::reader::{Reader, Sample, Top};
use super::walk::{Item, is_list, is_text, text};
use crate::block::hex;
use crate::domain::Domain;

/// From this many bare names on, a list may be something else; see [`user_blocks`].
const MANY_NAMES: usize = 1000;

pub(super) fn instance_blocks<'a>(reader: &mut Reader<'a>, top: &Top<'a>) -> Result<(), ReadError> {
    reader.objects(top.piece, |rows, line, item| {
        let domain = item.name("domain");
        let digest = item.text("digest");
        compare_digest(rows, line, &domain, &digest);
        rows.take(&Row {
            line,
            domain: &domain,
            severity: Some(&item.text("severity")),
            public_comment: &item.text("comment"),
            digest: &digest,
            ..Row::default()
        });
    });
    Ok(())
}

/// A digest is there for those who hide the name. Beside a name in clear it can only agree
/// or be wrong.
fn compare_digest(rows: &mut Rows, line: u32, name: &str, digest: &str) {
    let digest = digest.trim();
    if digest.is_empty() {
        return;
    }
    let Ok(parsed) = Domain::parse(name) else { return };
    let is = |name: &str| hex(&Sha256::digest(name)).eq_ignore_ascii_case(digest);
    if !is(parsed.domain.as_str()) && !is(name) {
        let why = "the digest beside it belongs to another name; the name is what counts";
        rows.remark(line, name, why.to_owned());
    }
}

pub(super) fn admin_blocks<'a>(reader: &mut Reader<'a>, top: &Top<'a>) -> Result<(), ReadError> {
    // Allowed domains come in the same shape, and nothing is said about them.
    let allows = !Sample::of(top.piece).has("severity");
    reader.objects(top.piece, |rows, line, item| {
        let domain = item.name("domain");
        let row = Row {
            line,
            domain: &domain,
            severity: Some(&item.text("severity")),
            reject_media: &item.text("reject_media"),
            reject_reports: &item.text("reject_reports"),
            obfuscate: &item.text("obfuscate"),
            public_comment: &item.text("public_comment"),
            private_comment: &item.text("private_comment"),
            ..Row::default()
        };
        if allows && !item.has("severity") {
            rows.release(&row, Released::Allowed);
        } else {
            rows.take(&row);
        }
    });
    Ok(())
}

pub(super) fn user_blocks<'a>(reader: &mut Reader<'a>, top: &Top<'a>) -> Result<(), ReadError> {
    let mut names = 0usize;
    reader.entries(top.piece, |rows, line, item| {
        names += 1;
        if item.is_bare() {
            rows.take(&Row { line, domain: &item.name(""), ..Row::default() });
        } else {
            let why = "an object among names, and nobody knows what it asks for";
            rows.reject(line, &item.name("domain"), why.to_owned());
        }
    });
    if names > MANY_NAMES {
        reader.remark(
            "a server's list of all the servers it knows looks just like this; make sure that \
             these are blocks",
        );
    }
    Ok(())
}

/// `GoToSocial` knows no severity but `suspend`, and newer versions say so.
pub(super) fn gotosocial<'a>(reader: &mut Reader<'a>, top: &Top<'a>) -> Result<(), ReadError> {
    let sample = Sample::of(top.piece);
    let is_public = sample.has("suspended_at");
    reader.objects(top.piece, |rows, line, item| {
        let domain = item.name("domain");
        let severity = item.text("severity");
        let severity = if severity.is_empty() { "suspend" } else { &severity };
        let comment = if item.has("public_comment") { "public_comment" } else { "comment" };
        let row = Row {
            line,
            domain: &domain,
            severity: Some(severity),
            obfuscate: &item.text("obfuscate"),
            public_comment: &item.text(comment),
            private_comment: &item.text("private_comment"),
            ..Row::default()
        };
        let permission = item.text("permission_type");
        if permission == "allow" {
            rows.release(&row, Released::Allowed);
        } else if is_public && item.get("suspended_at").is_none() {
            let why = "known to the server and not blocked by it";
            rows.reject(line, &domain, why.to_owned());
        } else {
            rows.take(&row);
        }
    });
    if !is_public && !sample.has_any(&["severity", "permission_type"]) {
        reader.remark(
            "GoToSocial writes the servers that it allows in just the same way; make sure that \
             these are blocks",
        );
    }
    Ok(())
}

/// The servers that an instance knows, with flags, or the lists in its settings.
pub(super) fn misskey<'a>(reader: &mut Reader<'a>, top: &Top<'a>) -> Result<(), ReadError> {
    if is_list(top.piece) {
        reader.objects(top.piece, known_instance);
        return Ok(());
    }
    let mut gathered = Gathered::default();
    let mut found = false;
    for (name, action) in [
        ("blockedHosts", Action::Suspend),
        ("silencedHosts", Action::Silence),
        ("mediaSilencedHosts", Action::RejectMedia),
    ] {
        let Some(hosts) = top.item.get(name) else { continue };
        found = true;
        if is_text(hosts) {
            // Settings pages show the list as text, one name a line.
            let line = reader.line(hosts);
            for host in text(hosts).lines().filter(|host| !host.trim().is_empty()) {
                gathered.add(line, host.to_owned().into(), action, "".into());
            }
            continue;
        }
        reader.entries(hosts, |_, line, item| {
            gathered.add(line, item.name("host"), action, "".into());
        });
    }
    if !found {
        return Err(ReadError::NotThisFormat { format: Format::Misskey });
    }
    gathered.take_all(&mut reader.rows);
    if let Some(allowed) = top.item.get("allowedHosts") {
        reader.entries(allowed, |rows, line, item| {
            let row = Row { line, domain: &item.name("host"), ..Row::default() };
            rows.release(&row, Released::Allowed);
        });
    }
    Ok(())
}

fn known_instance(rows: &mut Rows, line: u32, item: &Item<'_>) {
    let host = item.name("host");
    let actions: Actions = [
        ("isBlocked", Action::Suspend),
        ("isSilenced", Action::Silence),
        ("isMediaSilenced", Action::RejectMedia),
        ("rejectReports", Action::RejectReports),
    ]
    .into_iter()
    .filter_map(|(flag, action)| item.is(flag).then_some(action))
    .collect();
    if actions.is_empty() {
        let why = if item.is("isSuspended") {
            "nothing is sent to it there; what comes from it is not blocked"
        } else {
            "known to the server and neither blocked nor silenced by it"
        };
        return rows.reject(line, &host, why.to_owned());
    }
    let note = item.text("moderationNote");
    rows.take(&Row { private_comment: &note, ..actions.row(line, &host) });
}

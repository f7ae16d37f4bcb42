//! What servers of Mastodon's family, `GoToSocial` and Misskey answer about their blocks.

use sha2::{Digest, Sha256};

use super::super::actions::{Action, Actions, Gathered};
use super::super::error::ReadError;
use super::super::rows::{Row, Rows};
use super::super::{Format, Released};
use super::reader::{Reader, Sample, Top};
use super::walk::{Item, Piece, is_list, is_text, text};
use crate::block::hex;
use crate::domain::Domain;

/// From this many bare names on, a list may be something else; see [`user_blocks`].
const MANY_NAMES: usize = 1000;

pub(super) fn instance_blocks<'a>(reader: &mut Reader<'a>, list: Piece<'a>) {
    reader.objects(list, |rows, line, item| {
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

pub(super) fn admin_blocks<'a>(reader: &mut Reader<'a>, list: Piece<'a>) {
    // Allowed domains come in the same shape, and nothing is said about them.
    let allows = !Sample::of(list).has("severity");
    reader.objects(list, |rows, line, item| {
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
}

pub(super) fn user_blocks<'a>(reader: &mut Reader<'a>, list: Piece<'a>) {
    let mut names = 0usize;
    reader.entries(list, |rows, line, item| {
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
            "a server\u{2019}s list of all the servers it knows looks just like this; make sure that \
             these are blocks",
        );
    }
}

/// `GoToSocial` knows no severity but `suspend`, and newer versions say so.
pub(super) fn gotosocial<'a>(reader: &mut Reader<'a>, list: Piece<'a>) {
    let sample = Sample::of(list);
    let is_public = sample.has("suspended_at");
    reader.objects(list, |rows, line, item| {
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

#[cfg(test)]
mod tests {
    use super::super::tests::{comments, document, entries, rejected, releases, remarks};
    use super::*;

    /// SHA-256 of `bad.example`.
    const DIGEST: &str = "86bbe8ffb912a153c9a8b396246aeeae079cd324af4dd947a2bf59a698eabc62";

    #[test]
    fn hidden_names_keep_their_digest_and_wrong_digests_are_pointed_out() {
        let row = |domain: &str, digest: &str| {
            format!(r#"{{"domain":"{domain}","digest":"{digest}","severity":"limit"}}"#)
        };
        let read = document(&format!(
            "[{},\n{},\n{}]",
            row("b**.example", DIGEST),
            row("BAD.example", DIGEST),
            row("good.example", "00")
        ));
        assert_eq!(read.format, Format::InstanceBlocks);
        assert_eq!(entries(&read), ["bad.example silence", "good.example silence"]);
        let [hidden] = &read.hidden[..] else { panic!("{read:?}") };
        assert_eq!((&*hidden.masked, hidden.digest.as_deref()), ("b**.example", Some(DIGEST)));
        assert_eq!(remarks(&read).len(), 1, "{read:?}");
        let remark = read.problems.iter().find(|p| p.why.contains("digest")).unwrap();
        assert_eq!((remark.line, &*remark.value), (3, "good.example"));
    }

    #[test]
    fn a_block_without_a_known_severity_is_no_block() {
        let read = document(
            r#"[{"domain":"a.example","severity":"noop","comment":"x"},
                {"domain":"b.example","severity":null},
                {"domain":"c.example"},
                {"domain":"d.example","severity":"susped"},
                "e.example"]"#,
        );
        assert_eq!((entries(&read), comments(&read)), (vec!["a.example noop".into()], vec!["x"]));
        assert_eq!(rejected(&read), ["b.example", "c.example", "d.example", "e.example"]);
    }

    #[test]
    fn the_admin_api_says_everything() {
        let read = document(
            r#"[{"id":"7","domain":"a.example","severity":"silence","reject_media":true,
                 "reject_reports":false,"private_comment":"ticket 4","public_comment":"spam",
                 "obfuscate":true}]"#,
        );
        assert_eq!(entries(&read), ["a.example silence m"]);
        let [entry] = &read.entries[..] else { panic!("{read:?}") };
        assert_eq!((entry.reject_reports, entry.obfuscate), (Some(false), Some(true)));
        assert_eq!(entry.private_comment.as_deref(), Some("ticket 4"));
        assert_eq!(entry.public_comment.as_deref(), Some("spam"));
    }

    #[test]
    fn domains_that_a_server_allows_are_not_blocked() {
        let read = document(r#"[{"id":"7","domain":"a.example","created_at":"2026-01-01"}]"#);
        assert_eq!((entries(&read), releases(&read)), (vec![], vec!["a.example Allowed".into()]));
        assert_eq!(read.for_blocking(), Err(ReadError::Allowlist));
        let read = document(
            r#"[{"domain":"a.example","permission_type":"allow"},
                {"domain":"b.example","permission_type":"block"}]"#,
        );
        assert_eq!(entries(&read), ["b.example suspend"]);
        assert_eq!(releases(&read), ["a.example Allowed"]);
    }

    #[test]
    fn gotosocial_suspends_and_says_nothing_of_severities() {
        let read = document(
            r#"[{"domain":"a.example","suspended_at":"x","comment":"spam"},
                {"domain":"b.example","comment":"a friend"},
                {"domain":"c.example","suspended_at":"x","severity":"silence"},
                {"domain":"d.example","suspended_at":"x","severity":"odd"}]"#,
        );
        assert_eq!(read.format, Format::Gotosocial);
        assert_eq!(entries(&read), ["a.example suspend", "c.example silence"]);
        assert_eq!(comments(&read), ["spam", ""]);
        assert_eq!(rejected(&read), ["b.example", "d.example"]);
        let export = document(r#"[{"domain":"a.example","public_comment":"spam"}]"#);
        assert_eq!(entries(&export), ["a.example suspend"]);
        assert!(remarks(&export)[0].contains("allows in just the same way"), "{export:?}");
    }

    #[test]
    fn very_many_bare_names_may_be_all_that_a_server_knows() {
        let names =
            |count: usize| -> Vec<_> { (0..count).map(|n| format!("\"n{n}.example\"")).collect() };
        let read = |count| document(&format!("[{}]", names(count).join(",")));
        assert_eq!(remarks(&read(1000)), [""; 0]);
        assert!(remarks(&read(1001))[0].contains("all the servers it knows"));
        let read = document(&format!("[{},{{\"domain\":\"b.example\"}}]", names(20).join(",")));
        assert_eq!((read.counts.taken, rejected(&read)), (20, vec!["b.example"]));
    }

    #[test]
    fn misskey_lists_servers_that_are_not_blocked_too() {
        let read = document(
            r#"[{"host":"a.example","isBlocked":true,"isSilenced":true,"moderationNote":"why"},
                {"host":"b.example","isBlocked":false,"isSilenced":true},
                {"host":"c.example","isMediaSilenced":true,"rejectReports":true},
                {"host":"d.example","isBlocked":false,"isSuspended":true},
                {"host":"e.example","isBlocked":"true"}]"#,
        );
        assert_eq!(entries(&read), ["a.example suspend", "b.example silence", "c.example noop mr"]);
        assert_eq!(read.entries[0].private_comment.as_deref(), Some("why"));
        assert_eq!(rejected(&read), ["d.example", "e.example"]);
    }

    #[test]
    fn misskey_settings_name_a_server_once_for_each_of_its_lists() {
        let read = document(
            r#"{"name":"x","mediaSilencedHosts":["b.example"],
                "blockedHosts":"a.example\n\nb.example\na.example",
                "silencedHosts":["c.example"],"allowedHosts":["d.example"]}"#,
        );
        assert_eq!(
            entries(&read),
            ["a.example suspend", "b.example suspend m", "c.example silence"]
        );
        assert_eq!(releases(&read), ["d.example Allowed"]);
        assert_eq!(read.counts.duplicates, 1);
    }
}

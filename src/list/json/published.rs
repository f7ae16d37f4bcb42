//! Lists that are published as such, and backups of other programs.

use super::super::actions::{Action, Gathered};
use super::super::error::ReadError;
use super::super::rows::{Row, Rows};
use super::super::{Format, Released};
use super::reader::{Reader, Top};
use super::walk::{Item, Piece, at, is_text, members, text, with_tags};

/// Signed, and with retractions: `isBlocked` is `false` for a server that was blocked once.
pub(super) fn rapidblock<'a>(reader: &mut Reader<'a>, top: &Top<'a>) -> Result<(), ReadError> {
    let blocks = top.need("blocks", Format::Rapidblock)?;
    for (domain, piece) in members(blocks) {
        let line = reader.line(piece);
        let rows = &mut reader.rows;
        let Some(item) = Item::of(piece).filter(|item| item.has("isBlocked")) else {
            rows.reject(line, &domain, "it is not said whether it is blocked".to_owned());
            continue;
        };
        let comment = with_tags(item.text("reason"), item.text("tags"));
        let row = Row { line, domain: &domain, public_comment: &comment, ..Row::default() };
        match &*item.text("isBlocked") {
            "true" => rows.take(&Row { severity: Some("suspend"), ..row }),
            "false" => rows.release(&row, Released::Retracted),
            _ => rows.reject(line, &domain, "it is not said whether it is blocked".to_owned()),
        }
        if rows.is_full() {
            break;
        }
    }
    Ok(())
}

/// How hard to block is said by which of the files a server stands in, and so not here.
pub(super) fn chaos<'a>(reader: &mut Reader<'a>, list: Piece<'a>) {
    reader.objects(list, |rows, line, item| {
        let comment = ["comment_en", "comment_de"].map(|name| item.text(name));
        let [en, de] = comment;
        let comment = with_tags(if en.trim().is_empty() { de } else { en }, item.text("tags"));
        let domain = item.name("instance");
        rows.take(&Row { line, domain: &domain, public_comment: &comment, ..Row::default() });
    });
}

pub(super) fn bookwyrm<'a>(reader: &mut Reader<'a>, list: Piece<'a>) {
    reader.objects(list, |rows, line, item| {
        let (domain, url) = (item.name("instance"), item.text("url"));
        rows.take(&Row { line, domain: &domain, public_comment: &url, ..Row::default() });
    });
}

/// A log in which the last word on a server counts, of `PeerTube` or of its auto-mute
/// plugin, or the servers that a `PeerTube` mutes.
pub(super) fn peertube<'a>(reader: &mut Reader<'a>, top: &Top<'a>) -> Result<(), ReadError> {
    if let Some(actions) = top.item.get("actions") {
        reader.objects(actions, |rows, line, item| {
            log_entry(rows, line, &item.name("target"), &item.text("type"), ["block", "unblock"]);
        });
        return Ok(());
    }
    reader.objects(top.need("data", Format::PeertubeLog)?, |rows, line, item| {
        if let Some(server) = item.get("blockedServer") {
            let host = at(server, &["host"]).filter(|host| is_text(host)).map(text);
            let domain = host.unwrap_or_default();
            return rows.take(&Row { line, domain: &domain, ..Row::default() });
        }
        log_entry(rows, line, &item.name("value"), &item.text("action"), ["add", "remove"]);
    });
    Ok(())
}

fn log_entry(rows: &mut Rows, line: u32, name: &str, action: &str, [add, remove]: [&str; 2]) {
    if name.contains('@') {
        let why = "this is an account, not a server; a domain block would hit everyone there";
        return rows.reject(line, name, why.to_owned());
    }
    let row = Row { line, domain: name, ..Row::default() };
    if action == add {
        rows.take(&row);
    } else if action == remove {
        rows.release(&row, Released::Retracted);
    } else {
        rows.reject(line, name, format!("the log says neither \"{add}\" nor \"{remove}\" here"));
    }
}

/// Three lists, of which the third has no counterpart.
pub(super) fn pixelfed<'a>(reader: &mut Reader<'a>, top: &Top<'a>) -> Result<(), ReadError> {
    let mut gathered = Gathered::default();
    top.need("banned", Format::Pixelfed)?;
    for (name, action) in [("banned", Action::Suspend), ("unlisted", Action::Silence)] {
        let Some(list) = top.item.get(name) else { continue };
        reader.entries(list, |_, line, item| {
            gathered.add(line, item.name("domain"), action, "".into());
        });
    }
    gathered.take_all(&mut reader.rows);
    if let Some(list) = top.item.get("auto_cw") {
        reader.entries(list, |rows, line, item| {
            let why = "its posts only get a content warning there, and a block cannot do that";
            rows.reject(line, &item.name("domain"), why.to_owned());
        });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::tests::{comments, document, entries, rejected, releases};

    #[test]
    fn rapidblock_takes_blocks_back() {
        let read = document(
            r#"{"@spec":"x","publishedAt":"y","blocks":{
                "a.example":{"isBlocked":true,"reason":"spam","tags":["malware","racism"]},
                "b.example":{"isBlocked":false,"reason":"cleaned up","tags":[]},
                "c.example":{"isBlocked":true,"reason":"","tags":["malware"]},
                "d.example":{"isBlocked":"yes"},"e.example":{},"f.example":true}}"#,
        );
        assert_eq!(entries(&read), ["a.example suspend", "c.example suspend"]);
        assert_eq!(comments(&read), ["spam (malware, racism)", "malware"]);
        assert_eq!(releases(&read), ["b.example Retracted"]);
        assert_eq!(read.releases[0].reason.as_deref(), Some("cleaned up"));
        assert_eq!(read.releases[0].line, 3);
        assert_eq!(rejected(&read), ["d.example", "e.example", "f.example"]);
    }

    #[test]
    fn chaos_gives_tags_and_comments_and_no_severity() {
        let read = document(
            r#"[{"instance":"\u0005a.example","tags":["spam"],"receipts":[],"comment_en":"ads"},
                {"instance":"b.example","tags":[],"comment_en":"","comment_de":"Werbung"},
                {"instance":"gab.example/.x","tags":["spam"]}]"#,
        );
        assert_eq!(entries(&read), ["a.example -", "b.example -"]);
        assert_eq!(comments(&read), ["ads (spam)", "Werbung"]);
        assert_eq!((read.counts.repaired, rejected(&read)), (1, vec!["gab.example/.x"]));
    }

    #[test]
    fn bookwyrm_gives_an_address_to_read_more() {
        let read = document(r#"[{"instance":"a.example","url":"https://x.example/why"}]"#);
        assert_eq!(
            (entries(&read), comments(&read)),
            (vec!["a.example -".into()], vec!["https://x.example/why"])
        );
    }

    #[test]
    fn the_last_word_of_a_log_counts() {
        for (json, odd) in [
            (
                r#"{"name":"x","actions":[
                    {"type":"block","target":"a.example"},{"type":"unblock","target":"a.example"},
                    {"type":"unblock","target":"b.example"},{"type":"block","target":"b.example"},
                    {"type":"block","target":"who@c.example"},{"type":"mute","target":"d.example"}]}"#,
                "d.example",
            ),
            (
                r#"{"data":[
                    {"action":"add","value":"a.example"},{"action":"remove","value":"a.example"},
                    {"action":"remove","value":"b.example"},{"action":"add","value":"b.example"},
                    {"action":"add","value":"who@c.example"},{"value":"e.example"}]}"#,
                "e.example",
            ),
        ] {
            let read = document(json);
            assert_eq!(entries(&read), ["b.example -"], "{json}");
            assert_eq!(releases(&read), ["a.example Retracted"], "{json}");
            assert_eq!(rejected(&read), ["who@c.example", odd], "{json}");
            assert_eq!(read.counts.duplicates, 2, "{json}");
        }
        let muted =
            r#"{"total":1,"data":[{"blockedServer":{"host":"a.example"},"createdAt":"x"}]}"#;
        assert_eq!(entries(&document(muted)), ["a.example -"]);
    }

    #[test]
    fn a_backup_of_pixelfed_has_three_lists() {
        let read = document(
            r#"{"version":1,"auto_cw":["c.example"],"unlisted":["b.example","a.example"],
                "banned":["a.example"],"created_at":"x","_sha256":"y"}"#,
        );
        assert_eq!(entries(&read), ["a.example suspend", "b.example silence"]);
        assert_eq!((rejected(&read), read.counts.duplicates), (vec!["c.example"], 0));
    }
}

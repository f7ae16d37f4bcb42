//! Lists that are published as such, and backups of other programs.

use super::super::error::ReadError;
use super::super::rows::{Row, Rows};
use super::super::{Format, Released};
use super::actions::{Action, Gathered};
use super::reader::{Reader, Top};
use super::walk::{Item, at, is_text, members, text, with_tags};

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
pub(super) fn chaos<'a>(reader: &mut Reader<'a>, top: &Top<'a>) -> Result<(), ReadError> {
    reader.objects(top.piece, |rows, line, item| {
        let comment = ["comment_en", "comment_de"].map(|name| item.text(name));
        let [en, de] = comment;
        let comment = with_tags(if en.trim().is_empty() { de } else { en }, item.text("tags"));
        let domain = item.name("instance");
        rows.take(&Row { line, domain: &domain, public_comment: &comment, ..Row::default() });
    });
    Ok(())
}

pub(super) fn bookwyrm<'a>(reader: &mut Reader<'a>, top: &Top<'a>) -> Result<(), ReadError> {
    reader.objects(top.piece, |rows, line, item| {
        let (domain, url) = (item.name("instance"), item.text("url"));
        rows.take(&Row { line, domain: &domain, public_comment: &url, ..Row::default() });
    });
    Ok(())
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

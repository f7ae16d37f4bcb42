//! What a JSON document is, by its shape and the names of its members.

use super::super::Format;
use super::super::error::ReadError;
use super::collection;
use super::pleroma;
use super::reader::{Sample, Top};
use super::walk::{Item, Piece, at, elements, is_list, is_object, is_text, text};

pub(super) fn of(top: &Top<'_>) -> Result<Format, ReadError> {
    let format = if is_list(top.piece) {
        list(top.piece)?
    } else {
        match object(&top.item) {
            Some(format) => Some(format),
            None => no_list(top)?,
        }
    };
    format.ok_or(ReadError::Json { says: None })
}

fn list(list: Piece<'_>) -> Result<Option<Format>, ReadError> {
    let sample = Sample::of(list);
    if elements(list).next().is_none() {
        return Err(ReadError::NoRows);
    }
    if sample.is_bare() {
        return Ok(Some(Format::UserBlocks));
    }
    if sample.has_any(&["acct", "username", "preferredUsername"]) {
        return Err(ReadError::FollowList);
    }
    if sample.has("host") {
        let flags = ["isBlocked", "isSilenced", "isMediaSilenced", "isSuspended"];
        return Ok(sample.has_any(&flags).then_some(Format::Misskey));
    }
    if sample.has("domain") {
        return domains(&sample);
    }
    if is_lemmy(&sample) {
        return Ok(Some(Format::Lemmy));
    }
    if sample.any(|item| item.get("instance").is_some_and(is_text)) {
        if sample.has_any(&["tags", "receipts", "comment_en", "comment_de"]) {
            return Ok(Some(Format::Chaos));
        }
        return Ok(sample.has("url").then_some(Format::Bookwyrm));
    }
    Ok(None)
}

/// Lists of objects that have a `domain`.
fn domains(sample: &Sample<'_>) -> Result<Option<Format>, ReadError> {
    if sample.has("history") {
        return Err(ReadError::OtherExport { what: "a list of e-mail domains" });
    }
    // Without a word about any of them, these may be all servers that a server knows.
    let format = if sample.has_any(&["suspended_at", "created_by", "permission_type"]) {
        Some(Format::Gotosocial)
    } else if sample.has("severity") {
        let admin = ["id", "created_at", "reject_media", "private_comment", "obfuscate"];
        Some(if sample.has_any(&admin) { Format::AdminBlocks } else { Format::InstanceBlocks })
    } else if sample.has_any(&["public_comment", "private_comment", "obfuscate"]) {
        Some(Format::Gotosocial)
    } else if sample.has("id") && sample.has("created_at") {
        // What a server allows, which the reader knows as such.
        Some(Format::AdminBlocks)
    } else {
        None
    };
    Ok(format)
}

/// The rows of Lemmy 1.0.
fn is_lemmy(sample: &Sample<'_>) -> bool {
    sample.any(|item| item.get("instance").is_some_and(is_object))
        && sample.has_any(&["blocked", "allowed", "queue_state", "site"])
}

fn object(top: &Item<'_>) -> Option<Format> {
    let list = |name: &str| top.get(name).filter(|piece| is_list(piece));
    if top.has("federated_instances") || list("blocked_instances").is_some() {
        return Some(Format::Lemmy);
    }
    let is_page = |items| is_lemmy(&Sample::of(items)) || elements(items).next().is_none();
    if list("items").is_some_and(is_page) && !top.has("type") {
        return Some(Format::Lemmy);
    }
    if list("configs").is_some() {
        return Some(Format::PleromaAdmin);
    }
    if top.has_any(&["blockedHosts", "silencedHosts", "mediaSilencedHosts"]) {
        return Some(Format::Misskey);
    }
    if top.get("blocks").is_some_and(is_object) && top.has_any(&["@spec", "publishedAt"]) {
        return Some(Format::Rapidblock);
    }
    if list("actions").is_some() {
        return Some(Format::PeertubeLog);
    }
    if list("data").is_some_and(|data| Sample::of(data).has_any(&["value", "blockedServer"])) {
        return Some(Format::PeertubeLog);
    }
    if list("banned").is_some() && top.has_any(&["unlisted", "auto_cw"]) {
        return Some(Format::Pixelfed);
    }
    if list("banned_instances").is_some() {
        return Some(Format::Piefed);
    }
    if let Some(instances) = list("instances") {
        return instances_of(&Sample::of(instances), top);
    }
    if list("domains").is_some() || top.get("csv").is_some_and(is_text) {
        return Some(Format::Fediseer);
    }
    pleroma::policies(top).map(|_| Format::PleromaNodeinfo)
}

fn instances_of(sample: &Sample<'_>, top: &Item<'_>) -> Option<Format> {
    let judged = ["censure_reasons", "censure_count", "hesitation_reasons", "hesitation_count"];
    if sample.has_any(&judged) || top.has("total") {
        return Some(Format::Fediseer);
    }
    let known = sample.has("domain") && !sample.has_any(&["endorsements", "guarantor"]);
    (sample.is_empty() || known || sample.is_bare()).then_some(Format::Mbin)
}

/// Documents that are certainly something else, with what to do about it.
fn no_list(top: &Top<'_>) -> Result<Option<Format>, ReadError> {
    let item = &top.item;
    let kind = item.text("type");
    if item.get("endpoints").is_some_and(is_object) || kind == "Dataset" || kind == "Label" {
        return Err(collection::DATASET);
    }
    if at(top.piece, &["dataset", "endpoints"]).is_some() {
        return Err(collection::DATASET);
    }
    if kind.ends_with("Collection") || kind.ends_with("CollectionPage") {
        return collection::kind(top).map(Some);
    }
    if item.has("software") && item.has_any(&["protocols", "usage", "metadata"])
        || item.has("version") && item.has("title") && item.has_any(&["uri", "domain"])
    {
        return Err(ReadError::NotItself {
            what: "what a server says about itself, without its blocks",
            next: "this server does not publish its blocks here; most that do have them at \
                   /api/v1/instance/domain_blocks",
        });
    }
    if item.get("links").is_some_and(|links| Sample::of(links).has("rel")) {
        return Err(ReadError::NotItself {
            what: "a table of contents of what a server says about itself",
            next: "use one of the addresses in it",
        });
    }
    if item.has_any(&["acct", "preferredUsername"]) {
        return Err(ReadError::FollowList);
    }
    let says = item.get("error").or_else(|| item.get("message"));
    match says {
        Some(error) if is_object(error) => {
            let message = at(error, &["message"]).filter(|message| is_text(message));
            Err(ReadError::Json { says: message.map(|message| text(message).into_owned()) })
        }
        Some(error) if is_text(error) => {
            Err(ReadError::Json { says: Some(text(error).into_owned()) })
        }
        _ => Ok(None),
    }
}

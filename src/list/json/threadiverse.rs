//! What Lemmy, Mbin, `PieFed` and those who watch over them publish.

use super::super::error::ReadError;
use super::super::rows::{Row, Rows};
use super::super::{Format, Released};
use super::reader::{Reader, Top};
use super::walk::{Item, Piece, at, is_list, is_object, is_text, text};

/// Three shapes over the years: lists of names, lists of objects, and pages of servers of
/// which each says whether it is blocked. Servers that are only linked are no rows.
pub(super) fn lemmy<'a>(reader: &mut Reader<'a>, top: &Top<'a>) -> Result<(), ReadError> {
    if is_list(top.piece) {
        reader.objects(top.piece, federated_instance);
        return Ok(());
    }
    if let Some(page) = top.item.get("items") {
        reader.objects(page, federated_instance);
        if top.item.get("next_page").is_some() {
            reader.remark("one page of several: the server has more, which are not in here");
        }
        return Ok(());
    }
    let (blocked, allowed) = match top.item.get("federated_instances") {
        Some(views) if is_list(views) => {
            reader.objects(views, federated_instance);
            return Ok(());
        }
        Some(lists) => (at(lists, &["blocked"]), at(lists, &["allowed"])),
        // A person's own blocks, in the export of their settings.
        None => (top.item.get("blocked_instances"), None),
    };
    if blocked.is_none() && !top.item.has("federated_instances") {
        return Err(ReadError::NotThisFormat { format: Format::Lemmy });
    }
    if let Some(allowed) = allowed {
        reader.entries(allowed, |rows, line, item| release(rows, line, &item.name("domain")));
    }
    if let Some(blocked) = blocked {
        reader.entries(blocked, |rows, line, item| block(rows, line, &item.name("domain"), ""));
    }
    Ok(())
}

/// A server as Lemmy 1.0 lists it.
fn federated_instance(rows: &mut Rows, line: u32, item: &Item<'_>) {
    let domain = item.get("instance").and_then(|instance| at(instance, &["domain"]));
    let domain = domain.filter(|domain| is_text(domain)).map(text).unwrap_or_default();
    if item.get("blocked").is_some_and(is_object) {
        block(rows, line, &domain, "");
    } else if item.get("allowed").is_some_and(is_object) {
        release(rows, line, &domain);
    } else {
        rows.reject(line, &domain, "known to the server and not blocked by it".to_owned());
    }
}

/// These servers know one way to block, and that cuts all contact.
fn block(rows: &mut Rows, line: u32, domain: &str, public_comment: &str) {
    rows.take(&Row { line, domain, severity: Some("suspend"), public_comment, ..Row::default() });
}

fn release(rows: &mut Rows, line: u32, domain: &str) {
    rows.release(&Row { line, domain, ..Row::default() }, Released::Allowed);
}

pub(super) fn mbin<'a>(reader: &mut Reader<'a>, top: &Top<'a>) -> Result<(), ReadError> {
    let list = top.need("instances", Format::Mbin)?;
    reader.entries(list, |rows, line, item| block(rows, line, &item.name("domain"), ""));
    reader.remark(
        "Mbin gives the servers that it speaks with in the same form; make sure that the address \
         ends in /api/defederated",
    );
    Ok(())
}

pub(super) fn piefed<'a>(reader: &mut Reader<'a>, top: &Top<'a>) -> Result<(), ReadError> {
    let banned = top.need("banned_instances", Format::Piefed)?;
    reader.entries(banned, |rows, line, item| {
        block(rows, line, &item.name("domain"), &item.text("reason"));
    });
    for (name, member, why) in [
        (
            "banned_domains",
            "domain",
            "links to it may not be posted there; it is not blocked itself",
        ),
        ("banned_tags", "name", "a hashtag, not a server"),
        ("banned_users", "name", "an account, not a server"),
    ] {
        let Some(list) = top.item.get(name) else { continue };
        reader.entries(list, |rows, line, item| {
            rows.reject(line, &item.name(member), why.to_owned());
        });
    }
    Ok(())
}

/// Censures and hesitations, with reasons or as bare names. A censure is an opinion and
/// says nothing about how hard to block.
pub(super) fn fediseer<'a>(reader: &mut Reader<'a>, top: &Top<'a>) -> Result<(), ReadError> {
    if let Some(instances) = top.item.get("instances") {
        reader.entries(instances, judged);
        return Ok(());
    }
    if let Some(domains) = top.item.get("domains") {
        reader.entries(domains, |rows, line, item| opinion(rows, line, &item.name("domain"), ""));
    } else {
        joined(reader, top.need("csv", Format::Fediseer)?);
    }
    reader.remark(
        "Fediseer gives the servers that it trusts in the same form; make sure that the address \
         asks for censures",
    );
    Ok(())
}

fn judged(rows: &mut Rows, line: u32, item: &Item<'_>) {
    let domain = item.name("domain");
    let reasons = ["censure_reasons", "hesitation_reasons"];
    let Some(reasons) = reasons.into_iter().find(|name| item.has(name)) else {
        if item.has_any(&["censure_count", "hesitation_count"]) {
            return opinion(rows, line, &domain, "");
        }
        let why = "named without a censure, so perhaps because it is trusted";
        return rows.reject(line, &domain, why.to_owned());
    };
    opinion(rows, line, &domain, &item.text(reasons));
}

fn opinion(rows: &mut Rows, line: u32, domain: &str, public_comment: &str) {
    rows.take(&Row { line, domain, public_comment, ..Row::default() });
}

/// Names with commas between them, in one string.
fn joined<'a>(reader: &mut Reader<'a>, csv: Piece<'a>) {
    let line = reader.line(csv);
    for name in text(csv).split(',').filter(|name| !name.trim().is_empty()) {
        opinion(&mut reader.rows, line, name, "");
        if reader.rows.is_full() {
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{comments, document, entries, rejected, releases, remarks};

    #[test]
    fn lemmy_links_far_more_servers_than_it_blocks() {
        for json in [
            r#"{"federated_instances":{"linked":[{"domain":"l.example"}],"allowed":[{"domain":"a.example"}],
                "blocked":[{"id":7,"domain":"b.example"}]}}"#,
            r#"{"federated_instances":{"linked":["l.example"],"allowed":["a.example"],
                "blocked":["b.example"]}}"#,
        ] {
            let read = document(json);
            assert_eq!(entries(&read), ["b.example suspend"], "{json}");
            assert_eq!(releases(&read), ["a.example Allowed"], "{json}");
            assert_eq!(read.counts.rows(), 2, "{json}");
        }
        let own = document(r#"{"bio":null,"blocked_users":[],"blocked_instances":["b.example"]}"#);
        assert_eq!(entries(&own), ["b.example suspend"]);
    }

    #[test]
    fn a_page_of_lemmy_says_of_each_server_what_it_is() {
        let views = r#"[{"instance":{"id":1,"domain":"b.example"},"blocked":{"instance_id":1}},
            {"instance":{"id":2,"domain":"a.example"},"allowed":{"instance_id":2}},
            {"instance":{"id":3,"domain":"l.example"},"blocked":null},
            {"instance":3,"blocked":{}}]"#;
        for json in [
            format!(r#"{{"items":{views},"next_page":"P1"}}"#),
            format!(r#"{{"federated_instances":{views}}}"#),
            views.to_owned(),
        ] {
            let read = document(&json);
            assert_eq!(entries(&read), ["b.example suspend"], "{json}");
            assert_eq!(releases(&read), ["a.example Allowed"], "{json}");
            assert_eq!(rejected(&read), ["l.example", ""], "{json}");
            let paged = json.contains("next_page");
            assert_eq!(remarks(&read).iter().any(|r| r.contains("one page")), paged, "{json}");
        }
    }

    #[test]
    fn mbin_is_read_with_a_warning() {
        let read =
            document(r#"{"instances":[{"domain":"a.example","software":null},"b.example"]}"#);
        assert_eq!(entries(&read), ["a.example suspend", "b.example suspend"]);
        assert!(remarks(&read)[0].contains("/api/defederated"), "{read:?}");
    }

    #[test]
    fn piefed_bans_links_tags_and_people_too() {
        let read = document(
            r#"{"banned_instances":["a.example",{"domain":"b.example","reason":"spam"}],
                "banned_domains":["news.example"],"banned_tags":[{"name":"tag"}],
                "banned_users":["who@c.example"]}"#,
        );
        assert_eq!(entries(&read), ["a.example suspend", "b.example suspend"]);
        assert_eq!(comments(&read), ["", "spam"]);
        assert_eq!(rejected(&read), ["news.example", "tag", "who@c.example"]);
    }

    #[test]
    fn a_censure_is_an_opinion_without_a_severity() {
        let read = document(
            r#"{"instances":[
                {"domain":"a.example","censure_reasons":["csam,spam",null,"hate"],"endorsements":0},
                {"domain":"b.example","hesitation_reasons":[null]},
                {"domain":"c.example","censure_count":2},
                {"domain":"d.example","endorsements":4}],"total":4}"#,
        );
        assert_eq!(entries(&read), ["a.example -", "b.example -", "c.example -"]);
        assert_eq!(comments(&read), ["csam,spam, hate", "", ""]);
        assert_eq!(rejected(&read), ["d.example"]);
        for json in
            [r#"{"csv":"a.example, b.example,"}"#, r#"{"domains":["a.example","b.example"]}"#]
        {
            let read = document(json);
            assert_eq!(entries(&read), ["a.example -", "b.example -"], "{json}");
            assert!(remarks(&read)[0].contains("asks for censures"), "{json}");
        }
    }
}

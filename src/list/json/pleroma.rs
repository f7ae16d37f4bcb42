//! What Pleroma and Akkoma do to servers: their `mrf_simple`, in public documents and in
//! the settings that administrators can read.

use std::borrow::Cow;

use hashbrown::HashMap;

use super::super::actions::Gathered;
use super::super::error::ReadError;
use super::super::pleroma::{self, ACCEPTS, Meaning, beyond_a_block};
use super::super::rows::{MOST_ROWS, Row};
use super::super::{Format, Released};
use super::reader::{Reader, Top};
use super::walk::{Item, Piece, at, elements, is_text, members, text};

/// A policy that is none of those that are known.
const UNKNOWN: Meaning =
    Meaning::Other("something is done to it there that this version does not know");

fn meaning(policy: &str) -> Meaning {
    pleroma::meaning(policy).unwrap_or(UNKNOWN)
}

/// The part of a server's public document that has the policies, if there is one.
pub(super) fn policies<'a>(top: &Item<'a>) -> Option<Piece<'a>> {
    let nodeinfo = top.get("metadata").and_then(|piece| at(piece, &["federation"]));
    let instance = || at(top.get("pleroma")?, &["metadata", "federation"]);
    let federation = nodeinfo.or_else(instance)?;
    let mut names = members(federation).map(|(name, _)| name);
    names.any(|name| name == "mrf_simple" || name == "quarantined_instances").then_some(federation)
}

pub(super) fn nodeinfo<'a>(reader: &mut Reader<'a>, top: &Top<'a>) -> Result<(), ReadError> {
    let format = Format::PleromaNodeinfo;
    let federation = policies(&top.item).ok_or(ReadError::NotThisFormat { format })?;
    let few = |path: &[&str]| {
        let members = at(federation, path).into_iter().flat_map(members);
        members.take(MOST_POLICIES).collect::<Vec<_>>()
    };
    let infos = few(&["mrf_simple_info"]);
    let mut sections = Vec::new();
    for (policy, list) in few(&["mrf_simple"]) {
        let info = infos.iter().rfind(|(name, _)| *name == policy).map(|(_, info)| *info);
        sections.push(Section { policy, list, info });
    }
    if let Some(quarantined) = at(federation, &["quarantined_instances"]) {
        let name = "quarantined_instances";
        let info = at(federation, &["quarantined_instances_info", name]);
        sections.push(Section { policy: name.into(), list: quarantined, info });
    }
    if at(federation, &["exclusions"]).is_some_and(|piece| piece.get() == "true") {
        reader.remark("the server says that it leaves some of its blocks out here");
    }
    read_sections(reader, sections)
}

/// More policies than there are. A document with as many is made up, and each would be
/// looked for in the whole of it.
const MOST_POLICIES: usize = 100;

/// One policy and its servers.
struct Section<'a> {
    policy: Cow<'a, str>,
    list: Piece<'a>,
    /// What is said about the servers, by name.
    info: Option<Piece<'a>>,
}

/// `{"tuple": [":reject", [{"tuple": ["bad.example", "why"]}]]}` under `:mrf_simple`. Other
/// settings have a `:reject` too, for words and hashtags.
pub(super) fn admin<'a>(reader: &mut Reader<'a>, top: &Top<'a>) -> Result<(), ReadError> {
    let configs = top.need("configs", Format::PleromaAdmin)?;
    let is_simple =
        |config: &Piece<'a>| at(config, &["key"]).is_some_and(|key| text(key) == ":mrf_simple");
    let mut found = false;
    let mut sections = Vec::new();
    for config in elements(configs).filter(is_simple) {
        found = true;
        for policy in at(config, &["value"]).into_iter().flat_map(elements).take(MOST_POLICIES) {
            let mut tuple = at(policy, &["tuple"]).into_iter().flat_map(elements);
            if let (Some(name), Some(list)) = (tuple.next(), tuple.next()) {
                let policy = Cow::Owned(text(name).trim_start_matches(':').to_owned());
                sections.push(Section { policy, list, info: None });
            }
        }
    }
    if !found {
        return Err(ReadError::NotItself {
            what: "the settings of a server without those for its blocks (:mrf_simple)",
            next: "ask the server for all of its settings",
        });
    }
    read_sections(reader, sections)
}

fn read_sections<'a>(reader: &mut Reader<'a>, sections: Vec<Section<'a>>) -> Result<(), ReadError> {
    if sections.len() >= MOST_POLICIES {
        return Err(ReadError::Json { says: None });
    }
    let mut gathered = Gathered::default();
    let accepts = |section: &Section<'_>| matches!(meaning(&section.policy), Meaning::Accept);
    // What is rejected is rejected, whether it is accepted or not.
    let (first, then): (Vec<_>, Vec<_>) = sections.into_iter().partition(accepts);
    for section in first.into_iter().chain(then) {
        let meaning = meaning(&section.policy);
        let info = section.info.into_iter().flat_map(members).take(MOST_ROWS);
        let reasons: HashMap<_, _> = info.collect();
        let mut listed = false;
        each_host(reader, section.list, |reader, line, name, reason| {
            listed = true;
            let reason = if reason.is_empty() {
                let reason = reasons.get(&name).and_then(|piece| at(piece, &["reason"]));
                reason.map_or(Cow::Borrowed(""), text)
            } else {
                reason
            };
            match meaning {
                Meaning::Block(action) => gathered.add(line, name, action, reason),
                Meaning::Accept => {
                    let row =
                        Row { line, domain: &name, public_comment: &reason, ..Row::default() };
                    reader.rows.release(&row, Released::Allowed);
                }
                Meaning::Other(what) => {
                    reader.rows.reject(line, &name, beyond_a_block(what));
                }
            }
        });
        if listed && accepts(&section) {
            reader.remark(ACCEPTS);
        }
    }
    gathered.take_all(&mut reader.rows);
    Ok(())
}

/// The hosts under a policy: strings, or tuples of a host and a reason.
fn each_host<'a>(
    reader: &mut Reader<'a>,
    list: Piece<'a>,
    mut each: impl FnMut(&mut Reader<'a>, u32, Cow<'a, str>, Cow<'a, str>),
) {
    for piece in elements(list) {
        let line = reader.line(piece);
        let mut tuple = at(piece, &["tuple"]).into_iter().flat_map(elements);
        let (name, reason) = match tuple.next() {
            Some(name) => (name, tuple.next().map_or(Cow::Borrowed(""), text)),
            None => (piece, Cow::Borrowed("")),
        };
        let name = if is_text(name) { text(name) } else { name.get().into() };
        each(reader, line, name, reason);
        if reader.rows.is_full() {
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{comments, document, entries, rejected, releases, remarks};
    use super::*;

    fn nodeinfo(federation: &str) -> super::super::Document {
        document(&format!(r#"{{"version":"2.0","metadata":{{"federation":{federation}}}}}"#))
    }

    #[test]
    fn the_policies_for_one_server_make_one_block() {
        let read = nodeinfo(
            r#"{"mrf_simple":{
                "report_removal":["a.example"],"media_removal":["b.example","a.example"],
                "federated_timeline_removal":["b.example","c.example"],
                "reject":["a.example","*.d.example","e****le.example"]},
              "mrf_simple_info":{
                "reject":{"a.example":{"reason":"hate"},"d.example":{"reason":"other"}},
                "media_removal":{"a.example":{"reason":"media"},"b.example":{"reason":"lewd"}}}}"#,
        );
        let want = [
            "a.example suspend mr",
            "b.example silence m",
            "c.example silence",
            "d.example suspend",
        ];
        assert_eq!(entries(&read), want);
        assert_eq!(comments(&read), ["hate", "lewd", "", ""]);
        assert_eq!(read.counts.duplicates, 0);
        assert!(read.entries[3].covers_subdomains);
        assert_eq!(rejected(&read), ["e****le.example"]);
        assert_eq!(read.hidden.len(), 1);
        assert_eq!(remarks(&read), [""; 0]);
    }

    #[test]
    fn named_twice_under_one_policy_is_named_twice() {
        let read = nodeinfo(r#"{"mrf_simple":{"reject":["a.example","A.example","a.example"]}}"#);
        assert_eq!((read.entries.len(), read.counts.duplicates), (1, 2));
    }

    #[test]
    fn what_a_block_cannot_do_is_rejected_in_words() {
        let others = [
            "media_nsfw",
            "followers_only",
            "avatar_removal",
            "banner_removal",
            "background_removal",
            "reject_deletes",
            "something_new",
        ];
        let lists: Vec<_> =
            others.iter().map(|name| format!(r#""{name}":["x.example"]"#)).collect();
        let read = nodeinfo(&format!(
            r#"{{"mrf_simple":{{{},"reject":["a.example"]}},"quarantined_instances":["q.example"]}}"#,
            lists.join(",")
        ));
        assert_eq!(entries(&read), ["a.example suspend"]);
        assert_eq!(read.counts.rejected, others.len() + 1);
        let mut whys: Vec<_> = read.problems.iter().map(|p| p.why.as_str()).collect();
        assert!(whys.iter().all(|why| why.ends_with("a block cannot do that")), "{whys:?}");
        whys.sort_unstable();
        whys.dedup();
        assert_eq!(whys.len(), others.len() + 1);
    }

    #[test]
    fn a_server_that_speaks_with_few_and_one_that_hides_some_are_pointed_out() {
        let read = nodeinfo(
            r#"{"exclusions":true,"mrf_simple":{"reject":["b.example"],
                "accept":["a.example","b.example"]}}"#,
        );
        assert_eq!(entries(&read), ["b.example suspend"]);
        assert_eq!(releases(&read), ["a.example Allowed"]);
        let [excluded, accepts] = remarks(&read)[..] else { panic!("{read:?}") };
        assert!(excluded.contains("leaves some of its blocks out"), "{excluded}");
        assert!(accepts.contains("speaks only with those"), "{accepts}");
    }

    #[test]
    fn settings_have_reasons_beside_the_names_or_none() {
        let read = document(
            r#"{"configs":[
              {"group":":pleroma","key":":mrf_keyword","value":[{"tuple":[":reject",["word.example"]]}]},
              {"group":":pleroma","key":":mrf_simple","value":[
                {"tuple":[":media_removal",["a.example"]]},
                {"tuple":[":reject",[{"tuple":["a.example","why"]},"b.example",{"tuple":["c.example",""]}]]},
                {"tuple":[":accept",[]]},
                {"tuple":[":avatar_removal",[{"tuple":["d.example",""]}]]}]}]}"#,
        );
        assert_eq!(read.format, Format::PleromaAdmin);
        assert_eq!(
            entries(&read),
            ["a.example suspend m", "b.example suspend", "c.example suspend"]
        );
        assert_eq!(comments(&read), ["why", "", ""]);
        assert_eq!(rejected(&read), ["d.example"]);
        assert_eq!(read.entries[1].line, 5);
    }

    #[test]
    fn a_made_up_multitude_of_policies_is_refused() {
        let lists: Vec<_> = (0..200).map(|n| format!(r#""p{n}":["a.example"]"#)).collect();
        let json =
            format!(r#"{{"metadata":{{"federation":{{"mrf_simple":{{{}}}}}}}}}"#, lists.join(","));
        let read = super::super::super::read(json.as_bytes());
        assert_eq!(read, Err(ReadError::Json { says: None }));
    }
}

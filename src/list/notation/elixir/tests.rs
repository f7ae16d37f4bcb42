use proptest::prelude::*;

use super::super::super::{Released, Verdict, read as read_list};
use super::super::tests::{counts_add_up, domains, names_of};
use super::*;
use crate::block::Severity;

fn config(text: &str) -> Document {
    read_list(text.as_bytes()).unwrap_or_else(|error| panic!("{text:?}: {error}"))
}

#[test]
fn several_actions_of_a_domain_are_one_block() {
    let document = config(
        "import Config\n\nconfig :pleroma, :instance,\n  name: \"Mine\",\n  quarantined_instances: [\"q.example\"]\n\n\
         config :pleroma, :mrf_simple,\n  media_removal: [\"a.example\", {\"b.example\", \"pictures\"}],\n  \
         reject: [{\"a.example\", \"spam\"}, \"c.example\", {\"c.example\", \"twice\"}],\n  \
         federated_timeline_removal: [{\"b.example\", \"loud\"}],\n  report_removal: ~w(d.example\n  b.example),\n  \
         media_nsfw: [\"a.example\"],\n  accept: []\n",
    );
    assert_eq!(document.format, Format::PleromaConfig);
    let asked: Vec<_> = document
        .entries
        .iter()
        .map(|e| {
            let comment = e.public_comment.as_deref().unwrap_or_default();
            (e.line, e.domain.as_str(), e.severity, e.reject_media, e.reject_reports, comment)
        })
        .collect();
    let (yes, no) = (Some(true), None);
    assert_eq!(
        asked,
        [
            (8, "a.example", Some(Severity::Suspend), yes, no, "spam"),
            (8, "b.example", Some(Severity::Silence), yes, yes, "loud"),
            (9, "c.example", Some(Severity::Suspend), no, no, "twice"),
            (11, "d.example", Some(Severity::Noop), no, yes, ""),
        ]
    );
    assert_eq!((document.counts.taken, document.counts.duplicates), (5, 1));
    let rejected: Vec<_> = document.problems.iter().map(|p| (p.line, p.value.as_str())).collect();
    assert_eq!(rejected, [(5, "q.example"), (13, "a.example")]);
    assert!(document.problems[1].why.contains("only marked as sensitive"));
}

#[test]
fn elixir_is_written_in_many_ways() {
    for text in [
        "config :pleroma, :mrf_simple, reject: [\"a.example\", \"b.example\"]\n",
        "config :pleroma, :mrf_simple,\n reject: [ [host: \"a.example\", reason: \"x\"], {\"b.example\", \"\"} ]\n",
        "config :pleroma, mrf_simple: [reject: [\"a.example\"] ++ [\"b.example\"]]\n",
        "config :pleroma, :mrf_simple,\n  reject: %{\"a.example\" => \"x\", \"b.example\" => \"y\"}\n",
        "%{\n  reject: ~w(a.example b.example)\n}\n",
        "[\n  reject: [\"a.example\",\n  \"b.example\"]\n]\n",
        "config :pleroma, :mrf_simple, [{:reject, [\"a.example\", \"b.example\"]}]\n",
        "{ reject = { \"a.example\" = ''x''; \"b.example\" = \"y\"; }; }\n",
        "{\n  reject = [ \"a.example\" \"b.example\" ];\n}\n",
        "{\n  \":mrf_simple\" = {\n    reject = map mkTuple [ [ \"a.example\" \"x\" ] [ \"b.example\" \"y\" ] ];\n  };\n}\n",
        "{\n  \":pleroma\".\":mrf_simple\".reject = mkMap {\n \"a.example\" = \"x\"; \"b.example\" = \"y\"; };\n reject = {}; }\n",
        "{\n  reject = [ (mkTuple [ \"a.example\" \"x\" ]) (mkTuple [ \"b.example\" \"x\" ]) ];\n}\n",
    ] {
        let document = config(text);
        assert_eq!(names_of(&document), ["a.example", "b.example"], "{text}");
        assert_eq!(document.problems, [], "{text}");
        assert!(document.entries.iter().all(|e| e.severity == Some(Severity::Suspend)), "{text}");
    }
}

#[test]
fn other_policies_and_other_settings_are_no_blocks() {
    let document = config(
        "config :pleroma, :mrf_keyword,\n  reject: [\"word.example\", ~r/x/]\n\
         config :pleroma, :mrf_simple,\n  reject: [\"a.example\"]\n\
         config :pleroma, Pleroma.Web.Endpoint,\n  url: [host: \"me.example\"]\n\
         config :pleroma, :mrf_hashtag, reject: [\"tag.example\"]\n\
         config :other, :mrf, [simple: [reject: [\"b.example\"]]]\n",
    );
    assert_eq!(names_of(&document), ["a.example"]);
    let nix = config(
        "{\n  \":mrf_keyword\" = {\n    reject = [ \"word.example\" ];\n  };\n\
         \":mrf_simple\" = {\n    reject = {\n \"a.example\" = \"x\"; };\n  };\n}\n",
    );
    assert_eq!(names_of(&nix), ["a.example"]);
}

#[test]
fn what_a_program_puts_together_is_rejected() {
    for (value, rejected) in [
        ("Mine.list()", 1),
        ("[\"a.example\"] ++ Mine.list()", 1),
        ("[\"a.example\", other]", 1),
        ("[\"a.example\", \"#{x}.example\"]", 1),
        ("[\"a.example\", {host, \"why\"}]", 1),
        ("[\"a.example\", {\"b.example\", \"x\", \"y\"}]", 1),
        ("[\"a.example\", [\"b.example\", \"c.example\"]]", 1),
        ("[\"a.example\", \"b.example, c.example\", \"u@d.example\"]", 2),
    ] {
        let text = format!(
            "config :pleroma, :mrf_simple,\n  reject: {value},\n  media_removal: [\"z.example\"]\n"
        );
        let document = config(&text);
        assert_eq!(document.counts.rejected, rejected, "{value}: {document:?}");
        let names = names_of(&document);
        let want: &[_] =
            if value.starts_with('[') { &["a.example", "z.example"] } else { &["z.example"] };
        assert_eq!(names, want, "{value}");
    }
    let nix =
        config("{\n  reject = mkMap blocklist.reject;\n  media_removal = [ \"z.example\" ];\n}\n");
    assert_eq!((names_of(&nix), nix.counts.rejected), (vec!["z.example".to_owned()], 1));
}

#[test]
fn an_allowlist_is_one() {
    let document = config("config :pleroma, :mrf_simple, accept: [\"friend.example\"]\n");
    assert_eq!(document.releases[0].how, Released::Allowed);
    let [remark] = &document.problems[..] else { panic!("{document:?}") };
    assert_eq!((remark.line, remark.verdict), (1, Verdict::Warning));
    assert_eq!(document.for_blocking(), Err(ReadError::Allowlist));
}

#[test]
fn emptied_policies_are_an_error_and_no_list() {
    let text = "config :pleroma, :mrf_simple,\n  reject: []\n";
    assert_eq!(read_list(text.as_bytes()), Err(ReadError::NoRows));
    let deep = format!("config :pleroma, :x\n{}", "[".repeat(100_000));
    assert!(matches!(read_list(deep.as_bytes()), Err(ReadError::Damaged { line: 2, .. })));
}

proptest! {
    #[test]
    fn any_configuration_is_counted_once(
        body in "(config |:pleroma|:mrf_simple|,|reject|media_nsfw|media_removal|accept|: |= |=>|%|\\[|\\]|\\{|\\}|\\(|\\)|;|\"|''|~w\\(|\\+\\+|mkMap |mkTuple |x|\"[a-c]\\.social\"|\"A\\.social\"|\"é\"|#|/\\*|\n| ){0,60}",
    ) {
        counts_add_up(&body, Format::PleromaConfig)?;
        let text = format!("config :pleroma, :mrf_simple,\nreject: [\"x.social\", {body}");
        counts_add_up(&text, Format::PleromaConfig)?;
    }

    #[test]
    fn what_is_written_is_read(names in domains()) {
        let list: String = names.iter().map(|name| format!("{{\"{name}\", \"why\"}},\n")).collect();
        let text = format!("config :pleroma, :mrf_simple,\n  federated_timeline_removal: [\n{list}]\n");
        let document = config(&text);
        prop_assert_eq!(names_of(&document), names.clone());
        prop_assert!(document.entries.iter().all(|e| e.severity == Some(Severity::Silence)));
        let list: String = names.iter().map(|name| format!("  \"{name}\" = ''why'';\n")).collect();
        prop_assert_eq!(names_of(&config(&format!("{{ reject = {{\n{list}}}; }}\n"))), names);
    }
}

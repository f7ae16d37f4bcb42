//! What real lists have done to readers, one family a test.

use super::*;

fn document(text: &str) -> Document {
    read(text.as_bytes()).unwrap_or_else(|error| panic!("{text:?}: {error}"))
}

/// What became of one value among others: the name it was read as, or why it was not.
fn fate(value: &str) -> String {
    let quoted = value.replace('"', "\"\"");
    let text = format!(
        "domain,severity\none.example,noop\n\"{quoted}\",suspend\ntwo.example,noop\nthree.example,noop\n"
    );
    let document = document(&text);
    let found = document.entries.iter().find(|e| e.severity == Some(Severity::Suspend));
    if let Some(entry) = found {
        return entry.domain.to_string();
    }
    let [problem] = &document.problems[..] else { panic!("{value:?}: {document:?}") };
    assert_eq!((problem.line, problem.verdict), (3, Verdict::Rejected), "{value:?}");
    format!("! {}", problem.why)
}

#[test]
fn a_header_is_known_by_its_words_wherever_it_stands() {
    for text in [
        "#domain,#severity\na.example,suspend\ndomain,suspend\n",
        "domain,severity\na.example,suspend\ndomain,suspend\n",
        "a.example,suspend\nInstance,suspend\n",
        "a.example\nhost\n",
    ] {
        let document = document(text);
        assert_eq!(document.entries.len(), 1, "{text:?}");
        let [problem] = &document.problems[..] else { panic!("{document:?}") };
        assert!(problem.why.contains("the name of a column"), "{problem:?}");
    }
    let second = document("#domain,#severity\na.example,suspend\n#domain,#severity\n");
    assert!(second.problems[0].why.contains("second header"));
}

#[test]
fn columns_are_known_by_any_of_their_names_in_any_order() {
    for header in [
        "#severity,#domain",
        "Severity,Instance",
        "\"block_type\",\"hostname\"",
        "\u{feff}severity,Host",
        "# severity , # domain ",
    ] {
        let document = document(&format!("{header}\nsilence,a.example\n"));
        assert_eq!(document.entries[0].severity, Some(Severity::Silence), "{header:?}");
    }
}

#[test]
fn without_a_header_the_shape_of_the_rows_decides() {
    assert_eq!(document("a.example\nb.example\n").entries[1].severity, None);
    let table = document("*.a.example,suspend,true,true,true\nb.example,limit\n");
    assert_eq!(table.entries[1].severity, Some(Severity::Silence));
    assert_eq!(table.entries[0].public_comment, None);
}

#[test]
fn a_list_with_nothing_left_is_an_error() {
    for text in ["#domain,#severity\n", "domain\n", "domain,severity,public_comment\r\n\r\n"] {
        assert_eq!(read(text.as_bytes()), Err(ReadError::NoRows), "{text:?}");
    }
}

#[test]
fn what_is_for_the_opposite_is_never_a_list_of_blocks() {
    for (text, error) in [
        ("#domain,#reason\na.example,back to normal\n", ReadError::Retractions),
        ("domain,\na.example,\n", ReadError::Allowlist),
        ("domain,count,percent\na.example,3,50\n", ReadError::Audit),
        ("Account address,Show boosts\nu@a.example,true\n", ReadError::FollowList),
        ("u@a.example\nv@b.example\n", ReadError::FollowList),
        ("<!DOCTYPE html>\na.example", ReadError::Html { github: false }),
    ] {
        let found = read(text.as_bytes()).and_then(Document::for_blocking);
        assert_eq!(found.unwrap_err(), error, "{text:?}");
    }
}

#[test]
fn damaged_quotes_cost_their_own_rows_and_no_others() {
    let inner = document(
        "domain,severity,public_comment\na.example,suspend,they say \"hi\"\nb.example,noop,\n",
    );
    assert_eq!(inner.entries[0].public_comment.as_deref(), Some("they say \"hi\""));
    assert_eq!(inner.counts.taken, 2);
    // A spreadsheet that took each line for one cell.
    let whole = "\"#domain,#severity\"\n\"a.example,suspend\"\n\"b.example,suspend\"\n";
    assert!(matches!(read(whole.as_bytes()), Err(ReadError::NoEntries { rows: 2, .. })));
    let open = document(
        "domain,severity,public_comment\na.example,noop,\nb.example,suspend,\"x\nc.example,suspend,\n",
    );
    assert_eq!((open.counts.taken, open.counts.rejected), (1, 1));
    let lines = document(
        "domain,severity,public_comment\na.example,suspend,\"one\ntwo\n\nthree\"\nb.example,noop,\n",
    );
    assert_eq!(lines.entries[0].public_comment.as_deref(), Some("one\ntwo\n\nthree"));
    assert_eq!(lines.entries[1].line, 6);
}

#[test]
fn hidden_names_and_patterns_are_no_names() {
    for value in ["ex***le.com", "daji******.com", "i*at*b**ng**l*ve.example", "cum.**mp"] {
        assert!(fate(value).starts_with("! obfuscated"), "{value:?}: {}", fate(value));
    }
    for value in ["*flockingbird.social", "*ignorelist*", "*.parcero.*"] {
        assert!(fate(value).starts_with("! a pattern"), "{value:?}: {}", fate(value));
    }
    assert_eq!(fate("*.bigguys.example"), "bigguys.example");
}

#[test]
fn whole_countries_and_addresses_are_no_servers() {
    for (value, why) in [
        ("cf", "single label"),
        (".tk", "single label"),
        ("misskey-forkbomb", "single label"),
        ("com.tr", "public suffix"),
        ("name.my", "public suffix"),
        ("168.119.6.104", "IP address"),
        ("2a01:4f8:140:2113::2", "IP address"),
        ("localhost:51996", "port"),
        ("gab.com/gab.ai", "path"),
        ("gab.com/.ai, develop.gab.com", "more than one name"),
        ("gab.com, gab.ai", "more than one name"),
        ("gs.smuglo.li pl.smuglo.li", "more than one name"),
        ("u@camp.example", "account"),
    ] {
        let fate = fate(value);
        assert!(fate.starts_with("! ") && fate.contains(why), "{value:?}: {fate}");
    }
    let shared = document("repl.co\n");
    assert!(shared.entries[0].shared_by_strangers);
    assert_eq!(shared.problems[0].verdict, Verdict::Warning);
}

#[test]
fn slips_of_the_pen_are_put_right_or_refused_and_never_silently() {
    for (value, want) in [
        ("occultist\u{200b}.space", "occultist.space"),
        ("\u{5}misskey.example", "misskey.example"),
        ("mastodong[.]lol", "mastodong.lol"),
        ("hxxps://bad.example", "bad.example"),
        (" NoAgenda.social. ", "noagenda.social"),
        ("срёт.онлайн", "xn--p1abe3d.xn--80asehdb"),
        ("fedii.☃☃☃.ws", "fedii.xn--n3haa.ws"),
    ] {
        assert_eq!(fate(value), want, "{value:?}");
        let text = format!("domain,severity\n\"{value}\",suspend\n");
        assert_eq!(document(&text).counts.repaired, 1, "{value:?}");
    }
    assert_eq!(fate("xn--p1abe3d.xn--80asehdb"), "xn--p1abe3d.xn--80asehdb");
    for value in ["eveningzoo.]club", "xn--p1abe3d-xn--80asehdb", "bad.example²", "bad.example³"]
    {
        assert!(fate(value).starts_with("! "), "{value:?}: {}", fate(value));
    }
}

#[test]
fn one_name_in_two_spellings_is_one_entry() {
    let document = document("loðfíll.is\nxn--lofll-1sat.is\nLOÐFÍLL.is.\n");
    assert_eq!((document.entries.len(), document.counts.duplicates), (1, 2));
}

#[test]
fn a_severity_is_a_known_word_or_none() {
    for (word, want) in [
        ("limit", Some(Severity::Silence)),
        ("filter", Some(Severity::Silence)),
        ("🔇", Some(Severity::Silence)),
        ("reject", Some(Severity::Suspend)),
        ("⛔", Some(Severity::Suspend)),
        ("Suspended", Some(Severity::Suspend)),
        ("susped", None),
        ("disconnect", None),
        ("", None),
    ] {
        let document = document(&format!("domain,severity\na.example,{word}\nb.example,noop\n"));
        let found = document.entries.iter().find(|e| e.domain.as_str() == "a.example");
        assert_eq!(found.and_then(|e| e.severity), want, "{word:?}");
        assert_eq!(document.counts.rejected, usize::from(want.is_none()), "{word:?}");
    }
}

#[test]
fn a_flag_is_a_known_word_or_ignored_with_a_note() {
    for (word, want) in [
        ("TRUE", Some(true)),
        ("t", Some(true)),
        ("1", Some(true)),
        ("WAHR", Some(true)),
        ("VRAI", Some(true)),
        ("VERDADERO", Some(true)),
        ("VERO", Some(true)),
        ("WAAR", Some(true)),
        ("SANT", Some(true)),
        ("PRAWDA", Some(true)),
        ("ИСТИНА", Some(true)),
        ("FALSCH", Some(false)),
        ("FAUX", Some(false)),
        ("FALSO", Some(false)),
        ("ONWAAR", Some(false)),
        ("FALSKT", Some(false)),
        ("FAŁSZ", Some(false)),
        ("null", None),
        ("", None),
    ] {
        let document = document(&format!("domain,severity,reject_media\na.example,noop,{word}\n"));
        assert_eq!(document.entries[0].reject_media, want, "{word:?}");
        assert_eq!(document.problems, [], "{word:?}");
    }
    for word in ["fale", "racism and worse, see below"] {
        let text = format!("domain,severity,reject_media\na.example,noop,\"{word}\"\n");
        let document = document(&text);
        assert_eq!(document.entries[0].reject_media, None, "{word:?}");
        assert!(document.problems[0].why.contains("neither yes nor no"), "{word:?}");
    }
}

#[test]
fn comments_are_kept_word_for_word_and_nothing_is_none() {
    let comment = |cell: &str| {
        let text = format!("domain,severity,public_comment\na.example,noop,\"{cell}\"\n");
        document(&text).entries[0].public_comment.as_deref().map(str::to_owned)
    };
    for nothing in ["null", "NULL", "None", " "] {
        assert_eq!(comment(nothing), None, "{nothing:?}");
    }
    for kept in ["iftas:csam;spam", "racism, lolicon³", "nullified"] {
        assert_eq!(comment(kept).as_deref(), Some(kept));
    }
}

#[test]
fn a_mirror_in_another_style_is_the_same_list() {
    let one =
        document("#domain,#severity,#reject_media\na.example,suspend,TRUE\nb.example,silence,\n");
    for other in [
        "domain,severity,reject_media\r\na.example,suspend,true\r\nb.example,silence,\r\n",
        "\u{feff}\"reject_media\",\"severity\",\"domain\"\n\"1\",\"Suspend\",\"a.example\"\n\"\",\"limit\",\"b.example\"",
        "domain;severity;reject_media\na.example;suspend;wahr\nb.example;silence;\n",
        "#domain\t#severity\t#reject_media\ra.example\tsuspend\tt\rb.example\tsilence\t\r",
    ] {
        assert_eq!(document(other).entries, one.entries, "{other:?}");
    }
}

#[test]
fn a_row_below_another_keeps_its_own_severity() {
    let document = document("domain,severity\na.example,suspend\nb.a.example,silence\n");
    let severities: Vec<_> = document.entries.iter().map(|e| e.severity).collect();
    assert_eq!(severities, [Some(Severity::Suspend), Some(Severity::Silence)]);
}

#[test]
fn a_table_is_read_in_any_encoding() {
    let text = "#domain;#severity;#public_comment\r\nbücher.example;silence;\"Straße\r\nzwei\"\r\nb.example;noop;\r\n";
    let utf_16 =
        |order: fn(u16) -> [u8; 2]| text.encode_utf16().flat_map(order).collect::<Vec<_>>();
    let marked = |mark: &[u8], body: Vec<u8>| [mark, &body].concat();
    for bytes in [
        text.as_bytes().to_vec(),
        marked(b"\xef\xbb\xbf", text.as_bytes().to_vec()),
        utf_16(u16::to_le_bytes),
        utf_16(u16::to_be_bytes),
        marked(b"\xff\xfe", utf_16(u16::to_le_bytes)),
        marked(b"\xfe\xff", utf_16(u16::to_be_bytes)),
    ] {
        let document = read(&bytes).unwrap();
        assert_eq!(document.entries[0].domain.as_str(), "xn--bcher-kva.example");
        assert_eq!(document.entries[0].public_comment.as_deref(), Some("Straße\r\nzwei"));
        assert_eq!((document.entries[1].line, document.counts.rejected), (4, 0));
    }
    let (latin, _, _) = encoding_rs::WINDOWS_1252.encode(text);
    let document = read(&latin).unwrap();
    assert_eq!(document.entries[0].domain.as_str(), "b.example");
    assert!(document.problems[0].why.contains("CSV UTF-8"), "{:?}", document.problems);
}

#[test]
fn the_name_of_a_file_says_nothing_about_its_rows() {
    let bytes = b"a.example\n".to_vec();
    let file = std::env::temp_dir().join(format!("hedgerow-{}", std::process::id()));
    std::fs::create_dir_all(&file).unwrap();
    let path = file.join("spam_suspend.txt");
    std::fs::write(&path, bytes).unwrap();
    let source = crate::source::Source::parse(path.to_str().unwrap()).unwrap();
    let loaded = source.read_local().unwrap().unwrap();
    let document = crate::source::load_document(&loaded).unwrap();
    std::fs::remove_dir_all(&file).unwrap();
    assert_eq!(document.entries[0].severity, None);
}

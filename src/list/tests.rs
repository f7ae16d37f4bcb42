//! What the readers make of rows; each format's own cases are beside its reader.

use proptest::prelude::*;

use super::*;

fn document(text: &str) -> Document {
    read(text.as_bytes()).unwrap_or_else(|error| panic!("{text:?}: {error}"))
}

fn why(document: &Document) -> Vec<(u32, Verdict, &str)> {
    document.problems.iter().map(|p| (p.line, p.verdict, p.why.as_str())).collect()
}

fn counts(taken: usize, repaired: usize, rejected: usize, duplicates: usize) -> Counts {
    Counts { taken, repaired, rejected, duplicates }
}

#[test]
fn a_row_of_an_admin_export_is_taken_as_written() {
    let document = document(
        "#domain,#severity,#reject_media,#reject_reports,#public_comment,#obfuscate\r\n\
         bad.example,silence,TRUE,False,\" spam, mostly \",f\r\n",
    );
    let want = Entry {
        domain: Domain::from_stored("bad.example").unwrap(),
        line: 2,
        covers_subdomains: false,
        shared_by_strangers: false,
        severity: Some(Severity::Silence),
        reject_media: Some(true),
        reject_reports: Some(false),
        obfuscate: Some(false),
        public_comment: Some("spam, mostly".into()),
        private_comment: None,
    };
    assert_eq!(document.entries, [want]);
    assert_eq!(document.counts, counts(1, 0, 0, 0));
    assert_eq!(document.problems, []);
}

#[test]
fn a_severity_is_known_or_the_row_is_rejected() {
    let document =
        document("domain,severity\na.example,limit\nb.example,susped\nc.example,\nd.example");
    assert_eq!(document.counts, counts(1, 0, 3, 0));
    assert_eq!(document.entries[0].severity, Some(Severity::Silence));
    let whys = why(&document);
    assert!(whys[0].2.contains("\"susped\" is not a severity"), "{whys:?}");
    assert!(whys[1..].iter().all(|(_, _, why)| why.starts_with("no severity given")), "{whys:?}");
    assert_eq!(whys.iter().map(|(line, ..)| *line).collect::<Vec<_>>(), [3, 4, 5]);
    let silent = read(b"domain,public_comment\na.example,spam\n").unwrap();
    assert_eq!(silent.entries[0].severity, None);
}

#[test]
fn what_a_table_says_of_a_server_decides_whether_it_is_blocked() {
    for column in ["status", "action"] {
        let list =
            format!("domain,{column}\na.example,allowed\nb.example,suspended\nc.example,ok\n");
        let document = document(&list);
        assert_eq!(document.counts, counts(1, 0, 2, 0), "{column}");
        assert_eq!(document.entries[0].domain.as_str(), "b.example");
        assert_eq!(document.entries[0].severity, Some(Severity::Suspend));
    }
}

#[test]
fn words_that_are_no_answer_are_ignored_with_a_note() {
    let document = document(
        "domain,severity,reject_media,reject_reports,obfuscate,public_comment\n\
         a.example,suspend,fale,WAHR,None,null\nb.example,suspend,falsch,null,,none\n",
    );
    assert_eq!(document.counts, counts(1, 1, 0, 0));
    let [first, second] = &document.entries[..] else { panic!("{document:?}") };
    assert_eq!((first.reject_media, first.reject_reports), (None, Some(true)));
    assert_eq!((first.obfuscate, &first.public_comment), (None, &None));
    assert_eq!((second.reject_media, second.reject_reports), (Some(false), None));
    let [(2, Verdict::Repaired, note)] = why(&document)[..] else { panic!("{document:?}") };
    assert_eq!(note, "\"fale\" as reject_media is neither yes nor no, so it is ignored");
}

#[test]
fn a_row_that_was_repaired_counts_once_and_says_everything() {
    let document = document("domain,severity,reject_media\nhttps://BAD.example/,suspend,maybe\n");
    assert_eq!(document.counts, counts(0, 1, 0, 0));
    let whys = why(&document);
    assert_eq!(whys.len(), 2);
    assert_eq!(
        whys[0].2,
        "the leading http:// or https:// removed; the trailing slash removed; written in lower case"
    );
    assert_eq!(document.problems[0].value, "https://BAD.example/");
}

#[test]
fn of_duplicates_the_strictest_stays_where_the_first_stood() {
    let document = document(
        "domain,severity,reject_media,reject_reports,public_comment\n\
         bad.example,silence,true,,\nother.example,noop,,,\n\
         BAD.example,suspend,false,false,second\nbad.example.,noop,,,third\n",
    );
    assert_eq!(document.counts, counts(2, 2, 0, 2));
    let [bad, other] = &document.entries[..] else { panic!("{document:?}") };
    assert_eq!((bad.line, other.line), (2, 3));
    assert_eq!(bad.severity, Some(Severity::Suspend));
    assert_eq!((bad.reject_media, bad.reject_reports), (Some(true), Some(false)));
    assert_eq!(bad.public_comment.as_deref(), Some("second"));
    assert_eq!(other.severity, Some(Severity::Noop));
}

#[test]
fn markers_are_rejected_and_shared_names_are_pointed_out() {
    let document = document(
        "domain,severity,public_comment\nbad.example,suspend,\n\
         canary.tier0.example.com,suspend,\"read\x1b[2J this\"\nDNI.invalid,suspend,\nrepl.co,suspend,\n",
    );
    assert_eq!(document.counts, counts(2, 0, 2, 0));
    let [(3, Verdict::Rejected, notice), (4, Verdict::Rejected, _), (5, Verdict::Warning, shared)] =
        why(&document)[..]
    else {
        panic!("{document:?}")
    };
    assert!(notice.contains("read the list’s documentation"), "{notice}");
    assert!(notice.ends_with("It says: \"read[2J this\""), "{notice}");
    assert!(shared.contains("strangers share this name"), "{shared}");
}

#[test]
fn lines_stay_right_across_quoted_breaks_blank_lines_and_line_ends() {
    for end in ["\n", "\r\n", "\r"] {
        let text = [
            "#domain,#severity,#public_comment",
            "",
            "a.example,suspend,\"one",
            "two, \"\"three\"\"\"",
            "",
            "# a remark, with a comma",
            ",,,,",
            "b.example,suspend",
            "c.example,suspend,x,surplus,cells",
        ];
        let document = document(&text.join(end));
        let lines: Vec<_> = document.entries.iter().map(|e| e.line).collect();
        assert_eq!(lines, [3, 8, 9], "{end:?}");
        assert_eq!(document.counts, counts(3, 0, 0, 0));
        let comment = document.entries[0].public_comment.as_deref();
        assert_eq!(comment, Some(format!("one{end}two, \"three\"").as_str()));
    }
}

#[test]
fn an_open_quote_does_not_swallow_rows_in_silence() {
    let document = document(
        "domain,severity,public_comment\na.example,suspend,x\nb.example,suspend,\"oops\n\
         c.example,silence,y\nd.example,suspend,z\n",
    );
    assert_eq!(document.counts, counts(1, 0, 1, 0));
    let [(3, Verdict::Rejected, note)] = why(&document)[..] else { panic!("{document:?}") };
    assert!(note.contains("rows below ran into this one"), "{note}");
    for text in [
        "severity,domain\nnoop,a.example\n\"noop,b.example\nsilence,c.example\n",
        "domain,severity,note\n\"a.example\",\"noop\",\n\
         \"b.example\",\"noop\",\"oops\n\"c.example\",\"noop\",\n",
        "note,domain,severity\n,a.example,noop\n\"oops,b.example,noop\n\"x\",c.example,noop\n",
    ] {
        let document = read(text.as_bytes()).unwrap();
        assert_eq!(document.counts, counts(1, 0, 1, 0), "{text:?}");
        assert_eq!(document.entries[0].domain.as_str(), "a.example");
    }
}

#[test]
fn line_breaks_in_the_first_of_the_cells_are_in_order() {
    let document = document("note,domain,severity\n\"one\ntwo\",a.example,noop\n,b.example,noop\n");
    assert_eq!(document.counts, counts(2, 0, 0, 0));
    assert_eq!(document.entries[1].line, 4);
}

#[test]
fn a_second_header_is_not_a_remark() {
    let text = "#domain,#severity\na.example,suspend\n#domain,#reject_media,#severity\n";
    let document = document(text);
    assert_eq!(document.counts, counts(1, 0, 1, 0));
    assert!(document.problems[0].why.contains("second header"));
}

#[test]
fn without_a_header_the_cells_stand_as_in_an_admin_export() {
    let flags = document("*.a.example,suspend,true,false,true\nb.example,silence,,,why,true\n");
    assert_eq!(flags.format, Format::MastodonAdminCsv);
    let [a, b] = &flags.entries[..] else { panic!("{flags:?}") };
    assert!(a.covers_subdomains);
    assert_eq!((a.reject_media, a.reject_reports), (Some(true), Some(false)));
    assert_eq!((a.obfuscate, &a.public_comment), (None, &None));
    assert_eq!((b.obfuscate, b.public_comment.as_deref()), (Some(true), Some("why")));
}

#[test]
fn letters_of_an_unknown_encoding_make_no_names() {
    let document = read(
        b"domain,severity,public_comment\nb\xfccher.example,suspend,\n\
        bad.example,suspend,\x93caf\xe9\x94\n",
    )
    .unwrap();
    assert_eq!(document.counts, counts(1, 0, 1, 0));
    assert!(document.problems[0].why.contains("CSV UTF-8"));
    assert_eq!(document.entries[0].public_comment.as_deref(), Some("“café”"));
}

#[test]
fn what_yields_nothing_is_an_error_with_its_reasons() {
    let refused = |text: &str| read(text.as_bytes()).unwrap_err();
    assert_eq!(refused("#domain,#severity\r\n"), ReadError::NoRows);
    assert_eq!(refused("domain"), ReadError::NoRows);
    assert!(matches!(refused("# nothing\n"), ReadError::NoEntries { rows: 0, .. }));
    let text = refused("com\nex***le.com\x1b[2J\n10.0.0.1\nlocalhost\n").to_string();
    assert!(text.contains("4 rows") && text.contains("\n  line 2: \"ex***le.com[2J\": "), "{text}");
    assert!(!text.contains("line 4") && !text.contains('\x1b'), "{text}");
    for accounts in ["a@x.example\n@b@y.example\nz.example\n", "a@x.example,true,false,en\n"] {
        assert_eq!(refused(accounts), ReadError::FollowList, "{accounts:?}");
    }
}

#[test]
fn long_values_are_not_carried_about() {
    let cell = "é".repeat(100_000);
    let list = format!(
        "domain,severity,reject_media\n{cell}@,suspend\nx.example,{cell}\ny.example,noop,{cell}\n"
    );
    let document = document(&list);
    assert!(document.problems.iter().all(|p| p.value.len() <= 300 && p.why.len() <= 300));
}

/// Names that need no repair, each once.
fn domains() -> impl Strategy<Value = Vec<String>> {
    let name = "[a-z][a-z0-9-]{0,12}(\\.[a-z][a-z0-9]{0,8}){0,2}\\.(social|example|xyz)";
    prop::collection::btree_set(name, 1..30)
        .prop_map(|names| names.into_iter().filter(|n| !n.contains("xn--")).collect::<Vec<_>>())
        .prop_filter("one name at least", |names| !names.is_empty())
}

fn names(document: &Document) -> Vec<String> {
    document.entries.iter().map(|e| e.domain.to_string()).collect()
}

proptest! {
    #[test]
    fn any_bytes_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        let _ = read(&bytes).map_err(|error| error.to_string());
    }

    #[test]
    fn any_rows_are_counted_once(
        header in prop::sample::select(vec!["", "domain\n", "#domain,#severity,#reject_media\n", "severity;host\n"]),
        body in "([a-z.\"#*@, ;\r\n\t\u{200b}é]|suspend|noop|[AB]\\.social[,;]?\n?){0,80}",
    ) {
        if let Ok(document) = read(format!("{header}{body}").as_bytes()) {
            prop_assert!(!document.entries.is_empty() || !document.hidden.is_empty());
            let Counts { taken, repaired, duplicates, .. } = document.counts;
            prop_assert_eq!(taken + repaired, document.entries.len() + duplicates);
            let rejected = document.problems.iter().filter(|p| p.verdict == Verdict::Rejected);
            prop_assert_eq!(rejected.count(), document.counts.rejected);
            prop_assert!(document.problems.is_sorted_by_key(|p| p.line));
            prop_assert!(document.entries.is_sorted_by_key(|e| e.line));
        }
    }

    #[test]
    fn every_format_reads_back_the_same(
        want in domains(), comment in "[ -~\n]{0,40}", end in prop::sample::select(vec!["\n", "\r\n"]),
    ) {
        let lines = want.join(end);
        prop_assert_eq!(names(&document(&lines)), want.clone());
        prop_assert_eq!(names(&document(&format!("#domain{end}{lines}"))), want.clone());
        let commented = format!("# a list{end}{}", want.join(" # why\n"));
        prop_assert_eq!(names(&document(&commented)), want.clone());
        let bare: Vec<_> = want.iter().map(|d| format!("{d},silence,true,false,true")).collect();
        prop_assert_eq!(names(&document(&bare.join(end))), want.clone());

        for header in [["#domain", "#severity", "#public_comment"], ["domain", "severity", "public_comment"]] {
            let mut writer = ::csv::Writer::from_writer(Vec::new());
            writer.write_record(header).unwrap();
            for domain in &want {
                writer.write_record([domain, "suspend", &comment]).unwrap();
            }
            let document = read(&writer.into_inner().unwrap()).unwrap();
            prop_assert_eq!(names(&document), want.clone());
            prop_assert_eq!(document.counts, counts(want.len(), 0, 0, 0));
            prop_assert_eq!(document.entries[0].severity, Some(Severity::Suspend));
            let kept = document.entries[0].public_comment.as_deref().unwrap_or_default();
            let nothing = ["null", "none"].contains(&comment.trim().to_lowercase().as_str());
            prop_assert_eq!(kept, if nothing { "" } else { comment.trim() });
        }
    }
}

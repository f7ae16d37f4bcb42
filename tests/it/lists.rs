//! Lists as they are found: own samples, real lists, and what Mastodon stores.

use std::net::IpAddr;
use std::path::{Path, PathBuf};

use hedgerow::domain::{Domain, Repair};
use hedgerow::list::signature::{SignatureError, verify_signature};
use hedgerow::list::{Counts, Document, ReadError, read};
use hedgerow::source::{Source, load_document};

use crate::shared::shared;

/// `FediblockholeCsv 143 0 0 0`: the format, then taken, repaired, rejected, duplicates.
/// For what is not read, the name of the error.
fn summary(result: &Result<Document, ReadError>) -> String {
    match result {
        Ok(Document { format, counts, .. }) => {
            let Counts { taken, repaired, rejected, duplicates } = counts;
            format!("{format:?} {taken} {repaired} {rejected} {duplicates}")
        }
        Err(error) => {
            let name = format!("{error:?}");
            name.split(|c: char| !c.is_alphanumeric()).next().unwrap_or_default().to_owned()
        }
    }
}

#[test]
fn own_samples() {
    for (name, want, line, domain) in [
        ("admin.csv", "MastodonAdminCsv 1 1 2 0", 3, "loud.example"),
        ("fediblockhole.csv", "FediblockholeCsv 2 0 1 0", 4, "loud.example"),
        ("user.csv", "UserCsv 2 0 0 0", 3, "loud.example"),
        ("kept-by-hand.txt", "PlainText 1 2 1 0", 6, "trick.example"),
        ("semicolons.csv", "MastodonAdminCsv 2 0 0 0", 3, "loud.example"),
        ("no-header.csv", "MastodonAdminCsv 2 1 0 1", 2, "loud.example"),
        ("instance-blocks.json", "InstanceBlocks 1 0 2 0", 4, "loud.example"),
        ("admin-blocks.json", "AdminBlocks 2 0 0 0", 13, "loud.example"),
        ("user-blocks.json", "UserBlocks 2 0 1 0", 1, "loud.example"),
        ("gotosocial.json", "Gotosocial 1 1 1 0", 4, "xn--lrm-qla.example"),
        ("pleroma-nodeinfo.json", "PleromaNodeinfo 1 1 3 0", 11, "trolls.example"),
        ("pleroma-admin.json", "PleromaAdmin 2 0 1 0", 10, "loud.example"),
        ("misskey-instances.json", "Misskey 2 0 1 0", 4, "loud.example"),
        ("misskey-meta.json", "Misskey 3 0 1 0", 4, "pictures.example"),
        ("lemmy.json", "Lemmy 1 1 0 0", 7, "loud.example"),
        ("mbin.json", "Mbin 2 0 0 0", 3, "loud.example"),
        ("fediseer.json", "Fediseer 2 0 1 0", 5, "loud.example"),
        ("rapidblock.json", "Rapidblock 3 0 0 0", 15, "loud.example"),
        ("fires.json", "Fires 5 0 3 2", 14, "loud.example"),
        ("chaos.json", "Chaos 2 0 1 0", 13, "loud.example"),
        ("bookwyrm.json", "Bookwyrm 1 1 0 0", 3, "loud.example"),
        ("peertube-log.json", "PeertubeLog 4 0 1 1", 8, "loud.example"),
        ("auto-mute.json", "PeertubeLog 3 0 0 0", 4, "loud.example"),
        ("pixelfed.json", "Pixelfed 2 0 1 0", 4, "loud.example"),
        ("piefed.json", "Piefed 2 0 2 0", 4, "loud.example"),
        ("unicode-text.tsv", "MastodonAdminCsv 2 0 0 0", 4, "trick.example"),
        ("bullets.txt", "PlainText 2 1 1 0", 4, "gate.example"),
        ("page.md", "Markdown 4 0 5 0", 25, "noise.example"),
        ("rows.yaml", "Yaml 3 1 3 0", 14, "loud.example"),
        ("policies.exs", "PleromaConfig 3 1 4 0", 20, "noise.example"),
        ("policies.nix", "PleromaConfig 2 0 1 0", 10, "loud.example"),
        ("patterns.csv", "FriendicaCsv 2 1 2 1", 5, "loud.example"),
        ("hosts.txt", "Hosts 2 1 2 0", 7, "loud.example"),
        ("filters.txt", "Adblock 3 0 2 0", 7, "loud.example"),
    ] {
        let path = format!("{}/tests/samples/lists/{name}", env!("CARGO_MANIFEST_DIR"));
        let source = Source::parse(&path).unwrap();
        let loaded = source.read_local().unwrap().unwrap();
        assert_eq!((loaded.name.as_str(), &loaded.address), (name, &path));
        let document = load_document(&loaded).unwrap();
        assert_eq!(summary(&Ok(document.clone())), want, "{name}: {:?}", document.problems);
        let last = document.entries.last().unwrap();
        assert_eq!((last.line, last.domain.as_str()), (line, domain), "{name}");
    }
}

#[test]
fn real_lists() {
    let Some(root) = shared("lists") else { return };
    for path in files(&root) {
        let name = path.strip_prefix(&root).unwrap().to_string_lossy().into_owned();
        let is_list = !NO_LISTS.iter().any(|end| name.ends_with(end));
        assert_eq!(REAL_LISTS.iter().any(|(known, _)| *known == name), is_list, "{name}");
    }
    for (name, want) in REAL_LISTS {
        let result = read(&std::fs::read(root.join(name)).unwrap());
        assert_eq!(summary(&result), *want, "{name}: {result:?}");
    }
}

/// What lies beside the lists: where they are from, signatures, and single rows that have
/// a test of their own.
const NO_LISTS: [&str; 4] = ["SOURCES.tsv", "weird-real-rows.tsv", ".sig", ".pub"];

/// A change here wants a look at the file itself.
const REAL_LISTS: &[(&str, &str)] = &[
    ("admin/fyrfli.csv", "MastodonAdminCsv 393 9 6 0"),
    ("admin/handles.csv", "FollowList"),
    ("admin/lea.lgbt.csv", "MastodonAdminCsv 225 11 0 10"),
    ("admin/onepage.pub.csv", "NoEntries"),
    ("fediblockhole/data-mastodon.json", "AdminBlocks 10 0 0 0"),
    ("fediblockhole/data-noop-01.csv", "FediblockholeCsv 13 0 0 0"),
    ("fediblockhole/data-rapidblock.json", "Rapidblock 168 0 0 0"),
    ("fediblockhole/data-silences-01.csv", "FediblockholeCsv 13 0 0 0"),
    ("fediblockhole/data-suspends-01.csv", "FediblockholeCsv 13 0 0 0"),
    ("fediblockhole/demo-allowlist-01.csv", "FediblockholeCsv 3 0 0 0"),
    ("fediblockhole/demo-allowlist-02.csv", "FediblockholeCsv 1 0 0 0"),
    ("fediblockhole/demo-blocklist-01.csv", "FediblockholeCsv 9 0 0 0"),
    ("fires/changes-page.json", "Fires 3 0 0 0"),
    ("fires/fires.jsonld", "Json"),
    ("fires/import-domain-only.csv", "UserCsv 7 0 0 0"),
    ("fires/import-fediblockhole.csv", "FediblockholeCsv 4 0 0 0"),
    ("fires/import-mastodon.csv", "MastodonAdminCsv 4 0 1 0"),
    ("fires/snapshot.json", "Fires 5 0 0 0"),
    ("gardenfence/gardenfence-fediblocksync.csv", "FediblockholeCsv 143 0 0 0"),
    ("gardenfence/gardenfence-mastodon.csv", "MastodonAdminCsv 143 0 0 0"),
    ("gardenfence/gardenfence.txt", "UserCsv 143 0 0 0"),
    ("incidents/dni-2024-06-25-before.csv", "FediblockholeCsv 34 0 0 0"),
    ("incidents/dni-2024-09-12-EMPTIED.csv", "NoRows"),
    ("incidents/dni-2024-09-12-restored.csv", "MastodonAdminCsv 35 0 0 0"),
    ("incidents/unified_tier0-before-dni-outage.csv", "FediblockholeCsv 397 0 0 0"),
    ("incidents/unified_tier0-during-dni-outage.csv", "FediblockholeCsv 393 0 0 0"),
    ("lists.d/activitypub.bots.block.list.tsv", "FollowList"),
    ("lists.d/activitypub.domains.block.list.tsv", "PlainText 122 14 1 12"),
    ("markdown/alpaka.social-accounts.md", "FollowList"),
    ("markdown/alpaka.social.md", "Markdown 59 0 0 0"),
    ("mastodon-fixtures/domain_allows.csv", "UserCsv 2 0 0 0"),
    ("mastodon-fixtures/domain_blocks.csv", "MastodonAdminCsv 3 0 0 0"),
    ("mastodon-fixtures/domain_blocks_list.txt", "UserCsv 3 0 0 0"),
    ("mastodon-fixtures/empty.csv", "Empty"),
    ("mastodon-fixtures/imports.txt", "FollowList"),
    ("mastodon-fixtures/utf8-followers.txt", "FollowList"),
    ("meta/proposal-bluesky-bridges.csv", "MastodonAdminCsv 1 0 0 0"),
    ("meta/proposal-meta-preblock.csv", "MastodonAdminCsv 5 0 0 0"),
    ("meta/proposal-threads-minimal.csv", "MastodonAdminCsv 1 0 0 0"),
    ("misskey/misskey.sda1.net-blockedHosts.txt", "UserCsv 42 0 0 1"),
    ("oliphant/__allowlist.csv", "NoEntries"),
    ("oliphant/_unified_max_blocklist.csv", "FediblockholeCsv 3062 0 13 0"),
    ("oliphant/_unified_tier0_blocklist.csv", "FediblockholeCsv 449 0 0 0"),
    ("oliphant/dni.csv", "MastodonAdminCsv 86 0 1 0"),
    ("oliphant/iftas-aud.csv", "MastodonAdminCsv 36 0 1 0"),
    ("oliphant/mastodon.art.csv", "FediblockholeCsv 1170 0 4 0"),
    ("oliphant/mastodon.social.csv", "FediblockholeCsv 266 0 130 0"),
    ("oliphant/mastodon/_unified_tier0_blocklist.csv", "MastodonAdminCsv 449 0 0 0"),
    ("oliphant/mastodon/dni.csv", "MastodonAdminCsv 86 0 1 0"),
    ("oliphant/mastodon/mastodon.social.csv", "MastodonAdminCsv 266 0 130 0"),
    ("oliphant/mastodon/seirdy-tier0.csv", "MastodonAdminCsv 373 0 2 0"),
    ("oliphant/rage.love.csv", "FediblockholeCsv 1393 1 8 1"),
    ("oliphant/seirdy-tier0.csv", "FediblockholeCsv 373 0 2 0"),
    ("plain/fediblock-archive.txt", "UserCsv 167 1 0 0"),
    ("plain/fyrfli.txt", "UserCsv 403 4 2 0"),
    ("pleroma/nodeinfo-hynet-akkoma-2022.json", "PleromaNodeinfo 81 1 10 0"),
    ("pleroma/pleroma-admin-config.json", "NoRows"),
    ("pleroma/pleroma-instance.json", "PleromaNodeinfo 5 0 8 0"),
    ("pleroma/akkoma-blocklist.nix", "PleromaConfig 89 0 3 0"),
    ("rapidblock/blocked_domains.csv", "UserCsv 168 0 0 0"),
    ("rapidblock/blocklist.json", "Rapidblock 168 0 0 0"),
    ("seirdy/fedinuke-from-receipts.txt", "UserCsv 143 0 0 0"),
    ("seirdy/tier0-extra-from-receipts.txt", "UserCsv 26 0 0 0"),
    ("synthetic/adblock.txt", "Adblock 2 0 2 0"),
    ("synthetic/bom-utf8.csv", "MastodonAdminCsv 1 0 0 0"),
    ("synthetic/bookwyrm-fediblock.json", "Bookwyrm 2 0 0 0"),
    ("synthetic/bool-variants.csv", "MastodonAdminCsv 3 1 0 0"),
    ("synthetic/comment-header.txt", "PlainText 7 8 15 1"),
    ("synthetic/domain_blocks-401.json", "Json"),
    ("synthetic/dup-severities.csv", "MastodonAdminCsv 1 2 0 2"),
    ("synthetic/fediseer-censures.json", "Fediseer 1 0 0 0"),
    ("synthetic/fediseer-csv.json", "Fediseer 2 0 0 0"),
    ("synthetic/fediseer-domains.json", "Fediseer 2 0 0 0"),
    ("synthetic/following_accounts.csv", "FollowList"),
    ("synthetic/friendica.csv", "FriendicaCsv 1 0 2 0"),
    ("synthetic/github-blob.csv", "Html"),
    ("synthetic/hosts.txt", "Hosts 2 0 0 0"),
    ("synthetic/html-404.csv", "Html"),
    ("synthetic/lemmy-federated_instances.json", "Lemmy 2 0 0 0"),
    ("synthetic/lemmy-legacy.json", "Lemmy 2 0 0 0"),
    ("synthetic/mastodon-instance-domain_blocks.json", "InstanceBlocks 2 0 1 0"),
    ("synthetic/mastodon-user-domain_blocks.json", "UserBlocks 2 0 0 0"),
    ("synthetic/own-and-parents.csv", "MastodonAdminCsv 3 0 1 0"),
    ("synthetic/quoted-newline.csv", "MastodonAdminCsv 2 0 0 0"),
    ("synthetic/rate-limit.json", "Json"),
    ("synthetic/retraction-noop.csv", "FediblockholeCsv 1 0 0 0"),
    ("synthetic/semicolon-excel-eu.csv", "MastodonAdminCsv 1 0 0 0"),
    ("synthetic/severity-variants.csv", "MastodonAdminCsv 7 0 3 0"),
    ("synthetic/short-long-rows.csv", "MastodonAdminCsv 2 0 2 0"),
    ("synthetic/utf16le-excel.csv", "MastodonAdminCsv 1 0 0 0"),
    ("synthetic/windows-1252.csv", "MastodonAdminCsv 1 0 0 0"),
    ("user/guide-to-mastodon.csv", "UserCsv 463 0 0 0"),
    ("user/nsfw-exclusion.csv", "UserCsv 4 0 0 0"),
    ("yaml/paulatothepeople-fork.yaml", "Yaml 191 2 0 6"),
    ("yaml/paulatothepeople.yaml", "Yaml 191 2 0 6"),
];

/// What a real server answered. Line breaks in a recording end with the body.
fn recorded(path: &Path) -> String {
    let text = std::fs::read_to_string(path).unwrap().replace('\r', "");
    let response = text.split_once("### RESPONSE").unwrap().1;
    response.split_once("\n\n").unwrap().1.to_owned()
}

#[test]
fn answers_of_gotosocial() {
    let Some(root) = shared("recordings/gotosocial") else { return };
    for (name, want) in [
        ("005-nodeinfo-2.0.http", "NotItself"),
        ("121-blocks-get-all.http", "Gotosocial 3 2 6 0"),
        ("122-blocks-get-export.http", "Gotosocial 3 2 6 0"),
        ("140-auth-no-token.http", "Json"),
        ("451-instance-domain_blocks-user.http", "Gotosocial 15 2 6 0"),
        ("453-instance-peers-blocked.http", "Gotosocial 15 2 6 0"),
        ("453b-instance-peers-suspended.http", "UserBlocks 15 2 6 0"),
        ("454-instance-domain_allows-user.http", "Json"),
        ("470-exposed-instance-domain_blocks-anon.http", "Gotosocial 25 5 5 0"),
    ] {
        let result = read(recorded(&root.join(name)).as_bytes());
        assert_eq!(summary(&result), want, "{name}: {result:?}");
    }
}

#[test]
fn the_signatures_of_rapidblock_are_right() {
    let Some(root) = shared("lists/rapidblock") else { return };
    let text = |name: &str| std::fs::read_to_string(root.join(name)).unwrap();
    let key = text("rapidblock.pub");
    for name in ["blocklist.json", "blocked_domains.csv"] {
        let mut list = std::fs::read(root.join(name)).unwrap();
        let signature = text(&format!("{name}.sig"));
        assert_eq!(verify_signature(&list, &signature, &key), Ok(()), "{name}");
        list[100] ^= 1;
        let altered = verify_signature(&list, &signature, &key);
        assert_eq!(altered, Err(SignatureError::Mismatch), "{name}");
    }
}

#[test]
fn nothing_dangerous_comes_out_of_any_real_file() {
    let Some(root) = shared("lists") else { return };
    let mut entries = 0;
    for path in files(&root) {
        let Ok(document) = read(&std::fs::read(&path).unwrap()) else { continue };
        for entry in &document.entries {
            let name = entry.domain.as_str();
            assert_eq!(danger(name), None, "{name:?} in {}", path.display());
            entries += 1;
        }
    }
    assert!(entries > 5000, "{entries} entries");
}

/// Values of real lists, each with the kind that somebody sorted it under by hand.
#[test]
fn each_weird_row_ends_as_its_kind_says() {
    let Some(path) = shared("lists/weird-real-rows.tsv") else { return };
    let text = std::fs::read_to_string(path).unwrap();
    let mut seen = std::collections::BTreeMap::<&str, usize>::new();
    for line in text.lines().skip(1) {
        let cells: Vec<&str> = line.split('\t').collect();
        let [raw, kind, guess, flags, _] = cells[..] else { panic!("{line:?}") };
        let raw = python_text(raw);
        *seen.entry(kind).or_default() += 1;
        let (name, severity) = match raw.strip_prefix("severity=") {
            Some(severity) => ("odd.example", severity),
            None => (raw.as_str(), "suspend"),
        };
        let quoted = name.replace('"', "\"\"");
        let list = format!("#domain,#severity\n\"{quoted}\",{severity}\nok.example,noop\n");
        let document = read(list.as_bytes()).unwrap_or_else(|error| panic!("{raw:?}: {error}"));
        let fate = weird_fate(&document);
        let country = psl::suffix(guess.as_bytes())
            .is_some_and(|suffix| suffix == guess && suffix.typ() != Some(psl::Type::Private));
        let untidy = ["whitespace", "uppercase", "trailing-dot", "unicode-idn"];
        let marker = guess.ends_with(".invalid") || guess.starts_with("canary.");
        let want = match kind {
            "domain" if country || marker => "rejected".to_owned(),
            "domain" if flags.split(',').any(|flag| untidy.contains(&flag)) => {
                format!("repaired {guess}")
            }
            "domain" => format!("taken {guess}"),
            "invisible-char" | "wildcard-prefix" => format!("repaired {guess}"),
            "bad-label" if raw.contains("[.]") => format!("repaired {}", raw.replace("[.]", ".")),
            "obfuscated/glob" => "hidden".to_owned(),
            "bad-label" | "empty" | "glob" | "handle" | "ipv4" | "leading-dot" | "multi"
            | "path" | "port" | "severity" | "single-label" => "rejected".to_owned(),
            _ => panic!("an unknown kind: {line:?}"),
        };
        assert_eq!(fate, want, "{raw:?} ({kind}): {:?}", document.problems);
        if flags.contains("public-suffix") && !country {
            assert!(document.entries[0].shared_by_strangers, "{raw:?}");
        }
        let below = document.entries.iter().any(|entry| entry.covers_subdomains);
        assert_eq!(below, kind == "wildcard-prefix", "{raw:?}");
    }
    assert!(seen.values().sum::<usize>() >= 115 && seen.len() >= 15, "{seen:?}");
}

/// What became of the row before the last.
fn weird_fate(document: &Document) -> String {
    let [.., last] = &document.entries[..] else { panic!("{document:?}") };
    assert_eq!(last.domain.as_str(), "ok.example");
    match &document.entries[..] {
        [entry, _] if document.counts.repaired == 1 => format!("repaired {}", entry.domain),
        [entry, _] => format!("taken {}", entry.domain),
        _ if document.hidden.is_empty() => "rejected".to_owned(),
        _ => "hidden".to_owned(),
    }
}

/// A text as Python shows it.
fn python_text(shown: &str) -> String {
    let inner = shown.strip_prefix('\'').and_then(|text| text.strip_suffix('\'')).unwrap();
    let mut text = String::new();
    let mut rest = inner;
    while let Some((before, escaped)) = rest.split_once('\\') {
        text.push_str(before);
        let (c, length) = match escaped.as_bytes()[0] {
            b'u' => (u32::from_str_radix(&escaped[1..5], 16).unwrap(), 5),
            b'x' => (u32::from_str_radix(&escaped[1..3], 16).unwrap(), 3),
            other => (u32::from(other), 1),
        };
        text.push(char::from_u32(c).unwrap());
        rest = &escaped[length..];
    }
    text + rest
}

/// Why no list may block the name.
fn danger(name: &str) -> Option<&'static str> {
    let suffix = psl::suffix(name.as_bytes());
    let icann = suffix
        .is_some_and(|s| s.as_bytes() == name.as_bytes() && s.typ() == Some(psl::Type::Icann));
    let ldh = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'-' | b'.');
    if !name.contains('.') {
        Some("a single label")
    } else if icann {
        Some("a public suffix")
    } else if name.parse::<IpAddr>().is_ok() {
        Some("an IP address")
    } else if !name.bytes().all(ldh) {
        Some("not canonical")
    } else if name.ends_with(".invalid") || name.starts_with("000") || name.starts_with("canary.") {
        Some("a marker")
    } else {
        None
    }
}

#[test]
fn what_may_not_be_blocked_is_recognised() {
    for name in
        ["cf", "localhost", "com.tr", "1.2.3.4", "*.x.example", "u@x.example", "dni.invalid"]
    {
        assert!(danger(name).is_some(), "{name:?}");
    }
    assert_eq!(danger("bad.example"), None);
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let paths = entries.map(|entry| entry.path());
    paths.flat_map(|path| if path.is_dir() { files(&path) } else { vec![path] }).collect()
}

/// Mastodon normalises what it is sent. What this crate sends has to be what Mastodon
/// then stores, or the block could not be found again.
#[test]
fn names_are_what_mastodon_stores() {
    let Some(path) = shared("recordings/mastodon/normalisation.jsonl") else { return };
    let (mut same, mut canonical) = (0, 0);
    for line in std::fs::read_to_string(path).unwrap().lines() {
        let record: serde_json::Value = serde_json::from_str(line).unwrap();
        let input = record["input"].as_str().unwrap();
        let stored = record["stored"].as_str().filter(|_| record["accepted"] == true);
        let Ok(parsed) = Domain::parse(input) else { continue };
        let again = Domain::parse(parsed.domain.as_str()).unwrap();
        assert_eq!((&again.domain, &again.repairs[..]), (&parsed.domain, &[][..]), "{input:?}");
        if parsed.repairs.is_empty() {
            assert_eq!(stored, Some(input), "sent as it is, and not stored like that");
            canonical += 1;
        }
        // The one exception: ß and ς, which IDNA 2003 replaces. The repair says so.
        if parsed.repairs.contains(&Repair::IdnDeviation) {
            assert_ne!(stored, Some(parsed.domain.as_str()), "{input:?}");
        } else if let Some(stored) = stored {
            assert_eq!(parsed.domain.as_str(), stored, "{input:?}");
            same += 1;
        }
    }
    assert!(same > 70 && canonical > 30, "{same} names alike, {canonical} canonical");
}

use std::collections::BTreeSet;
use std::path::Path;

use url::Url;

use super::*;
use crate::list::bundled;

#[test]
fn the_folder_and_the_program_agree_and_every_file_reads() {
    let folder = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/lists/catalogue"));
    let in_folder: BTreeSet<String> = std::fs::read_dir(folder)
        .unwrap()
        .map(|file| file.unwrap().file_name().into_string().unwrap())
        .collect();
    let embedded: BTreeSet<String> = FILES.iter().map(|(name, _)| format!("{name}.toml")).collect();
    assert_eq!(embedded, in_folder);
    assert_eq!(embedded.len(), FILES.len(), "a file is named twice");
    for (name, text) in FILES {
        let listing: Listing = toml::from_str(text).unwrap_or_else(|e| panic!("{name}: {e}"));
        assert_eq!(listing.name, *name);
    }
    assert_eq!(all().len(), FILES.len());
    assert!(all().is_sorted_by(|one, other| one.name < other.name));
}

#[test]
fn a_misspelt_field_is_noticed() {
    let text = FILES[0].1;
    assert!(toml::from_str::<Listing>(&text.replace("purpose =", "purpoze =")).is_err());
    assert!(toml::from_str::<Listing>(&format!("colour = \"red\"\n{text}")).is_err());
    assert!(toml::from_str::<Listing>(&text.replace("\"alive\"", "\"lively\"")).is_err());
}

#[test]
fn names_are_kebab_case_and_no_bundled_lists() {
    for list in all() {
        let name = &list.name;
        assert!((4..=25).contains(&name.len()), "{name}");
        assert!(name.split('-').all(|part| !part.is_empty()), "{name}");
        let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        assert!(name.chars().all(plain), "{name}");
        assert_eq!(bundled::find(name), None, "{name}");
        assert_eq!(find(&name.to_uppercase()), Some(list));
    }
    assert_eq!(find("nothing"), None);
}

#[test]
fn addresses_are_absolute_and_never_plain_http() {
    let https = |name: &str, address: &str| {
        let url = Url::parse(address).unwrap_or_else(|e| panic!("{name}: {address}: {e}"));
        assert_eq!(url.scheme(), "https", "{name}: {address}");
        assert!(url.host_str().is_some_and(|host| host.contains('.')), "{name}: {address}");
        assert!(url.username().is_empty() && url.password().is_none(), "{name}: {address}");
    };
    let mut seen = BTreeSet::new();
    for list in all() {
        let name = &list.name;
        https(name, &list.home);
        for address in list.addresses() {
            match address.split_once(':') {
                Some(("instance", host)) => {
                    crate::domain::Domain::parse(host).unwrap();
                }
                Some(("fires", url)) => https(name, url),
                _ => https(name, address),
            }
            assert!(seen.insert(address::key(address)), "{name}: {address} is there twice");
            assert_eq!(by_address(address), Some(list), "{address}");
        }
        let signature = list.signature.iter().flat_map(|s| [&s.address, &s.public_key]);
        for address in list.retractions.iter().chain(signature) {
            https(name, address);
            assert_eq!(by_address(address), None, "{address} is no list of blocks");
        }
        assert_eq!(list.address.contains('{'), list.fill_in.is_some(), "{name}");
    }
    assert_eq!(by_address("https://lists.example/a.csv"), None);
}

#[test]
fn a_list_is_known_by_every_address_that_guides_give_for_it() {
    for (address, name) in [
        (
            "https://raw.githubusercontent.com/gardenfence/blocklist/refs/heads/main/gardenfence-fediblocksync.csv",
            "garden-fence",
        ),
        (
            "https://github.com/gardenfence/blocklist/raw/refs/heads/main/gardenfence-mastodon.csv",
            "garden-fence",
        ),
        (
            "https://codeberg.org/oliphant/blocklists/raw/branch/main/blocklists/_unified_tier0_blocklist.csv",
            "oliphant-tier0",
        ),
        ("http://seirdy.one/pb/tier0.csv", "seirdy-tier0"),
        ("instance:Mastodon.Social", "mastodon-social"),
    ] {
        assert_eq!(by_address(address).map(|list| list.name.as_str()), Some(name), "{address}");
    }
    let retracted = by_retractions("https://seirdy.one/pb/tier0-retractions.csv");
    assert_eq!(retracted.map(|list| list.name.as_str()), Some("seirdy-tier0"));
    assert_eq!(by_retractions("https://seirdy.one/pb/tier0.csv"), None);
}

#[test]
fn what_can_go_wrong_with_a_list_is_said() {
    for (name, words) in [
        ("iftas-cariad", "threads.net"),
        ("seirdy-corpo", "threads.net"),
        ("seirdy-bridges", "follow"),
        ("seirdy-spammy-subdomains", "honest servers"),
        ("oliphant-tier0", "Retired"),
        ("oliphant-max", "mastodon.social"),
        ("bad-space-90", "disputed"),
        ("bad-space-20", "disputed"),
        ("chaos-social", "not meant as a blocklist"),
        ("mastodon-social", "obfuscated"),
        ("mastodon-online", "obfuscated"),
        ("lists-d", "allies"),
        ("lists-d-threads", "mastodon.social"),
        ("soapblock", "software"),
        ("rapidblock", "Dead"),
        ("fedi-health", "mastodon.social"),
        ("ai-blocklist", "accounts"),
        ("the-best-list", "whole fediverse"),
    ] {
        let warnings = find(name).unwrap().warnings.join(" ");
        assert!(warnings.contains(words), "{name}: {warnings}");
    }
    for name in ["seirdy-tier0", "fedinuke", "seirdy-bsl", "seirdy-corpo"] {
        let list = find(name).unwrap();
        assert!(list.licence.contains("CC BY-SA"), "{name}");
        let notices = list.notices.join(" ");
        assert!(notices.contains("read the whole page"), "{name}: {notices}");
        assert!(notices.contains("rather be asked"), "{name}: {notices}");
    }
}

#[test]
fn what_is_over_is_never_advised_and_what_is_offered_is_alive_and_harmless() {
    for list in all() {
        let name = &list.name;
        if list.status.is_over() {
            assert_eq!(list.advice, Advice::Never, "{name}");
        }
        if list.advice == Advice::Never {
            assert!(!list.warnings.is_empty(), "{name}: why not?");
        }
        if list.advice == Advice::Offer {
            assert_eq!((list.status, &list.warnings[..]), (Status::Alive, &[][..]), "{name}");
        }
        assert_eq!(list.needs_insistence(), list.advice == Advice::Never, "{name}");
    }
    let retired = Listing { advice: Advice::Ask, ..find("oliphant-tier0").unwrap().clone() };
    assert!(retired.needs_insistence(), "retired is enough");
    let names = |advice| -> Vec<&str> {
        all().iter().filter(|l| l.advice == advice).map(|l| l.name.as_str()).collect()
    };
    assert_eq!(names(Advice::Offer), ["garden-fence", "iftas-aud", "iftas-dni"]);
}

#[test]
fn texts_are_sentences_for_people() {
    for list in all() {
        let name = &list.name;
        assert!((4..=36).contains(&list.title.len()), "{name}: {}", list.title);
        let sentences = [&list.purpose, &list.criteria];
        for text in sentences.into_iter().chain(&list.notices).chain(&list.warnings) {
            assert!(text.ends_with('.'), "{name}: {text}");
            assert!((10..=240).contains(&text.len()), "{name}: {text}");
        }
        for text in [&list.updates, &list.format, &list.licence, &list.maintainer] {
            assert!(!text.is_empty() && !text.ends_with('.'), "{name}: {text}");
        }
        if let Some(seen) = &list.seen {
            let numbers: Vec<u32> = seen.split('-').map(|part| part.parse().unwrap()).collect();
            let lengths: Vec<usize> = seen.split('-').map(str::len).collect();
            assert!([4, 2, 2].starts_with(&lengths), "{name}: {seen}");
            assert!((2022..2100).contains(&numbers[0]), "{name}: {seen}");
            assert!(numbers.get(1).is_none_or(|month| (1..=12).contains(month)), "{name}: {seen}");
            assert!(numbers.get(2).is_none_or(|day| (1..=31).contains(day)), "{name}: {seen}");
        }
        assert!(list.domains.is_none() || list.seen.is_some(), "{name}: how many, but when?");
    }
}

fn found(words: &[&str]) -> Vec<&'static str> {
    search(words).iter().map(Found::name).collect()
}

#[test]
fn a_search_finds_both_kinds_in_any_case_and_needs_every_word() {
    assert_eq!(found(&["IFTAS"])[..3], ["iftas-aud", "iftas-dni", "iftas-cariad"]);
    assert_eq!(found(&["iftas", "spam"]), ["iftas-aud"]);
    assert_eq!(found(&["sunny.garden"]), ["garden-fence"], "by its maintainer");
    assert_eq!(found(&["fedipact"]), ["fedipact"]);
    assert_eq!(found(&["seirdy's", "corporate"]), ["seirdy-corpo"], "with a typed apostrophe");
    assert_eq!(found(&["Seirdy\u{2019}s", "corporate"]), ["seirdy-corpo"], "with a printed one");
    assert_eq!(found(&["allies"]), ["lists-d"], "by its warning");
    assert_eq!(found(&["no-such-thing"]), [""; 0]);
    assert_eq!(found(&["iftas", "no-such-thing"]), [""; 0]);
}

#[test]
fn a_name_counts_more_than_a_text_and_what_is_over_comes_last() {
    let threads = found(&["threads"]);
    assert_eq!(threads[0], "threads");
    assert_eq!(threads.last(), Some(&"lists-d-threads"), "{threads:?}");
    let cariad = threads.iter().position(|name| *name == "iftas-cariad").unwrap();
    let bundled = threads.iter().position(|name| *name == "meta").unwrap();
    assert!(bundled < cariad, "{threads:?}");

    let all_lists = search(&[]);
    assert_eq!(all_lists.len(), all().len() + bundled::all().len());
    assert_eq!(all_lists[0].name(), "threads");
    let ranks: Vec<Advice> = all_lists.iter().map(Found::advice).collect();
    assert!(ranks.is_sorted(), "{ranks:?}");
}

#[test]
fn both_kinds_are_found_by_name() {
    assert!(matches!(find_any("FediPact"), Some(Found::Bundled(_))));
    assert!(matches!(find_any("Garden-Fence"), Some(Found::Listed(_))));
    assert_eq!(find_any("nothing"), None);
}

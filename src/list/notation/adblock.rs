//! Filters of ad blockers, of which only those for a whole server are blocks.

use super::super::decode::{self, Source};
use super::super::error::ReadError;
use super::super::rows::{Row, Rows};
use super::super::{Format, Released};
use super::{Document, hosts};

pub(super) fn is_it(sample: &str) -> bool {
    let mut lines = sample.lines().map(str::trim).filter(|line| !line.is_empty());
    lines.next().is_some_and(is_title)
        || super::most_lines(sample, is_comment, |line| {
            line.starts_with("||") || line.starts_with("@@||")
        })
}

pub(super) fn read(source: &Source<'_>) -> Result<Document, ReadError> {
    let text = &source.text;
    let mut rows = Rows::new(source.guessed, decode::estimate_lines(text));
    for line in decode::lines(text) {
        let body = line.text.trim();
        if !body.is_empty() && !is_comment(body) {
            rule(&mut rows, line.number, body);
        }
        if rows.is_full() {
            break;
        }
    }
    rows.finish(Format::Adblock, false)
}

/// `[Adblock Plus 2.0]`, `[uBlock Origin]`
fn is_title(line: &str) -> bool {
    let line = decode::clip(line, 64).to_ascii_lowercase();
    line.starts_with("[adblock") || line.starts_with("[ublock") || line.starts_with("[adguard")
}

/// `#` alone is a comment too where hosts files were mixed in; `##` hides parts of pages.
fn is_comment(line: &str) -> bool {
    line.starts_with('!') || is_title(line) || (line.starts_with('#') && !is_cosmetic(line))
}

/// What hides parts of pages; `## Spam` is somebody's heading.
fn is_cosmetic(line: &str) -> bool {
    ["##", "#@#", "#?#", "#$#", "#%#"].iter().any(|mark| {
        line.split_once(mark).is_some_and(|(_, selector)| {
            !selector.is_empty() && !selector.starts_with([' ', '\t', '#'])
        })
    })
}

fn rule(rows: &mut Rows, number: u32, line: &str) {
    if is_cosmetic(line) {
        let why = "this hides parts of pages and blocks no server";
        return rows.reject(number, line, why.to_owned());
    }
    let (exception, body) = line.strip_prefix("@@").map_or((false, line), |body| (true, body));
    let Some(body) = body.strip_prefix("||") else {
        if exception || line.starts_with(['|', '/']) || line.contains(['^', '$', '=']) {
            return rows.reject(
                number,
                line,
                "a filter for addresses of pages, not for a server".to_owned(),
            );
        }
        if !hosts::take(rows, number, line) {
            rows.take(&Row { line: number, domain: line, ..Row::default() });
        }
        return;
    };
    let (pattern, options) = body.split_once('$').map_or((body, ""), |(p, options)| (p, options));
    let Some(name) = pattern.strip_suffix('^').or_else(|| pattern.strip_suffix("^|")) else {
        let why = "without ^ at its end this matches longer names and single pages too";
        return rows.reject(number, line, why.to_owned());
    };
    if let Some(option) = narrowing(options) {
        let option = decode::clip(option, 40);
        let why = format!("with {option:?} this is not meant for everything that a server sends");
        return rows.reject(number, line, why);
    }
    let row = Row { line: number, domain: name, ..Row::default() };
    if exception {
        rows.release(&row, Released::Allowed);
    } else {
        rows.take(&row);
    }
}

/// The first option under which a rule is about less than the whole server. `third-party`
/// is one: it lets people visit the server, and a block would not.
fn narrowing(options: &str) -> Option<&str> {
    const WHOLE: [&str; 5] = ["all", "document", "doc", "important", "popup"];
    let mut options = options.split(',').map(str::trim).filter(|option| !option.is_empty());
    options.find(|option| !WHOLE.contains(option))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::super::read as read_list;
    use super::super::tests::{counts_add_up, names_of};
    use super::*;

    #[test]
    fn rules_for_a_whole_server_are_blocks_and_exceptions_are_releases() {
        let document = read_list(
            b"[Adblock Plus 2.0]\n! Title: mine\n# old style\n||bad.example^\n||worse.example^$all,important\n\
              @@||good.example^\nplain.example\n0.0.0.0 hosts.example\n||*.wild.example^\n",
        )
        .unwrap();
        assert_eq!(document.format, Format::Adblock);
        assert_eq!(
            names_of(&document),
            ["bad.example", "worse.example", "plain.example", "hosts.example", "wild.example"]
        );
        let [release] = &document.releases[..] else { panic!("{document:?}") };
        assert_eq!((release.domain.as_str(), release.how), ("good.example", Released::Allowed));
        assert_eq!(document.counts.rejected, 0, "{:?}", document.problems);
    }

    #[test]
    fn what_is_about_less_than_a_server_is_rejected() {
        for (line, word) in [
            ("||x.example^$third-party", "third-party"),
            ("||x.example^$domain=a.example|b.example", "domain="),
            ("@@||x.example^$image", "image"),
            ("||x.example^$badfilter", "badfilter"),
            ("||x.example", "without ^"),
            ("||x.example/ads^", "has a path"),
            ("|https://x.example^", "addresses of pages"),
            ("/x[0-9]\\.example/", "addresses of pages"),
            ("x.example##.ad", "parts of pages"),
            ("x.example#@#.ad", "parts of pages"),
            ("||x.*^", "pattern"),
            ("||*^", "pattern"),
        ] {
            let document =
                read_list(format!("||ok.example^\n||fine.example^\n{line}\n").as_bytes());
            let document = document.unwrap();
            assert_eq!(names_of(&document), ["ok.example", "fine.example"], "{line:?}");
            assert_eq!(document.releases, [], "{line:?}");
            let [problem] = &document.problems[..] else { panic!("{document:?}") };
            assert!(problem.line == 3 && problem.why.contains(word), "{line:?}: {problem:?}");
        }
    }

    proptest! {
        #[test]
        fn any_rules_are_counted_once(
            body in "((@@)?(\\|\\|)?([a-c]\\.social|com|\\*|u@a\\.social|0\\.0\\.0\\.0 )?\\^?(\\$[a-z,-]{0,9})?(##x)?[ \n]){0,40}",
        ) {
            counts_add_up(&format!("[Adblock]\n||x.social^\n{body}"), Format::Adblock)?;
        }

        #[test]
        fn what_is_written_is_read(names in super::super::tests::domains()) {
            let text: String = names.iter().map(|name| format!("||{name}^\n")).collect();
            prop_assert_eq!(names_of(&read_list(text.as_bytes()).unwrap()), names);
        }
    }
}

//! Hosts files: an address that leads nowhere, and names.

use super::super::Format;
use super::super::decode::{self, Source};
use super::super::error::ReadError;
use super::super::rows::{Row, Rows};
use super::Document;

/// Addresses that lead nowhere.
const NOWHERE: [&str; 6] = ["0.0.0.0", "127.0.0.1", "::", "::1", "::0", "0:0:0:0:0:0:0:0"];

pub(super) fn is_it(sample: &str) -> bool {
    super::most_lines(sample, is_comment, |line| names(line).is_some())
}

pub(super) fn read(source: &Source<'_>) -> Result<Document, ReadError> {
    let text = &source.text;
    let mut rows = Rows::new(source.guessed, decode::estimate_lines(text));
    for line in decode::lines(text) {
        let body = line.text.trim();
        if body.is_empty() || is_comment(body) {
            continue;
        }
        if !take(&mut rows, line.number, body) {
            rows.take(&Row { line: line.number, domain: without_comment(body), ..Row::default() });
        }
        if rows.is_full() {
            break;
        }
    }
    rows.finish(Format::Hosts, false)
}

fn is_comment(line: &str) -> bool {
    line.starts_with('#')
}

/// As with other lists of lines, comments are not kept: what somebody noted in their own
/// file was not written to be published.
fn without_comment(line: &str) -> &str {
    line.split('#').next().unwrap_or_default().trim_end()
}

/// Reads a line that begins with an address; otherwise says no and reads nothing.
pub(super) fn take(rows: &mut Rows, number: u32, line: &str) -> bool {
    let line = without_comment(line);
    let mut words = line.split_whitespace();
    let Some(address) = words.next() else { return true };
    if words.clone().next().is_none() || !is_address(address) {
        return false;
    }
    if !NOWHERE.contains(&address) {
        let why = "this gives a server an address of its own; only 0.0.0.0, 127.0.0.1, :: and \
                   ::1 stand for a block";
        rows.reject(number, line, why.to_owned());
        return true;
    }
    // Of `127.0.0.1 localhost box.example`, both are the computer itself.
    let own = words.clone().any(|name| name.eq_ignore_ascii_case("localhost"));
    for name in words {
        if is_own(name) {
            continue;
        }
        if own {
            let why = "it stands beside localhost, so it is this computer's own name";
            rows.reject(number, name, why.to_owned());
        } else {
            rows.take(&Row { line: number, domain: name, ..Row::default() });
        }
        if rows.is_full() {
            break;
        }
    }
    true
}

/// The names on a line of a hosts file.
fn names(line: &str) -> Option<std::str::SplitWhitespace<'_>> {
    let mut words = without_comment(line).split_whitespace();
    let address = words.next()?;
    (NOWHERE.contains(&address) && words.clone().next().is_some()).then_some(words)
}

fn is_address(word: &str) -> bool {
    // `fe80::1%lo0` has the name of a network card.
    word.split('%').next().unwrap_or_default().parse::<std::net::IpAddr>().is_ok()
}

/// Names that every such file has for the computer and its network.
fn is_own(name: &str) -> bool {
    const OWN: [&str; 6] =
        ["localhost", "localhost.localdomain", "local", "broadcasthost", "0.0.0.0", "localdomain"];
    let name = decode::clip(name, 64).to_ascii_lowercase();
    OWN.contains(&name.as_str())
        || name.starts_with("ip6-")
        || name.starts_with("localhost4")
        || name.starts_with("localhost6")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::super::{Verdict, read as read_list};
    use super::super::tests::{counts_add_up, names_of, verdicts};
    use super::*;

    #[test]
    fn names_that_lead_nowhere_are_blocks_and_the_computer_itself_is_not() {
        let document = read_list(
            b"# mine\n127.0.0.1 localhost\n255.255.255.255 broadcasthost\n::1 ip6-localhost ip6-loopback\n\
              0.0.0.0 0.0.0.0\n0.0.0.0 bad.example worse.example # both\n:: six.example\n\
              127.0.0.1\ttab.example\nplain.example\n0.0.0.0 com\n",
        )
        .unwrap();
        assert_eq!(document.format, Format::Hosts);
        assert_eq!(
            names_of(&document),
            ["bad.example", "worse.example", "six.example", "tab.example", "plain.example"]
        );
        assert!(
            document.entries.iter().all(|e| e.severity.is_none() && e.public_comment.is_none())
        );
        let refused = |why| (why, Verdict::Rejected);
        assert_eq!(
            verdicts(&document),
            [refused((3, "255.255.255.255 broadcasthost")), refused((10, "com"))]
        );
    }

    #[test]
    fn an_address_of_its_own_and_a_name_of_the_computer_are_no_blocks() {
        let document = read_list(
            b"127.0.0.1 localhost box.example\n192.168.1.5 nas.example\n0.0.0.0 bad.example\n\
              0.0.0.0 b.example\nfe80::1%lo0 localhost\n0.0.0.0 user@c.example\n",
        )
        .unwrap();
        assert_eq!(names_of(&document), ["bad.example", "b.example"]);
        let whys: Vec<_> = document.problems.iter().map(|p| p.why.as_str()).collect();
        assert!(whys[0].contains("this computer's own name"), "{whys:?}");
        assert!(whys[1].contains("an address of its own"), "{whys:?}");
        assert_eq!(document.counts.rejected, 4);
    }

    #[test]
    fn a_list_of_names_with_one_such_line_is_no_hosts_file() {
        assert!(!is_it("a.example\nb.example\n0.0.0.0 c.example\n"));
        assert!(!is_it("0.0.0.0\n127.0.0.1\n"));
        assert!(is_it("# x\n\n0.0.0.0 c.example\n"));
    }

    proptest! {
        #[test]
        fn any_lines_are_counted_once(
            body in "((0\\.0\\.0\\.0|::1?|127\\.0\\.0\\.1|10\\.0\\.0\\.1|#)?[ \t](localhost|[a-c]\\.social|[A-C]\\.social|com|u@a\\.social|é)?[ \n]){0,40}",
        ) {
            counts_add_up(&format!("0.0.0.0 x.social\n{body}"), Format::Hosts)?;
        }

        #[test]
        fn what_is_written_is_read(names in super::super::tests::domains()) {
            let text: String = names.iter().map(|name| format!("0.0.0.0 {name}\n")).collect();
            prop_assert_eq!(names_of(&read_list(text.as_bytes()).unwrap()), names);
        }
    }
}

//! The lists that come with the program.
//!
//! They name companies and bridges, which is a matter of taste and not of judgement about
//! people: lists that judge servers belong to those who keep them, change every week, and
//! are fetched from their own addresses.

/// A list with its description.
#[derive(Debug, PartialEq, Eq)]
pub struct Bundled {
    pub name: &'static str,
    pub title: &'static str,
    /// What the list does and what it does not do, title included, in lines that fit a
    /// terminal.
    pub about: &'static str,
    /// As Mastodon's admin pages export it.
    pub csv: &'static [u8],
}

pub fn all() -> &'static [Bundled] {
    ALL
}

/// The list with that name, whatever its case.
pub fn find(name: &str) -> Option<&'static Bundled> {
    ALL.iter().find(|list| list.name.eq_ignore_ascii_case(name))
}

const META: &[u8] = include_bytes!("../../lists/meta.csv");

const ALL: &[Bundled] = &[
    bundled(
        "threads",
        include_str!("../../lists/threads.md"),
        include_bytes!("../../lists/threads.csv"),
    ),
    bundled("meta", include_str!("../../lists/meta.md"), META),
    // Another name for Meta's domains: it is the one that people look for.
    bundled("fedipact", include_str!("../../lists/fedipact.md"), META),
    bundled(
        "bluesky-bridges",
        include_str!("../../lists/bluesky-bridges.md"),
        include_bytes!("../../lists/bluesky-bridges.csv"),
    ),
];

const fn bundled(name: &'static str, about: &'static str, csv: &'static [u8]) -> Bundled {
    Bundled { name, title: first_line(about), about, csv }
}

const fn first_line(text: &'static str) -> &'static str {
    let mut end = 0;
    while end < text.len() && text.as_bytes()[end] != b'\n' {
        end += 1;
    }
    text.split_at(end).0
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::block::Severity;
    use crate::list::{Format, read};

    #[test]
    fn each_list_names_exactly_what_it_says() {
        const META: &[&str] =
            &["threads.net", "threads.com", "instagram.com", "facebook.com", "whatsapp.com"];
        let wanted: [(&str, &[&str]); 4] = [
            ("threads", &["threads.net"]),
            ("meta", META),
            ("fedipact", META),
            ("bluesky-bridges", &["brid.gy", "bsky.brid.gy"]),
        ];
        assert_eq!(all().len(), wanted.len());
        for (name, domains) in wanted {
            let list = find(name).unwrap();
            let document = read(list.csv).unwrap();
            assert_eq!(document.format, Format::MastodonAdminCsv);
            assert_eq!(document.problems, []);
            assert_eq!(document.counts.taken, domains.len());
            let read: Vec<_> = document.entries.iter().map(|e| e.domain.as_str()).collect();
            assert_eq!(read, domains, "{name}");
            for entry in &document.entries {
                assert_eq!(entry.severity, Some(Severity::Suspend));
                assert!(entry.public_comment.as_ref().is_some_and(|c| c.len() <= 50));
                assert!(list.about.contains(entry.domain.as_str()), "{name}: {}", entry.domain);
            }
        }
    }

    #[test]
    fn each_list_has_a_title_and_says_what_it_does_not_do() {
        for list in all() {
            assert!((10..70).contains(&list.title.len()), "{:?}", list.title);
            assert!(list.about.starts_with(list.title));
            assert!(list.about.contains("What it does not do"), "{}", list.name);
            let widest = list.about.lines().max_by_key(|line| line.chars().count()).unwrap();
            assert!(widest.chars().count() < 80, "{}: {widest}", list.name);
        }
        assert_eq!(find("FediPact").map(|list| list.name), Some("fedipact"));
        assert_eq!(find("nothing"), None);
    }
}

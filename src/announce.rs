//! What a run did, as an admin would tell people: a text in Markdown to post.
//!
//! Names and reasons come from strangers, so nothing in them may become a link, a mention, a
//! heading or a table of its own. A block that is to be obfuscated is named as the server
//! itself shows it.

use std::fmt::Write;

use chrono::{DateTime, Utc};

use crate::block::{Rule, Severity};
use crate::plan::{Change, Direction, Update};
use crate::text::{count, plain};

/// Writes the announcement. `whom` is who speaks, such as the instance's name.
pub fn announce(changes: &[Change], whom: &str, at: DateTime<Utc>) -> String {
    let mut text = format!("## Changed on {}\n\n", at.format("%Y-%m-%d"));
    let whom = escaped(whom);
    if changes.is_empty() {
        let _ = writeln!(text, "Nothing was changed on {whom}.");
        return text;
    }
    let _ = writeln!(text, "These are the servers that {whom} treats differently from now on.");
    let blocked = |wanted: Severity| {
        move |change: &Change| match change {
            Change::Add { domain, rule } => {
                let severity = rule.as_ref().map_or(Severity::Suspend, |rule| rule.severity);
                (severity == wanted).then(|| row(domain.as_str(), rule.as_ref()))
            }
            Change::Update { domain, before, after } => {
                let raised = is(change, Direction::Raise) && before.severity != after.severity;
                (raised && after.severity == wanted).then(|| row(domain.as_str(), Some(after)))
            }
            Change::Remove { .. } => None,
        }
    };
    let eased = |change: &Change| match change {
        Change::Update { domain, after, .. } if is(change, Direction::Lower) => {
            Some(format!("| {} | {} |", shown(domain.as_str(), Some(after)), effect(after)))
        }
        _ => None,
    };
    let other = |change: &Change| match change {
        Change::Update { domain, before, after } => {
            let kept = before.severity == after.severity && !is(change, Direction::Lower);
            kept.then(|| format!("| {} | {} |", shown(domain.as_str(), Some(after)), effect(after)))
        }
        _ => None,
    };
    let lifted = |change: &Change| match change {
        Change::Remove { name, before } => Some(format!("- {}", shown(name, before.as_ref()))),
        _ => None,
    };
    let reasons = "| Server | Why |\n| --- | --- |\n";
    let states = "| Server | Now |\n| --- | --- |\n";
    let rows = |pick: &dyn Fn(&Change) -> Option<String>| -> Vec<String> {
        changes.iter().filter_map(pick).collect()
    };
    part(&mut text, "Blocked", "No contact any more", reasons, &rows(&blocked(Severity::Suspend)));
    part(
        &mut text,
        "Limited",
        "Hidden from public places; whoever follows somebody there still does",
        reasons,
        &rows(&blocked(Severity::Silence)),
    );
    part(&mut text, "Noted", "No restriction", reasons, &rows(&blocked(Severity::Noop)));
    part(&mut text, "Eased", "Less restricted than before", states, &rows(&eased));
    part(&mut text, "Changed", "The details", states, &rows(&other));
    part(&mut text, "Lifted", "Contact is possible again", "", &rows(&lifted));
    text
}

fn part(text: &mut String, title: &str, means: &str, head: &str, rows: &[String]) {
    if rows.is_empty() {
        return;
    }
    let servers = count(rows.len(), "server");
    let _ = write!(text, "\n### {title}: {servers}\n\n{means}.\n\n{head}");
    for row in rows {
        let _ = writeln!(text, "{row}");
    }
}

fn is(change: &Change, direction: Direction) -> bool {
    let Change::Update { domain, before, after } = change else { return false };
    let (domain, before, after) = (domain.clone(), before.clone(), after.clone());
    let update =
        Update { domain, before, after, asked_by: crate::combine::Asks::default(), because: None };
    update.direction() == direction
}

fn row(name: &str, rule: Option<&Rule>) -> String {
    let comment = rule.and_then(|rule| rule.public_comment.as_deref());
    let why = comment.map_or_else(|| "no reason given".to_owned(), escaped);
    format!("| {} | {why} |", shown(name, rule))
}

fn effect(rule: &Rule) -> String {
    let mut words = vec![match rule.severity {
        Severity::Suspend => "blocked",
        Severity::Silence => "limited",
        Severity::Noop => "noted",
    }];
    if rule.severity < Severity::Suspend {
        words.extend(rule.reject_media.then_some("no media"));
        words.extend(rule.reject_reports.then_some("no reports"));
    }
    words.join(", ")
}

/// A name in code style, so that nothing makes a link of it.
fn shown(name: &str, rule: Option<&Rule>) -> String {
    let name = plain(name).replace('`', "");
    let hidden = rule.is_some_and(|rule| rule.obfuscate);
    format!("`{}`", if hidden { masked(&name) } else { name })
}

/// The stars that Mastodon puts into an obfuscated name (`DomainBlock#public_domain`).
fn masked(name: &str) -> String {
    let length = name.chars().count();
    let edge = length / 4;
    let star = |(at, c): (usize, char)| {
        if at > edge && at < length - edge && c != '.' { '*' } else { c }
    };
    name.chars().enumerate().map(star).collect()
}

/// Text without anything that Markdown or a server would act on.
fn escaped(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for c in plain(text).chars() {
        match c {
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '&' => safe.push_str("&amp;"),
            '\\' | '`' | '*' | '_' | '{' | '}' | '[' | ']' | '(' | ')' | '#' | '!' | '|' | '~' => {
                safe.push('\\');
                safe.push(c);
            }
            // A mention would call somebody, and an address would become a link.
            '@' | ':' => {
                safe.push(c);
                safe.push('\u{200b}');
            }
            c => safe.push(c),
        }
    }
    safe
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Domain;

    fn add(name: &str, rule: Rule) -> Change {
        Change::Add { domain: Domain::from_stored(name).unwrap(), rule: Some(rule) }
    }

    fn at() -> DateTime<Utc> {
        "2026-11-01T10:00:00Z".parse().unwrap()
    }

    #[test]
    fn a_run_is_told_by_consequence_with_its_reasons() {
        let spam = Rule { public_comment: Some("spam".into()), ..Rule::new(Severity::Suspend) };
        let silent = Rule::new(Severity::Silence);
        let changes = [
            add("bad.example", spam.clone()),
            add("loud.example", silent.clone()),
            Change::Update {
                domain: Domain::from_stored("worse.example").unwrap(),
                before: silent.clone(),
                after: spam,
            },
            Change::Remove { name: "fine.example".into(), before: Some(silent) },
        ];
        let text = announce(&changes, "home.example", at());
        let want = "\
## Changed on 2026-11-01

These are the servers that home.example treats differently from now on.

### Blocked: 2 servers

No contact any more.

| Server | Why |
| --- | --- |
| `bad.example` | spam |
| `worse.example` | spam |

### Limited: 1 server

Hidden from public places; whoever follows somebody there still does.

| Server | Why |
| --- | --- |
| `loud.example` | no reason given |

### Lifted: 1 server

Contact is possible again.

- `fine.example`
";
        assert_eq!(text, want);
    }

    #[test]
    fn nothing_of_a_strangers_words_becomes_more_than_text() {
        let comment = "<script>x</script> | a\n# [b](https://c.example) @d@e.example `*";
        let rule = Rule { public_comment: Some(comment.into()), ..Rule::new(Severity::Suspend) };
        let text = announce(&[add("bad.example", rule)], "home.example", at());
        let line = text.lines().find(|line| line.contains("bad.example")).unwrap();
        for dangerous in ["<script", "](http", "://", "@d@", " # "] {
            assert!(!line.contains(dangerous), "{dangerous} in {line}");
        }
        assert_eq!(line.matches(" | ").count(), 1, "{line}");
    }

    #[test]
    fn an_obfuscated_block_is_named_as_the_server_shows_it() {
        let rule = Rule { obfuscate: true, ..Rule::new(Severity::Suspend) };
        let text = announce(&[add("example.com", rule)], "home.example", at());
        assert!(text.contains("`exa****.*om`"), "{text}");
    }
}

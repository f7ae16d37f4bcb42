//! What the command line says, for people who do not see one.

use crate::plan::{Cause, Hold, Reason};
use crate::policy::Guard;
use crate::text::plain;

/// Advice that a box on the page takes the place of.
const BOXES: [(&str, &str); 2] = [
    (
        "Leave them out with --min-severity suspend.",
        "To leave them out, tick \u{201c}Only what lists suspend\u{201d} {place}.",
    ),
    (
        "Choose with --severity suspend.",
        "To suspend them, tick \u{201c}Suspend where a list gives no severity\u{201d} {place}.",
    ),
];

/// A notice without the parts that name a command or an option.
pub fn notice(text: &str) -> Option<String> {
    notice_with(text, "below")
}

/// The same where the boxes that it speaks of are in another place than below.
pub fn notice_with(text: &str, place: &str) -> Option<String> {
    let text = BOXES.iter().fold(text.to_owned(), |text, (said, says)| {
        text.replace(said, &says.replace("{place}", place))
    });
    let is_command =
        |part: &str| part.contains('`') || part.contains(" --") || part.contains("hedgerow login");
    let mut kept = String::new();
    for sentence in plain(&text).split_inclusive(". ") {
        let (head, tail) = sentence.split_once("; ").unwrap_or((sentence, ""));
        match (is_command(head), is_command(tail)) {
            (true, _) => {}
            (false, true) => kept.push_str(&format!("{head}. ")),
            (false, false) => kept.push_str(sentence),
        }
    }
    let kept = kept.trim().to_owned();
    (!kept.is_empty()).then_some(kept)
}

/// An error's words without what to type, or what is left of them.
pub fn told(text: &str) -> String {
    let lines: Vec<String> = text.lines().filter_map(notice).collect();
    if lines.is_empty() { plain(&text.replace('`', "")).into_owned() } else { lines.join(" ") }
}

pub fn reason(reason: &Reason) -> String {
    match reason {
        Reason::Allowed => "you never want it blocked".to_owned(),
        Reason::WouldLower => "a list asks for less than stands there".to_owned(),
        Reason::Yours { asks } => format!("your own block; lists ask for {asks}"),
        other => plain(&other.to_string()).into_owned(),
    }
}

/// Why a row waits, without the names of options.
pub fn hold(hold: &Hold) -> String {
    match hold {
        Hold::Guard { says, .. } => plain(says).into_owned(),
        other => plain(&other.to_string()).into_owned(),
    }
}

/// Why something is lifted or weakened.
pub fn cause(cause: &Cause) -> String {
    let names = |lists: &[arcstr::ArcStr]| {
        plain(&lists.iter().map(arcstr::ArcStr::as_str).collect::<Vec<_>>().join(", ")).into_owned()
    };
    match cause {
        Cause::Retracted { lists } => format!("{} no longer asks for it", names(lists)),
        Cause::Unsubscribed { lists } => format!("you no longer follow {}", names(lists)),
        Cause::Excepted => "your exception".to_owned(),
        Cause::Expired => "the date that you set for it has come".to_owned(),
        Cause::Disagree => "too few lists agree on it now".to_owned(),
    }
}

/// What a guard watches for.
pub fn guard(guard: Guard) -> (&'static str, &'static str) {
    match guard {
        Guard::MostAdds => (
            "Very many new blocks",
            "More would be blocked at once than you have set as the most. A list may have been \
             replaced by another, or be wrong.",
        ),
        Guard::MostRemoves => (
            "Very many lifted blocks",
            "More would be lifted or weakened at once than you have set as the most. A list may \
             have been emptied by mistake.",
        ),
        Guard::HeldList => (
            "A list that is held",
            "The newest version of a list looks like a mistake and waits for your decision.",
        ),
        Guard::OwnDomain => ("Your own server", "A list names your own server."),
        Guard::Relationships => {
            ("Follows that would end", "These blocks end follows. Nobody can bring followers back.")
        }
        Guard::LargeServers => (
            "One of the largest servers",
            "Lists name one of the largest servers, where very many people are. That is seldom \
             meant.",
        ),
        Guard::PublicSuffix => (
            "A name that strangers share",
            "Strangers register names below it, and a block would hit all of them.",
        ),
        Guard::Redundant => ("Covered already", "A block of a parent does the same."),
    }
}

/// What letting go of a guard means.
pub fn let_go(guard: Guard) -> &'static str {
    match guard {
        Guard::MostAdds => "Block that many at once",
        Guard::MostRemoves => "Lift that many at once",
        Guard::LargeServers => "Block all of the largest servers that the lists name",
        Guard::PublicSuffix => "Block all names under which strangers register",
        Guard::OwnDomain => "Block your own server too",
        Guard::Relationships => "Cut follows",
        Guard::HeldList => "Use lists whose newest version is held",
        Guard::Redundant => "Block what a parent's block does anyway",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_notice_keeps_what_is_so_and_loses_what_to_type() {
        for (text, want) in [
            (
                "The lists only limit 3 domains; an account can only block. Leave them out with \
                 --min-severity suspend.",
                Some(
                    "The lists only limit 3 domains; an account can only block. To leave them \
                     out, tick \u{201c}Only what lists suspend\u{201d} below.",
                ),
            ),
            (
                "2 rows of the list x could not be used; `hedgerow check` says why.",
                Some("2 rows of the list x could not be used."),
            ),
            ("repl.co is shared by strangers.", Some("repl.co is shared by strangers.")),
            ("Run `hedgerow sync`.", None),
        ] {
            assert_eq!(notice(text).as_deref(), want);
        }
    }
}

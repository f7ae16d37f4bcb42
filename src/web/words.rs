//! What the command line says, for people who do not see one.

use crate::plan::{Cause, Hold, Reason};
use crate::policy::{Guard, Mode, Retractions, Said, Share, Taken, Terms};
use crate::text::{count, plain};

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

/// A notice without the parts that name a command or an option. Where it says in plain words
/// what to do and names the command in brackets, `Sign in again (hedgerow login x).`, the words
/// stay.
pub fn notice(text: &str) -> Option<String> {
    notice_with(text, "below")
}

/// The same where the boxes that it speaks of are in another place than below.
pub fn notice_with(text: &str, place: &str) -> Option<String> {
    let text = BOXES.iter().fold(text.to_owned(), |text, (said, says)| {
        text.replace(said, &says.replace("{place}", place))
    });
    let mut kept = String::new();
    for sentence in without_asides(&plain(&text)).split_inclusive(". ") {
        let (head, tail) = sentence.split_once("; ").unwrap_or((sentence, ""));
        match (is_command(head), is_command(tail)) {
            (true, _) => {}
            (false, true) => kept.push_str(&format!("{head}. ")),
            (false, false) => kept.push_str(sentence),
        }
    }
    let kept = kept.replace('`', "").trim().to_owned();
    (!kept.is_empty()).then_some(kept)
}

/// The text without brackets that hold a command.
fn without_asides(text: &str) -> String {
    let mut kept = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once(" (") {
        let Some((inside, next)) = after.split_once(')') else { break };
        kept.push_str(before);
        if !is_command(inside) {
            kept.push_str(&format!(" ({inside})"));
        }
        rest = next;
    }
    kept + rest
}

/// Whether words are about what to type. Hedgerow itself is written with a capital.
fn is_command(part: &str) -> bool {
    let begins =
        |at: usize| !part[..at].ends_with(|c: char| c.is_alphanumeric() || "-_.@/".contains(c));
    let typed = part.match_indices("hedgerow ").any(|(at, _)| begins(at));
    let mut options = part.match_indices("--");
    let option = options
        .any(|(at, _)| begins(at) && part[at + 2..].starts_with(|c: char| c.is_ascii_lowercase()));
    typed || option || part.contains("the same command")
}

/// An error's words without what to type.
pub fn told(text: &str) -> String {
    let lines: Vec<String> = text.lines().filter_map(notice).collect();
    if lines.is_empty() { "That did not work.".to_owned() } else { lines.join(" ") }
}

/// Words as a sentence, with a capital and a full stop. A name in front stays as it is written.
pub fn sentence(text: &str) -> String {
    let text = text.trim();
    let (first, _) = text.split_once(char::is_whitespace).unwrap_or((text, ""));
    let is_word = first.chars().all(|c| c.is_alphabetic() || "\u{2019}',;?!".contains(c));
    let mut chars = text.chars();
    let mut sentence = match chars.next() {
        Some(begins) if is_word => begins.to_uppercase().chain(chars).collect(),
        _ => text.to_owned(),
    };
    let ends = sentence.trim_end_matches(['\u{201d}', '"', ')']);
    if !ends.is_empty() && !ends.ends_with(['.', '!', '?', '\u{2026}', ':']) {
        sentence.push('.');
    }
    sentence
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
            "The newest version of a list looks like a mistake and waits until somebody has looked at it.",
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

/// How a list is followed, in sentences.
pub fn terms(terms: &Terms) -> String {
    let Terms { mode, weight, share, cap, map, retractions, grace_days } = terms;
    let mut says = vec![match mode {
        Mode::Review => "What it asks for waits in a plan until you agree.".to_owned(),
        Mode::Auto => {
            "What it asks for is done without asking you, within the guards, in the rounds that \
             whoever runs Hedgerow has set up. Where there are none, it waits for you."
                .to_owned()
        }
        Mode::Watch => {
            "It is only watched: what it asks for is reported, and never done.".to_owned()
        }
    }];
    match share {
        Share::Member => {}
        Share::Alone => says.push("It needs no other list to agree.".to_owned()),
        Share::Support => says.push(
            "It blocks nothing by itself, and only counts where lists have to agree.".to_owned(),
        ),
    }
    match weight {
        1 => {}
        0 => says.push("It does not count where lists have to agree.".to_owned()),
        many => says.push(format!(
            "Where a percentage of the lists has to agree, it weighs as much as {many} lists."
        )),
    }
    if let Some(cap) = cap {
        says.push(format!("It is never taken to ask for more than \u{201c}{cap}\u{201d}."));
    }
    for (said, taken) in map {
        let said = match said {
            Said::Nothing => "gives no severity".to_owned(),
            word => format!("says \u{201c}{word}\u{201d}"),
        };
        says.push(match taken {
            Taken::Ignore => format!("Where it {said}, it is not heard."),
            word => format!("Where it {said}, it is taken to say \u{201c}{word}\u{201d}."),
        });
    }
    let dropped = match grace_days {
        0 => "When it drops a domain".to_owned(),
        days => format!("Once it has dropped a domain for {}", count(*days as usize, "day")),
    };
    says.push(match retractions {
        Retractions::Ask => format!("{dropped}, you are asked whether to lift the block."),
        Retractions::Follow => format!("{dropped}, the next plan lifts the block."),
        Retractions::Ignore => "When it drops a domain, the block stays.".to_owned(),
    });
    says.join(" ")
}

/// What letting go of a guard means.
pub fn let_go(guard: Guard) -> &'static str {
    match guard {
        Guard::MostAdds => "Allow that many new blocks",
        Guard::MostRemoves => "Allow that many lifted blocks",
        Guard::LargeServers => "Block all of the largest servers that the lists name",
        Guard::PublicSuffix => "Block all names under which strangers register",
        Guard::OwnDomain => "Block your own server too",
        Guard::Relationships => "Allow blocks that end follows",
        Guard::HeldList => "Use lists whose newest version is held",
        Guard::Redundant => "Block what a parent\u{2019}s block does anyway",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::block::Severity;

    #[test]
    fn every_value_of_every_term_is_a_sentence() {
        let plain = Terms::default();
        let mut each = vec![plain.clone(), Terms { grace_days: 1, ..plain.clone() }];
        each.extend(Mode::ALL.iter().map(|mode| Terms { mode: *mode, ..plain.clone() }));
        each.extend(Share::ALL.iter().map(|share| Terms { share: *share, ..plain.clone() }));
        each.extend([0, 3].map(|weight| Terms { weight, ..plain.clone() }));
        each.push(Terms { cap: Some(Severity::Silence), ..plain.clone() });
        for taken in Taken::ALL {
            let map = Said::ALL.iter().map(|said| (*said, *taken)).collect();
            each.push(Terms { map, ..plain.clone() });
        }
        for retractions in Retractions::ALL {
            let terms = Terms { retractions: *retractions, ..plain.clone() };
            each.extend([terms.clone(), Terms { grace_days: 0, ..terms }]);
        }
        let said: Vec<String> = each.iter().map(terms).collect();
        insta::assert_snapshot!(said.join("\n"));
    }

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
            ("Follow it first: hedgerow lists add x", None),
            ("Sign in. Run: hedgerow login home.example", Some("Sign in.")),
            (
                "It is over (code 7 ). Sign in (`hedgerow login home.example`); it goes on (then).",
                Some("It is over (code 7 ). Sign in; it goes on (then)."),
            ),
            ("An open bracket (of --all", None),
            ("It was left out; leave that to --accept.", Some("It was left out.")),
            ("Take this away (--all)", Some("Take this away")),
            (
                "No.hedgerow is a name -- and `bad` a word.",
                Some("No.hedgerow is a name -- and bad a word."),
            ),
            (
                "xn--a.example and hedgerow.example stay.",
                Some("xn--a.example and hedgerow.example stay."),
            ),
            ("Hedgerow has not put it there.", Some("Hedgerow has not put it there.")),
        ] {
            assert_eq!(notice(text).as_deref(), want, "{text}");
        }
        assert_eq!(told("see `hedgerow runs`"), "That did not work.");
    }

    #[test]
    fn words_become_a_sentence_and_names_stay_as_they_are() {
        for (text, want) in [
            ("there is no such day", "There is no such day."),
            ("That is so.", "That is so."),
            ("bad.example has no date", "bad.example has no date."),
            ("garden-fence is held", "garden-fence is held."),
            ("it is \u{201c}this.\u{201d}", "It is \u{201c}this.\u{201d}"),
            ("it is this (or that)", "It is this (or that)."),
            ("why?", "Why?"),
            ("", ""),
        ] {
            assert_eq!(sentence(text), want);
        }
    }
}

//! What a target makes of its lists together, in sentences and as a form.

use serde::Deserialize;

use super::terms::{Offered, number, word};
use crate::block::Level;
use crate::policy::{Agreement, Choice, Comments, Limits, Loss, LossThen, Policy, Unknown};
use crate::text::{count, plain};
use crate::web::fault::Fault;

const MOST_BLOCKS: usize = 1_000_000;
const MOST_PERCENT: usize = 10_000;

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct PolicyForm {
    severity: String,
    agreement: String,
    in_at_least: String,
    in_percent: String,
    comments: String,
    most_adds: String,
    most_adds_percent: String,
    most_removes: String,
    most_removes_percent: String,
    most_lost: String,
    above_that: String,
    unknown_loss: String,
    subdomains: Option<String>,
}

impl PolicyForm {
    /// The policy that it says. A form for an account has no fields for what accounts do not
    /// have, and leaves that as it was.
    pub fn policy(&self, level: Level, lists: &[String], before: &Policy) -> Result<Policy, Fault> {
        let account = level == Level::Account;
        let limit = |what: &str, text: &str| number(what, text, 0, MOST_BLOCKS);
        let percent = |what: &str, text: &str| number(what, text, 0, MOST_PERCENT);
        let comments = match self.comments.parse().unwrap_or_default() {
            _ if account => before.comments.clone(),
            Comments::Of(list) if !lists.contains(&list) => {
                return Err(Fault::input("Comments can be those of a list that is followed here."));
            }
            comments => comments,
        };
        Ok(Policy {
            severity: if account { before.severity } else { word::<Choice>(&self.severity)? },
            agreement: match self.agreement.as_str() {
                "lists" => Some(Agreement::Lists(number(
                    "The number of lists that have to agree",
                    &self.in_at_least,
                    1,
                    Agreement::MOST_LISTS,
                )?)),
                "percent" => Some(Agreement::Percent(number(
                    "The percentage that has to agree",
                    &self.in_percent,
                    1,
                    100,
                )?)),
                "one" => None,
                _ => return Err(Fault::input("It was not said how many lists have to agree.")),
            },
            comments,
            limits: Limits {
                adds: limit("The most blocks that a run sets", &self.most_adds)?,
                adds_percent: percent("The percentage of new blocks", &self.most_adds_percent)?,
                removes: limit("The most blocks that a run lifts", &self.most_removes)?,
                removes_percent: percent("The percentage of lifts", &self.most_removes_percent)?,
            },
            loss: Loss {
                most: limit("The follows that a block may cut", &self.most_lost)?,
                then: word::<LossThen>(&self.above_that)?,
                unknown: word::<Unknown>(&self.unknown_loss)?,
            },
            subdomains: if account { self.subdomains.is_some() } else { before.subdomains },
        })
    }
}

/// The policy as a page shows it.
pub struct PolicyView {
    pub says: Vec<String>,
    pub severity: Vec<Offered>,
    /// `one`, `lists` or `percent`.
    pub agreement: &'static str,
    pub in_at_least: u32,
    pub in_percent: u32,
    /// Value, words, whether it is chosen.
    pub comments: Vec<(String, String, bool)>,
    pub limits: Limits,
    pub most_lost: usize,
    pub above_that: Vec<Offered>,
    pub unknown_loss: Vec<Offered>,
    pub subdomains: bool,
}

impl PolicyView {
    pub fn of(policy: &Policy, level: Level, lists: &[String]) -> PolicyView {
        let severity = [
            (Choice::Strictest, "the strictest that a list asks for"),
            (Choice::Mildest, "the mildest that a list asks for"),
            (Choice::Agreed, "the strictest that as many ask for as have to agree"),
        ];
        let mut then = vec![(LossThen::Hold, "wait for me"), (LossThen::Skip, "be left out")];
        if level == Level::Instance {
            then.push((LossThen::Limit, "be a silence instead, which cuts nobody"));
        }
        let unknown = [(Unknown::Hold, "wait for me"), (Unknown::Apply, "be set all the same")];
        let mut comments = vec![
            ("merged".to_owned(), "those of all lists, joined".to_owned()),
            ("none".to_owned(), "none".to_owned()),
        ];
        let mut names: Vec<&String> = lists.iter().collect();
        if let Comments::Of(list) = &policy.comments
            && !lists.contains(list)
        {
            names.push(list);
        }
        comments.extend(
            names.into_iter().map(|list| (list.clone(), format!("those of {}", plain(list)))),
        );
        let chosen = policy.comments.to_string();
        let (agreement, in_at_least, in_percent) = match policy.agreement {
            None => ("one", 2, 50),
            Some(Agreement::Lists(lists)) => ("lists", lists, 50),
            Some(Agreement::Percent(percent)) => ("percent", 2, percent),
        };
        PolicyView {
            says: sentences(policy, level),
            severity: severity
                .map(|(choice, says)| (choice.as_str(), says, choice == policy.severity))
                .into(),
            agreement,
            in_at_least,
            in_percent,
            comments: comments
                .into_iter()
                .map(|(word, says)| {
                    let on = word == chosen;
                    (word, says, on)
                })
                .collect(),
            limits: policy.limits,
            most_lost: policy.loss.most,
            above_that: then
                .into_iter()
                .map(|(then, says)| (then.as_str(), says, then == policy.loss.then))
                .collect(),
            unknown_loss: unknown
                .map(|(unknown, says)| (unknown.as_str(), says, unknown == policy.loss.unknown))
                .into(),
            subdomains: policy.subdomains,
        }
    }
}

/// What the policy means now.
fn sentences(policy: &Policy, level: Level) -> Vec<String> {
    let Policy { severity, agreement, comments, limits, loss, subdomains } = policy;
    let mut says = vec![match agreement {
        None => "One list is enough to block a domain.".to_owned(),
        Some(Agreement::Lists(lists)) => {
            format!("A domain is blocked once {} name it.", count(*lists as usize, "list"))
        }
        Some(Agreement::Percent(percent)) => format!(
            "A domain is blocked once lists name it that have {percent} % of the weight of all that \
             are followed."
        ),
    }];
    if level == Level::Instance {
        says.push(match severity {
            Choice::Strictest => "Of several severities the strictest counts.".to_owned(),
            Choice::Mildest => "Of several severities the mildest counts.".to_owned(),
            Choice::Agreed => {
                "Of several severities the strictest counts that as many ask for as have to agree."
                    .to_owned()
            }
        });
        says.push(match comments {
            Comments::Merged => "Comments of several lists are joined.".to_owned(),
            Comments::None => "Blocks get no comments.".to_owned(),
            Comments::Of(list) => format!(
                "Comments are those of {}, or of all lists where it says nothing.",
                plain(list)
            ),
        });
    }
    says.push(format!(
        "One run sets or raises at most {} and {} % of those there, and lifts or weakens at most {} \
         and {} %; what would be more waits for you.",
        count(limits.adds, "block"),
        limits.adds_percent,
        limits.removes,
        limits.removes_percent
    ));
    let cuts = match loss.most {
        0 => "A block that would cut any follow, in either direction,".to_owned(),
        most => format!("A block that would cut more than {}", count(most, "follow")),
    };
    let then = match loss.then {
        LossThen::Hold => "waits for you",
        LossThen::Skip => "is left out",
        LossThen::Limit if level == Level::Account => "waits for you",
        LossThen::Limit => "becomes a silence, which cuts nobody",
    };
    let unknown = match loss.unknown {
        Unknown::Hold => "waits as well",
        Unknown::Apply => "is set all the same",
    };
    says.push(format!(
        "{cuts} {then}. When Hedgerow runs by itself, a block of which nobody can tell whom it would \
         cut {unknown}."
    ));
    if level == Level::Account {
        says.push(if *subdomains {
            "Hosts below a domain that your server knows are blocked too.".to_owned()
        } else {
            "A block reaches exactly the named host; hosts below it that your server knows are \
             pointed out."
                .to_owned()
        });
    }
    says
}

#[cfg(test)]
mod tests {
    use super::*;

    fn form() -> PolicyForm {
        PolicyForm {
            severity: "agreed".into(),
            agreement: "lists".into(),
            in_at_least: "2".into(),
            in_percent: "50".into(),
            comments: "shared".into(),
            most_adds: "500".into(),
            most_adds_percent: "50".into(),
            most_removes: "10".into(),
            most_removes_percent: "5".into(),
            most_lost: "3".into(),
            above_that: "limit".into(),
            unknown_loss: "apply".into(),
            subdomains: None,
        }
    }

    #[test]
    fn a_form_becomes_a_policy_and_says_what_it_means() {
        let lists = ["shared".to_owned()];
        let policy = form().policy(Level::Instance, &lists, &Policy::default()).unwrap();
        assert_eq!(policy.agreement, Some(Agreement::Lists(2)));
        assert_eq!(policy.comments, Comments::Of("shared".into()));
        assert_eq!(policy.limits.removes_percent, 5);
        assert_eq!(policy.loss, Loss { most: 3, then: LossThen::Limit, unknown: Unknown::Apply });
        let says = sentences(&policy, Level::Instance).join(" ");
        insta::assert_snapshot!(says);
        insta::assert_snapshot!(sentences(&Policy::default(), Level::Account).join(" "));
    }

    #[test]
    fn what_an_account_does_not_have_stays_as_it_was() {
        let before = Policy { severity: Choice::Mildest, ..Policy::default() };
        let sent = PolicyForm {
            severity: String::new(),
            comments: String::new(),
            above_that: "skip".into(),
            subdomains: Some("yes".into()),
            ..form()
        };
        let policy = sent.policy(Level::Account, &[], &before).unwrap();
        assert_eq!((policy.severity, policy.subdomains), (Choice::Mildest, true));
        assert_eq!(policy.comments, Comments::Merged);
    }

    #[test]
    fn what_no_form_offers_is_refused() {
        for bad in [
            PolicyForm { in_at_least: "0".into(), ..form() },
            PolicyForm { agreement: "percent".into(), in_percent: "101".into(), ..form() },
            PolicyForm { agreement: String::new(), ..form() },
            PolicyForm { comments: "another".into(), ..form() },
            PolicyForm { most_adds: "-1".into(), ..form() },
            PolicyForm { above_that: "ignore".into(), ..form() },
        ] {
            let policy = bad.policy(Level::Instance, &["shared".to_owned()], &Policy::default());
            assert!(policy.is_err(), "{bad:?}");
        }
    }
}

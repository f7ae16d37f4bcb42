//! What a target makes of its lists together, in sentences and as a form.

use serde::Deserialize;

use super::terms::{Offered, number, offered, word};
use crate::block::Level;
use crate::policy::{Agreement, Choice, Comments, Limits, Loss, LossThen, Policy, Unknown};
use crate::text::{count, plain};
use crate::web::fault::Fault;

pub const MOST_BLOCKS: usize = 1_000_000;
pub const MOST_PERCENT: usize = 10_000;

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct PolicyForm {
    severity: String,
    pub agreement: String,
    pub in_at_least: String,
    pub in_percent: String,
    comments: String,
    pub most_adds: String,
    pub most_adds_percent: String,
    pub most_removes: String,
    pub most_removes_percent: String,
    pub most_lost: String,
    above_that: String,
    unknown_loss: String,
    pub subdomains: Option<String>,
}

impl PolicyForm {
    /// A policy as the fields of the form have it, with something to begin with in those that
    /// it leaves open.
    pub fn of(policy: &Policy) -> PolicyForm {
        let Policy { severity, agreement, comments, limits, loss, subdomains } = policy;
        let (agreement, in_at_least, in_percent) = match *agreement {
            None => ("one", 2, 50),
            Some(Agreement::Lists(lists)) => ("lists", lists, 50),
            Some(Agreement::Percent(percent)) => ("percent", 2, percent),
        };
        PolicyForm {
            severity: severity.to_string(),
            agreement: agreement.to_owned(),
            in_at_least: in_at_least.to_string(),
            in_percent: in_percent.to_string(),
            comments: comments.to_string(),
            most_adds: limits.adds.to_string(),
            most_adds_percent: limits.adds_percent.to_string(),
            most_removes: limits.removes.to_string(),
            most_removes_percent: limits.removes_percent.to_string(),
            most_lost: loss.most.to_string(),
            above_that: loss.then.to_string(),
            unknown_loss: loss.unknown.to_string(),
            subdomains: subdomains.then(|| "yes".to_owned()),
        }
    }

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

/// The policy as a page shows it, and the form that changes it.
pub struct PolicyView {
    /// What holds now.
    pub says: Vec<String>,
    /// A form was not taken, and is shown.
    pub refused: bool,
    pub form: PolicyForm,
    pub severity: Vec<Offered>,
    /// Value, words, whether it is chosen.
    pub comments: Vec<(String, String, bool)>,
    pub above_that: Vec<Offered>,
    pub unknown_loss: Vec<Offered>,
}

impl PolicyView {
    /// The form has what was sent and not taken, or else what holds.
    pub fn of(
        policy: &Policy,
        refused: Option<PolicyForm>,
        level: Level,
        lists: &[String],
    ) -> PolicyView {
        let severity = [
            (Choice::Strictest, "the strictest that a list asks for"),
            (Choice::Mildest, "the mildest that a list asks for"),
            (Choice::Agreed, "the strictest that as many ask for as have to agree"),
        ];
        let then = [
            (LossThen::Hold, "wait for me"),
            (LossThen::Skip, "be left out"),
            (LossThen::Limit, "be a silence instead, which cuts nobody"),
        ];
        let unknown = [(Unknown::Hold, "wait for me"), (Unknown::Apply, "be set all the same")];
        let says = sentences(policy, level);
        let was_refused = refused.is_some();
        let form = refused.unwrap_or_else(|| PolicyForm::of(policy));
        let mut above_that =
            offered(then.map(|(then, says)| (then.as_str(), says)), &form.above_that);
        above_that
            .retain(|(then, ..)| level == Level::Instance || *then != LossThen::Limit.as_str());
        PolicyView {
            says,
            refused: was_refused,
            severity: offered(
                severity.map(|(choice, says)| (choice.as_str(), says)),
                &form.severity,
            ),
            comments: whose_comments(policy, lists, &form.comments),
            above_that,
            unknown_loss: offered(
                unknown.map(|(unknown, says)| (unknown.as_str(), says)),
                &form.unknown_loss,
            ),
            form,
        }
    }
}

/// Which comments there are to choose from: also those of a list that is followed no more, while
/// they are the ones.
fn whose_comments(policy: &Policy, lists: &[String], chosen: &str) -> Vec<(String, String, bool)> {
    let mut all = vec![
        ("merged".to_owned(), "those of all lists, joined".to_owned()),
        ("none".to_owned(), "none".to_owned()),
    ];
    let mut names: Vec<&String> = lists.iter().collect();
    if let Comments::Of(list) = &policy.comments
        && !lists.contains(list)
    {
        names.push(list);
    }
    all.extend(names.into_iter().map(|list| (list.clone(), format!("those of {}", plain(list)))));
    let marked = |(word, says)| {
        let on = word == chosen;
        (word, says, on)
    };
    all.into_iter().map(marked).collect()
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
        let again = PolicyForm::of(&policy).policy(Level::Instance, &lists, &Policy::default());
        assert_eq!(again.unwrap(), policy);
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

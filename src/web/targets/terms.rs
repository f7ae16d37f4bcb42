//! How one list is followed, as a form has it.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::block::Severity;
use crate::policy::{Mode, Retractions, Said, Share, Taken, Terms};
use crate::web::fault::Fault;

/// A choice on a form: its word, what it means, whether it is chosen.
pub type Offered = (&'static str, &'static str, bool);

/// The terms as the fields of a form, all of them.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct TermsForm {
    pub list: String,
    mode: String,
    share: String,
    weight: String,
    cap: String,
    retractions: String,
    grace: String,
    map_none: String,
    map_noop: String,
    map_silence: String,
    map_suspend: String,
}

impl TermsForm {
    /// Terms as the fields of the form have them.
    pub fn of(terms: &Terms) -> TermsForm {
        let taken = |said| terms.map.get(&said).map_or_else(String::new, Taken::to_string);
        TermsForm {
            list: String::new(),
            mode: terms.mode.to_string(),
            share: terms.share.to_string(),
            weight: terms.weight.to_string(),
            cap: terms.cap.map_or_else(String::new, |cap| cap.to_string()),
            retractions: terms.retractions.to_string(),
            grace: terms.grace_days.to_string(),
            map_none: taken(Said::Nothing),
            map_noop: taken(Said::Noop),
            map_silence: taken(Said::Silence),
            map_suspend: taken(Said::Suspend),
        }
    }

    pub fn terms(&self) -> Result<Terms, Fault> {
        let mut map = BTreeMap::new();
        let words = [
            (Said::Nothing, &self.map_none),
            (Said::Noop, &self.map_noop),
            (Said::Silence, &self.map_silence),
            (Said::Suspend, &self.map_suspend),
        ];
        for (said, taken) in words {
            if !taken.is_empty() {
                map.insert(said, word::<Taken>(taken)?);
            }
        }
        Ok(Terms {
            mode: word::<Mode>(&self.mode)?,
            weight: number("The weight", &self.weight, 0, Terms::MOST_WEIGHT)?,
            share: word::<Share>(&self.share)?,
            cap: match self.cap.as_str() {
                "" => None,
                "noop" | "silence" => Severity::from_word(&self.cap),
                _ => return Err(garbled()),
            },
            map,
            retractions: word::<Retractions>(&self.retractions)?,
            grace_days: number("The grace", &self.grace, 0, Terms::MOST_GRACE_DAYS)?,
        })
    }
}

fn garbled() -> Fault {
    Fault::input("The form has a choice in it that there is not. Load the page again.")
}

/// One of the words of a choice.
pub fn word<T: std::str::FromStr>(text: &str) -> Result<T, Fault> {
    text.parse().map_err(|_| garbled())
}

/// Choices with their words, of which one is chosen.
pub fn offered<const N: usize>(
    choices: [(&'static str, &'static str); N],
    chosen: &str,
) -> Vec<Offered> {
    choices.map(|(word, says)| (word, says, word == chosen)).into()
}

/// A number from a form.
pub fn number<T>(what: &str, text: &str, least: T, most: T) -> Result<T, Fault>
where
    T: std::str::FromStr + PartialOrd + std::fmt::Display + Copy,
{
    let number = text.trim().parse().ok().filter(|number| (least..=most).contains(number));
    number.ok_or_else(|| Fault::input(format!("{what} has to be a number from {least} to {most}.")))
}

/// The form as a page shows it.
pub struct TermsView {
    /// It was not taken, and is shown.
    pub refused: bool,
    pub modes: Vec<Offered>,
    pub shares: Vec<Offered>,
    pub weight: String,
    pub caps: Vec<Offered>,
    pub retractions: Vec<Offered>,
    pub grace: String,
    /// What the list can say: its word, what it means, and what that is taken as.
    pub map: Vec<(&'static str, &'static str, Vec<Offered>)>,
}

impl TermsView {
    /// The form has what was sent and not taken, or else what holds.
    pub fn of(terms: &Terms, refused: Option<&TermsForm>) -> TermsView {
        let form = refused.map_or_else(|| TermsForm::of(terms), TermsForm::clone);
        let modes = [
            (Mode::Review, "wait for me: nothing is done unless I look at the plan"),
            (
                Mode::Auto,
                "act by itself, within the guards, in the rounds that whoever runs Hedgerow has set up",
            ),
            (Mode::Watch, "only watch: it is reported, and never done"),
        ];
        let shares = [
            (Share::Member, "it asks, and counts where lists have to agree"),
            (Share::Alone, "it asks, and needs nobody\u{2019}s agreement"),
            (Share::Support, "it asks for nothing by itself and only counts"),
        ];
        let retractions = [
            (Retractions::Ask, "ask me whether to lift its blocks"),
            (Retractions::Follow, "lift or weaken its blocks with it"),
            (Retractions::Ignore, "leave its blocks as they are"),
        ];
        let caps = [
            ("", "whatever it asks for"),
            ("silence", "at most to silence it"),
            ("noop", "at most a note (noop)"),
        ];
        let said = [
            ("none", "gives no severity", &form.map_none),
            ("noop", "only notes it (noop)", &form.map_noop),
            ("silence", "silences", &form.map_silence),
            ("suspend", "suspends", &form.map_suspend),
        ];
        let taken = [
            ("", "what it says"),
            (Taken::Ignore.as_str(), "not heard"),
            (Taken::Noop.as_str(), "a note (noop)"),
            (Taken::Silence.as_str(), "silence"),
            (Taken::Suspend.as_str(), "suspend"),
        ];
        TermsView {
            refused: refused.is_some(),
            modes: offered(modes.map(|(mode, says)| (mode.as_str(), says)), &form.mode),
            shares: offered(shares.map(|(share, says)| (share.as_str(), says)), &form.share),
            weight: form.weight,
            caps: offered(caps, &form.cap),
            retractions: offered(
                retractions.map(|(how, says)| (how.as_str(), says)),
                &form.retractions,
            ),
            grace: form.grace,
            map: said.map(|(said, word, chosen)| (said, word, offered(taken, chosen))).into(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn form() -> TermsForm {
        TermsForm {
            mode: "auto".into(),
            share: "alone".into(),
            weight: "2".into(),
            retractions: "follow".into(),
            grace: " 0 ".into(),
            map_none: "suspend".into(),
            ..TermsForm::default()
        }
    }

    #[test]
    fn a_form_becomes_terms_and_shows_them_again() {
        let terms = form().terms().unwrap();
        let want = Terms {
            mode: Mode::Auto,
            weight: 2,
            share: Share::Alone,
            cap: None,
            map: [(Said::Nothing, Taken::Suspend)].into(),
            retractions: Retractions::Follow,
            grace_days: 0,
        };
        assert_eq!(terms, want);
        let view = TermsView::of(&terms, None);
        assert_eq!((&*view.weight, &*view.grace), ("2", "0"));
        let chosen = |options: &[Offered]| -> Vec<&str> {
            options.iter().filter(|(_, _, on)| *on).map(|(word, _, _)| *word).collect()
        };
        assert_eq!(chosen(&view.modes), ["auto"]);
        assert_eq!(chosen(&view.shares), ["alone"]);
        assert_eq!(chosen(&view.caps), [""]);
        assert_eq!(chosen(&view.retractions), ["follow"]);
        let map: Vec<_> = view.map.iter().map(|(said, _, taken)| (*said, chosen(taken))).collect();
        let as_said = vec![""];
        let want = [
            ("none", vec!["suspend"]),
            ("noop", as_said.clone()),
            ("silence", as_said.clone()),
            ("suspend", as_said),
        ];
        assert_eq!(map, want);
    }

    #[test]
    fn what_no_form_offers_is_refused() {
        for bad in [
            TermsForm { mode: "yolo".into(), ..form() },
            TermsForm { cap: "limit".into(), ..form() },
            TermsForm { cap: "suspend".into(), ..form() },
            TermsForm { weight: "-1".into(), ..form() },
            TermsForm { weight: "1001".into(), ..form() },
            TermsForm { grace: "99999999999999999999".into(), ..form() },
            TermsForm { map_noop: "none".into(), ..form() },
            TermsForm::default(),
        ] {
            assert!(bad.terms().is_err(), "{bad:?}");
        }
    }
}

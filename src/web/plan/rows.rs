//! Rows of the plan as the page shows them.

use std::borrow::Cow;

use crate::block::Level;
use crate::desk::{At, Context, Words};
use crate::impact::{Cut, Known};
use crate::plan::{Plan, relations};
use crate::text::{count, plain};
use crate::web::rows::{
    Voice, effect_of, effect_of_add, effect_of_remove, effect_of_update, voices,
};
use crate::web::words;

/// So many people are named on a page; the backup has all of them.
const NAMED: usize = 200;

pub struct RowView<'a> {
    /// Its place in its group on this page, from 1.
    pub n: usize,
    pub domain: Cow<'a, str>,
    pub effect: Cow<'static, str>,
    /// Why it waits, goes, or is not done.
    pub why: Option<String>,
    pub voices: Vec<Voice<'a>>,
    pub impact: Option<ImpactView>,
    /// Somebody has said yes to it by name.
    pub accepted: bool,
    pub words: Words,
}

pub struct ImpactView {
    pub text: Cow<'static, str>,
    pub cuts: bool,
    pub names: Vec<String>,
    /// How many more there are than names.
    pub more: usize,
}

impl<'a> RowView<'a> {
    pub fn of(context: &Context<'_>, at: At<'a>, n: usize) -> RowView<'a> {
        let because = at.because().map(words::cause);
        let (effect, why) = match at {
            At::Add(add) => (effect_of_add(add), None),
            At::Update(update) => (effect_of_update(update), because),
            At::Remove(remove) => (effect_of_remove(remove), because),
            At::Held(held) => {
                let why: Vec<String> = held.why.iter().map(words::hold).chain(because).collect();
                (effect_of(&held.row), Some(why.join("; ")))
            }
            At::Skipped(skipped) => (words::reason(&skipped.reason).into(), None),
        };
        RowView {
            n,
            domain: plain(at.name()),
            effect,
            why,
            voices: voices(at.asks()),
            impact: impact(context.plan, at),
            accepted: context.is_accepted(at),
            words: context.words(at),
        }
    }
}

/// Whom a row would cut, if it is one that ends contact.
fn impact(plan: &Plan, at: At<'_>) -> Option<ImpactView> {
    let domain = at.cutting()?;
    let level = plan.state.level;
    let told = |text: &'static str| ImpactView {
        text: text.into(),
        cuts: false,
        names: Vec::new(),
        more: 0,
    };
    Some(match plan.impact.of(domain) {
        Known::Nothing => told("not known"),
        Known::NoCut => told("nobody"),
        Known::Cut(cut) if cut.relations() == 0 => told("nobody"),
        Known::Cut(cut) => cut_view(cut, level),
    })
}

fn cut_view(cut: &Cut, level: Level) -> ImpactView {
    let names: Vec<String> = cut
        .people
        .iter()
        .take(NAMED)
        .map(|who| {
            let how = match (who.following, who.follower) {
                (true, true) => "you follow each other",
                (true, false) => "you follow",
                _ => "follows you",
            };
            format!("{} ({how})", plain(&who.acct))
        })
        .collect();
    let more = cut.people.len() - names.len();
    ImpactView { text: in_short(cut, level).into(), cuts: true, names, more }
}

fn in_short(cut: &Cut, level: Level) -> String {
    let Cut { following, followers, .. } = *cut;
    match (level, following, followers) {
        (Level::Account, following, 0) => format!("{following} you follow"),
        (Level::Account, 0, followers) => {
            format!("{followers} who follow{} you", if followers == 1 { "s" } else { "" })
        }
        (Level::Instance, following, 0) => format!("{} from here", count(following, "follow")),
        (Level::Instance, 0, followers) => format!("{} from there", count(followers, "follow")),
        _ => relations(level, following, followers),
    }
}

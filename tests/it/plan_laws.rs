//! What every plan promises, whatever the lists say and whatever stands on the target.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use hedgerow::block::{Block, Level, Rule, Severity, State};
use hedgerow::combine::{Combined, Read};
use hedgerow::domain::Domain;
use hedgerow::impact::Impact;
use hedgerow::list::{Document, Entry, Format};
use hedgerow::plan::{
    Aim, Change, Draft, Held, Hold, Lowering, Plan, Reason, Wishes, differences, restore,
};
use hedgerow::target::{Capabilities, Kind, Matching, TargetRef, Writes};
use proptest::collection::{btree_map, vec};
use proptest::option;
use proptest::prelude::*;

/// Few enough names that lists and target meet often, with parents and children among
/// them.
pub const NAMES: [&str; 9] = [
    "a.example",
    "b.example",
    "c.example",
    "sub.a.example",
    "deep.sub.a.example",
    "sub.b.example",
    "home.example",
    "social.home.example",
    "other.test",
];

pub fn now() -> DateTime<Utc> {
    "2026-11-01T10:00:00Z".parse().unwrap()
}

pub fn severity() -> impl Strategy<Value = Severity> {
    prop_oneof![Just(Severity::Noop), Just(Severity::Silence), Just(Severity::Suspend)]
}

fn comment() -> impl Strategy<Value = Option<String>> {
    option::of(prop_oneof![Just("spam".to_owned()), Just("hate".to_owned())])
}

prop_compose! {
    pub fn rule()(
        severity in severity(),
        flags in any::<(bool, bool, bool)>(),
        public in comment(),
        private in comment(),
    ) -> Rule {
        Rule {
            severity,
            reject_media: flags.0,
            reject_reports: flags.1,
            obfuscate: flags.2,
            public_comment: public.map(Into::into),
            private_comment: private.map(Into::into),
        }
    }
}

prop_compose! {
    fn entry()(
        name in proptest::sample::select(&NAMES[..]),
        severity in option::of(severity()),
        flags in any::<(Option<bool>, Option<bool>, Option<bool>)>(),
        public in comment(),
        private in comment(),
    ) -> Entry {
        Entry {
            domain: Domain::from_stored(name).unwrap(),
            line: 1,
            shared_by_strangers: false,
            covers_subdomains: false,
            severity,
            reject_media: flags.0,
            reject_reports: flags.1,
            obfuscate: flags.2,
            public_comment: public.map(Into::into),
            private_comment: private.map(Into::into),
        }
    }
}

/// A list names each domain once, as the readers see to.
pub fn list() -> impl Strategy<Value = Vec<Entry>> {
    vec(entry(), 0..8).prop_map(|mut entries| {
        entries.sort_by(|a, b| a.domain.cmp(&b.domain));
        entries.dedup_by(|a, b| a.domain == b.domain);
        entries
    })
}

pub fn lists() -> impl Strategy<Value = Vec<Vec<Entry>>> {
    vec(list(), 1..4)
}

pub fn state(level: Level) -> impl Strategy<Value = State> {
    btree_map(proptest::sample::select(&NAMES[..]), rule(), 0..7).prop_map(move |rules| {
        let block = |(name, rule): (&str, Rule)| Block {
            name: name.into(),
            rule: (level == Level::Instance).then_some(rule),
            id: None,
            created_at: None,
        };
        State::new(level, now(), rules.into_iter().map(block).collect())
    })
}

pub fn any_state() -> impl Strategy<Value = State> {
    prop_oneof![state(Level::Account), state(Level::Instance)]
}

fn target(level: Level) -> TargetRef {
    TargetRef {
        name: "target".to_owned(),
        kind: Kind::Mastodon,
        level,
        address: "https://social.home.example".to_owned(),
        account: None,
        own: vec![Domain::from_stored("home.example").unwrap()],
    }
}

pub fn can(level: Level) -> Capabilities {
    can_as(level, true)
}

/// `nested` is what tells Mastodon since 4.2.9 from the versions before.
fn can_as(level: Level, nested: bool) -> Capabilities {
    let instance = level == Level::Instance;
    Capabilities {
        level,
        rules: instance,
        matching: if instance { Matching::WithSubdomains } else { Matching::ExactHost },
        nested,
        writes: Writes::Single,
        page_size: 0,
        budget: None,
    }
}

fn combine<'a>(lists: impl IntoIterator<Item = (usize, &'a Vec<Entry>)>) -> Combined {
    let lists: Vec<(usize, &Vec<Entry>)> = lists.into_iter().collect();
    let names = lists.iter().map(|(number, _)| format!("list {number}")).collect();
    let read = |place: usize| {
        let entries = lists[place].1.clone();
        let document = Document::of(Format::UserCsv, entries);
        Ok::<_, ()>(Read { address: String::new(), sha256: String::new(), document })
    };
    Combined::read(names, read).unwrap()
}

fn plan(lists: &[Vec<Entry>], state: &State, wishes: &Wishes) -> Plan {
    plan_as(lists, state, wishes, true)
}

fn plan_as(lists: &[Vec<Entry>], state: &State, wishes: &Wishes, nested: bool) -> Plan {
    let can = can_as(state.level, nested);
    let combined = combine(lists.iter().enumerate());
    let target = target(state.level);
    Draft::new(combined, state, &target, can, wishes, now()).finish(&Impact::default())
}

fn overwriting() -> Wishes {
    Wishes { aim: Aim::Overwrite, lower: Lowering::All, ..Wishes::default() }
}

/// How hard a name is hit by what stands, parents and all, as a server would decide.
fn effect<'a>(state: &'a State, name: &str) -> Option<&'a Rule> {
    let domain = Domain::from_stored(name).unwrap();
    let mut names = vec![name.to_owned()];
    if state.level == Level::Instance {
        names.extend(domain.parents().map(str::to_owned));
    }
    names.iter().find_map(|name| state.find(name)).and_then(|block| block.rule.as_ref())
}

/// What stands on a target.
fn standing(level: Level, blocks: &[(&str, Rule)]) -> State {
    let rules: BTreeMap<&str, &Rule> = blocks.iter().map(|(name, rule)| (*name, rule)).collect();
    let block = |(name, rule): (&str, &Rule)| Block {
        name: name.into(),
        rule: (level == Level::Instance).then(|| rule.clone()),
        id: None,
        created_at: None,
    };
    State::new(level, now(), rules.into_iter().map(block).collect())
}

/// Whether a server takes all changes of a plan in their order.
fn suits_the_server(plan: &Plan, nested: bool) -> Result<(), TestCaseError> {
    if plan.state.level == Level::Account {
        return Ok(());
    }
    let mut stands: BTreeMap<String, Rule> = plan
        .state
        .blocks
        .iter()
        .map(|block| (block.name.to_string(), block.rule.clone().unwrap()))
        .collect();
    for change in plan.changes() {
        match &change {
            Change::Add { domain, rule } => {
                let rule = rule.as_ref().unwrap();
                let parent = domain.parents().find_map(|parent| stands.get(parent));
                prop_assert!(
                    parent.is_none_or(|parent| nested && rule.covers(parent)),
                    "{domain} {rule:?} under {parent:?}"
                );
                stands.insert(domain.to_string(), rule.clone());
            }
            Change::Update { domain, after, .. } => {
                stands.insert(domain.to_string(), after.clone());
            }
            Change::Remove { name, .. } => {
                stands.remove(name.as_str());
            }
        }
    }
    Ok(())
}

proptest! {
    #[test]
    fn the_order_of_lists_does_not_matter(lists in lists(), state in any_state()) {
        let wishes = Wishes::default();
        let forwards = plan(&lists, &state, &wishes);
        let backwards: Vec<(usize, &Vec<Entry>)> = lists.iter().enumerate().rev().collect();
        let target = target(state.level);
        let backwards =
            Draft::new(combine(backwards), &state, &target, can(state.level), &wishes, now());
        let backwards = backwards.finish(&Impact::default());
        prop_assert_eq!(forwards.changes(), backwards.changes());
        prop_assert_eq!(forwards.summary, backwards.summary);
        prop_assert_eq!(forwards.checksum, backwards.checksum);
    }

    #[test]
    fn merging_twice_changes_nothing(lists in lists(), state in any_state()) {
        let after = plan(&lists, &state, &Wishes::default()).expected(now());
        let again = plan(&lists, &after, &Wishes::default());
        prop_assert!(again.is_empty(), "{:?}", again.changes());
    }

    #[test]
    fn merge_never_removes_or_weakens(lists in lists(), state in any_state()) {
        let plan = plan(&lists, &state, &Wishes::default());
        let after = plan.expected(now());
        prop_assert_eq!(plan.summary.remove + plan.summary.lower, 0);
        for before in &state.blocks {
            let now = after.find(&before.name).expect("still blocked");
            if let (Some(was), Some(is)) = (&before.rule, &now.rule) {
                prop_assert!(is.covers(was), "{was:?} became {is:?}");
                // What somebody wrote stays word for word.
                prop_assert!(was.public_comment.is_none() || is.public_comment == was.public_comment);
                prop_assert!(was.private_comment.is_none() || is.private_comment == was.private_comment);
                prop_assert_eq!(was.obfuscate, is.obfuscate);
            }
        }
    }

    #[test]
    fn merge_weakens_no_subdomain_either(lists in lists(), state in state(Level::Instance)) {
        let plan = plan(&lists, &state, &Wishes::default());
        let after = plan.expected(now());
        for name in NAMES {
            if let Some(was) = effect(&state, name) {
                let is = effect(&after, name).expect("still under a block");
                prop_assert!(is.covers(was), "{name}: {was:?} became {is:?}");
            }
        }
    }

    #[test]
    fn restore_after_any_apply_gives_back_the_very_same_state(
        lists in lists(),
        state in any_state(),
        overwrite in any::<bool>(),
        nested in any::<bool>(),
    ) {
        let wishes = if overwrite { overwriting() } else { Wishes::default() };
        let after = plan_as(&lists, &state, &wishes, nested).expected(now());
        let can = can_as(state.level, nested);
        let back = restore(&state, after, &BTreeSet::new(), &target(state.level), can, now());
        let restored = back.expected(now());
        prop_assert_eq!(differences(&state, &restored), vec![]);
        prop_assert_eq!(&restored.sha256, &state.sha256);
    }

    /// What is left out of a restore stays as it is, everything else is done as without that,
    /// or waits for it and says so.
    #[test]
    fn a_restore_leaves_out_what_it_is_told_to_and_nothing_else(
        backup in any_state(),
        blocks in vec((proptest::sample::select(&NAMES[..]), rule()), 0..9),
        aside in proptest::sample::subsequence(&NAMES[..], 1..5),
        nested in any::<bool>(),
    ) {
        let state = standing(backup.level, &blocks);
        let aside: BTreeSet<Domain> =
            aside.into_iter().map(|name| Domain::from_stored(name).unwrap()).collect();
        let can = can_as(state.level, nested);
        let target = target(state.level);
        let whole = restore(&backup, state.clone(), &BTreeSet::new(), &target, can, now());
        let part = restore(&backup, state.clone(), &aside, &target, can, now());
        let (done, all) = (part.changes(), whole.changes());
        prop_assert!(done.iter().all(|change| all.contains(change)));
        let held: BTreeMap<&str, &Held> =
            part.held.iter().map(|held| (held.row.name(), held)).collect();
        prop_assert_eq!(done.len() + held.len(), all.len());
        for change in &all {
            let is_aside = aside.iter().any(|domain| domain.as_str() == change.name());
            prop_assert_eq!(done.contains(change), !held.contains_key(change.name()));
            let Some(held) = held.get(change.name()) else {
                prop_assert!(!is_aside, "{} is not left out", change.name());
                continue;
            };
            match held.why.as_slice() {
                [Hold::Aside] => prop_assert!(is_aside),
                [Hold::Waits { child: other } | Hold::WaitsBelow { parent: other }] => {
                    prop_assert!(!is_aside && state.level == Level::Instance);
                    let below = |one: &Domain, name: &str| one.parents().any(|p| p == name);
                    let name = Domain::from_stored(change.name()).unwrap();
                    prop_assert!(below(other, change.name()) || below(&name, other.as_str()));
                    prop_assert!(part.held.iter().any(|held| held.row.name() == other.as_str()));
                }
                other => prop_assert!(false, "{other:?}"),
            }
        }
        // Nobody is treated harder, or milder, than both now and in the backup.
        let covers = |above: Option<&Rule>, rule: Option<&Rule>| match (above, rule) {
            (_, None) => true,
            (Some(above), Some(rule)) => above.covers(rule),
            (None, Some(rule)) => Rule::new(Severity::Noop).covers(rule),
        };
        let (then, back) = (part.expected(now()), whole.expected(now()));
        for name in NAMES.iter().filter(|_| state.level == Level::Instance) {
            let (was, is, would) =
                (effect(&state, name), effect(&then, name), effect(&back, name));
            prop_assert!(covers(was, is) || covers(would, is), "{name}: {was:?} {is:?} {would:?}");
            prop_assert!(covers(is, was) || covers(is, would), "{name}: {was:?} {is:?} {would:?}");
        }
        suits_the_server(&part, nested)?;
    }

    #[test]
    fn overwrite_leaves_what_the_lists_ask_for_and_nothing_else(
        lists in lists(),
        state in any_state(),
    ) {
        let plan = plan(&lists, &state, &overwriting());
        let after = plan.expected(now());
        for block in &after.blocks {
            let asked = lists.iter().flatten().any(|entry| entry.domain.as_str() == block.name);
            let kept = plan.skipped.iter().any(|skipped| {
                skipped.domain == block.name
                    && matches!(skipped.reason, Reason::CouldNotReturn { .. })
            });
            prop_assert!(asked || kept, "{} was not asked for", block.name);
        }
        for entry in lists.iter().flatten() {
            let there = after.find(entry.domain.as_str()).is_some();
            let skipped = plan.skipped.iter().any(|s| s.domain == entry.domain.as_str());
            prop_assert!(there != skipped, "{} is neither there nor explained", entry.domain);
        }
    }

    #[test]
    fn overwrite_does_not_weaken_unless_told_by_name(lists in lists(), state in any_state()) {
        let wishes = Wishes { aim: Aim::Overwrite, ..Wishes::default() };
        let plan = plan(&lists, &state, &wishes);
        prop_assert_eq!(plan.summary.lower, 0);
        for update in &plan.update {
            prop_assert!(update.after.covers(&update.before));
        }
        let named: Vec<Domain> = plan.skipped.iter()
            .filter(|skipped| skipped.reason == Reason::WouldLower)
            .map(|skipped| Domain::from_stored(&skipped.domain).unwrap())
            .collect();
        let wishes = Wishes { aim: Aim::Overwrite, lower: Lowering::Named(named.clone()), ..Wishes::default() };
        let permitted = self::plan(&lists, &state, &wishes);
        prop_assert!(permitted.skipped.iter().all(|s| s.reason != Reason::WouldLower));
        prop_assert!(permitted.update.len() >= named.len());
    }

    #[test]
    fn what_is_allowed_or_ones_own_is_never_blocked(
        lists in lists(),
        state in any_state(),
        allow in proptest::sample::subsequence(&NAMES[..], 0..4),
        overwrite in any::<bool>(),
    ) {
        let allow: Vec<Domain> =
            allow.into_iter().map(|name| Domain::from_stored(name).unwrap()).collect();
        let aim = if overwrite { Aim::Overwrite } else { Aim::Merge };
        let wishes = Wishes { aim, allow: allow.clone(), ..Wishes::default() };
        let plan = plan(&lists, &state, &wishes);
        for add in &plan.add {
            prop_assert!(add.domain.as_str() != "home.example");
            for allowed in &allow {
                prop_assert!(add.domain != *allowed);
                if state.level == Level::Instance {
                    prop_assert!(!allowed.is_below(&add.domain), "{} reaches {allowed}", add.domain);
                }
            }
        }
    }

    #[test]
    fn every_wish_is_accounted_for_once(lists in lists(), state in any_state()) {
        let plan = plan(&lists, &state, &Wishes::default());
        let mut wished: Vec<&str> =
            lists.iter().flatten().map(|entry| entry.domain.as_str()).collect();
        wished.sort_unstable();
        wished.dedup();
        let summary = plan.summary;
        let told = summary.add + summary.update + summary.unchanged + summary.skipped;
        prop_assert_eq!(told, wished.len());
    }

    #[test]
    fn a_plan_survives_being_saved_and_no_edit_survives_being_read(
        lists in lists(),
        state in any_state(),
    ) {
        let plan = plan(&lists, &state, &overwriting());
        let json = plan.to_json();
        prop_assert_eq!(&json, &serde_json::to_string(&plan).unwrap());
        prop_assert_eq!(&Plan::from_json(json.as_bytes()).unwrap(), &plan);
        if let Some(add) = plan.add.first() {
            let edited = json.replacen(
                &format!("{{\"domain\":\"{}\"", add.domain),
                "{\"domain\":\"friends.example\"",
                1,
            );
            prop_assert!(edited == json || Plan::from_json(edited.as_bytes()).is_err());
        }
    }

    /// A server refuses a block below a block that does as much, and an account's server
    /// refuses nothing. Carrying out the changes in their order never meets a refusal.
    #[test]
    fn the_order_of_changes_suits_the_server(
        lists in lists(),
        state in state(Level::Instance),
        overwrite in any::<bool>(),
        nested in any::<bool>(),
    ) {
        let wishes = if overwrite { overwriting() } else { Wishes::default() };
        let there = plan_as(&lists, &state, &wishes, nested);
        let can = can_as(Level::Instance, nested);
        let back =
            restore(
                &state,
                there.expected(now()),
                &BTreeSet::new(),
                &target(Level::Instance),
                can,
                now(),
            );
        for plan in [there, back] {
            suits_the_server(&plan, nested)?;
        }
    }
}

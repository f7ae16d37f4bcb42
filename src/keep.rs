//! From a target to a plan: everything that has to be read on the way, in its order.
//!
//! Which lists, on which terms, by which policy; what a person decided; what stands there;
//! what Hedgerow put there. Then the pure middle decides, and in between the target is asked
//! whom the blocks would cut. What people did by hand since the last time is noted in the
//! ledger as soon as it is seen; nothing else is written here.

use std::collections::BTreeMap;

use anyhow::Result;
use arcstr::ArcStr;
use compact_str::CompactString;
use hashbrown::HashSet;
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::app::App;
use crate::block::{Block, Level, Severity, State};
use crate::clock::Clock;
use crate::domain::Domain;
use crate::exception::Exceptions;
use crate::gather::{Gathered, make_ready};
use crate::ledger::{Claim, Delta, Holding, Ledger, Owner, Word, observe};
use crate::plan::{Aim, Draft, Lowering, Plan, Wishes, words_of};
use crate::policy::{Agreement, Choice, Comments, Guard, Policy, Terms};
use crate::store::{BlockDate, EventKind, NewEvent, Store, Subscription};
use crate::target::{Kind, Matching, Target, TargetRef};
use crate::text::count;

/// What somebody wants to have planned.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[expect(clippy::struct_excessive_bools, reason = "wishes, each of which stands for itself")]
pub struct Intent {
    /// Lists by what people call them. None: those that the target follows.
    pub lists: Vec<String>,
    pub overwrite: bool,
    pub allow: Vec<Domain>,
    /// Lists of what must not be blocked.
    pub allow_lists: Vec<String>,
    pub lower: Lowering,
    pub min_severity: Option<Severity>,
    pub severity: Option<Severity>,
    /// Take a hidden name for the only known one that would look like it.
    pub guess: bool,
    /// Ask nobody for newer versions of lists.
    pub offline: bool,
    /// Nobody looks at the plan before it is carried out.
    pub unattended: bool,
    pub overrides: Vec<Guard>,
    pub accept: Vec<Domain>,
    /// What is left as it is in this run, whatever would change there.
    pub aside: Vec<Domain>,
    /// What differs from the target's policy in this run.
    pub choice: Option<Choice>,
    pub agreement: Option<Agreement>,
    pub comments: Option<Comments>,
    pub subdomains: bool,
}

/// What is kept of a target besides its blocks.
#[derive(Debug, Default)]
pub struct Kept {
    pub subscriptions: Vec<Subscription>,
    pub policy: Policy,
    pub exceptions: Exceptions,
    pub ledger: Ledger,
    pub dates: Vec<BlockDate>,
}

/// No list was named, and none is followed.
#[derive(Debug, thiserror::Error)]
pub enum FollowsNothing {
    #[error(
        "Which lists? Name at least one, such as --list threads; `hedgerow lists` shows those that \
         come with Hedgerow."
    )]
    File,
    #[error(
        "{0} follows no lists. Name some for this once, such as --list threads, or have it follow \
         one: `hedgerow subscribe {0} threads`."
    )]
    Target(String),
}

/// Which account or server the ledger of a name is about.
pub fn whose(target: &TargetRef) -> String {
    // A server is the same whichever of its admins has signed in.
    let account = target.account.as_deref().filter(|_| target.level == Level::Account);
    format!("{} {}", target.address, account.unwrap_or_default())
}

impl Kept {
    /// Reads what is kept of a target. A file has no name that lasts, so only what holds for
    /// all targets holds for it.
    pub async fn read(store: &Store, target: &TargetRef, clock: &dyn Clock) -> Result<Kept> {
        let ledger = ledger(Some(store), target, clock).await?;
        Ok(Kept { ledger, ..Kept::but_the_ledger(store, target, clock).await? })
    }

    /// The same without the ledger, which can be long: a plan reads it beside the lists.
    async fn but_the_ledger(store: &Store, target: &TargetRef, clock: &dyn Clock) -> Result<Kept> {
        let now = clock.now();
        if target.kind == Kind::Csv {
            let all = store.exceptions(None).await?.into_iter();
            let exceptions = Exceptions::new(all.filter(|e| e.target.is_none()), now);
            return Ok(Kept { exceptions, ..Kept::default() });
        }
        let name = &target.name;
        Ok(Kept {
            subscriptions: store.subscriptions(name).await?,
            policy: store.policy(name).await?,
            exceptions: Exceptions::new(store.exceptions(Some(name)).await?, now),
            ledger: Ledger::default(),
            dates: store.dates(name).await?,
        })
    }
}

async fn ledger(store: Option<&Store>, target: &TargetRef, clock: &dyn Clock) -> Result<Ledger> {
    match store.filter(|_| target.kind != Kind::Csv) {
        Some(store) => Ok(store.ledger(&target.name, &whose(target), clock.now()).await?),
        None => Ok(Ledger::default()),
    }
}

/// Plans what `intent` wants on a target.
pub async fn plan(app: &App, target: &dyn Target, intent: &Intent) -> Result<Plan> {
    plan_on(app, target, intent, Seen::Now).await
}

/// The same for a target that answers from memory: what it held some time ago is no news of
/// what people have done by hand, so nothing of that is noted.
pub async fn plan_again(app: &App, target: &dyn Target, intent: &Intent) -> Result<Plan> {
    plan_on(app, target, intent, Seen::Before).await
}

/// When the target was seen that is planned on.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Seen {
    Now,
    Before,
}

async fn plan_on(app: &App, target: &dyn Target, intent: &Intent, seen: Seen) -> Result<Plan> {
    let identity = target.identity();
    let store = app.existing_store().await?;
    let mut kept = match &store {
        Some(store) => Kept::but_the_ledger(store, identity, app.clock.as_ref()).await?,
        None => Kept::default(),
    };
    let following = intent.lists.is_empty();
    let follows_none = following && kept.subscriptions.is_empty();
    if follows_none && intent.overwrite {
        return Err(FollowsNothing::on(identity).into());
    }
    if let (true, Some(store)) = (following, &store)
        && let Some(run) = store.unfinished_run(&identity.name).await?
    {
        // Half a run looks like somebody's work by hand.
        return Err(crate::apply::ApplyError::Unfinished(run.id).into());
    }
    let terms: BTreeMap<ArcStr, Terms> = kept
        .subscriptions
        .drain(..)
        .map(|subscription| (subscription.list.into(), subscription.terms))
        .collect();
    let (names, on) = if following {
        (terms.keys().map(ToString::to_string).collect(), terms.values().cloned().collect())
    } else {
        (intent.lists.clone(), Vec::new())
    };
    let (ledger, mut gathered) = tokio::try_join!(
        ledger(store.as_ref(), identity, app.clock.as_ref()),
        Box::pin(Gathered::read(app, &names, on, intent.offline))
    )?;
    kept.ledger = ledger;
    // What stands for a list that was left can be lifted after the last one too.
    let left = |holding: &Holding| holding.claims.iter().any(|claim| !claim.once);
    let mut owned = kept.ledger.holdings.values().filter(|h| h.owner == Owner::Hedgerow);
    if follows_none && !owned.any(left) {
        return Err(FollowsNothing::on(identity).into());
    }
    let mut wishes = intent.wishes(&kept, following, app.clock.as_ref());
    wishes.allow.extend(allowed(app, intent).await?);
    wishes.terms = terms;
    wishes.held_lists = std::mem::take(&mut gathered.held);
    let state = target.read().await?;
    let here: Vec<Domain> = state.blocks.iter().filter_map(Block::domain).collect();
    gathered.unmask(store.as_ref(), here.iter(), intent.guess).await?;
    let Gathered { mut combined, mut notices, .. } = gathered;
    let can = target.capabilities();
    let exact = can.matching == Matching::ExactHost && identity.kind != Kind::Csv;
    if exact && wishes.policy.subdomains {
        let mut wanted = Vec::with_capacity(combined.len());
        combined.for_each_domain(|domain| wanted.push(domain.clone()));
        combined.spread(&target.known_below(&wanted).await?);
    }
    let now = app.clock.now();
    if following {
        let said = |name: &str| words_of(&combined, identity.level, &wishes, name);
        let delta = observe(&kept.ledger, &state, said, now);
        if let (Some(store), false, Seen::Now) = (&store, delta.is_empty(), seen) {
            let events = told(&delta, app, identity);
            store.take(&identity.name, &delta, &events).await?;
        }
        notices.extend(by_hand(&delta));
        kept.ledger.take(&delta);
    }
    wishes.ledger = kept.ledger;
    notices.extend(due(&kept.dates, now));
    let draft = Draft::new(combined, &state, identity, can, &wishes, now);
    // A file knows nobody, and need not be asked about every name in it.
    let server = identity.kind != Kind::Csv;
    let cutting = if server { draft.cutting() } else { Vec::new() };
    let impact = target.impact(&cutting).await?;
    let mut plan = draft.finish(&impact);
    if exact && !wishes.policy.subdomains && !cutting.is_empty() {
        // Of what is held too: once a person lets it go, nobody has to be asked again.
        let mut below = target.known_below(&cutting).await?;
        let adds: HashSet<&str> = plan.add.iter().map(|add| add.domain.as_str()).collect();
        below.retain(|host| host.parents().any(|parent| adds.contains(parent)));
        notices.extend(offered(&below, &state));
    }
    plan.notices.splice(0..0, notices);
    Ok(plan)
}

impl Intent {
    fn wishes(&self, kept: &Kept, following: bool, clock: &dyn Clock) -> Wishes {
        let now = clock.now();
        let mut policy = kept.policy.clone();
        policy.severity = self.choice.unwrap_or(policy.severity);
        policy.agreement = self.agreement.or(policy.agreement.filter(|_| following));
        policy.comments = self.comments.clone().unwrap_or(policy.comments);
        policy.subdomains |= self.subdomains;
        let over = |date: &&BlockDate| date.expires_at.is_some_and(|at| at <= now);
        let expired: HashSet<String> =
            kept.dates.iter().filter(over).map(|date| date.domain.to_string()).collect();
        Wishes {
            aim: match (self.overwrite, following) {
                (true, _) => Aim::Overwrite,
                (false, true) => Aim::Sync,
                (false, false) => Aim::Merge,
            },
            allow: self.allow.clone(),
            lower: self.lower.clone(),
            min_severity: self.min_severity,
            severity: self.severity,
            policy,
            exceptions: kept.exceptions.clone(),
            expired,
            unattended: self.unattended,
            overrides: self.overrides.iter().copied().collect(),
            accept: self.accept.iter().cloned().collect(),
            aside: self.aside.iter().cloned().collect(),
            ..Wishes::default()
        }
    }
}

/// What must not be blocked in this run, whatever the lists say.
async fn allowed(app: &App, intent: &Intent) -> Result<Vec<Domain>> {
    let mut allowed = Vec::new();
    for ready in make_ready(app, &intent.allow_lists, intent.offline).await? {
        let (_, document) = ready.document()?;
        allowed.extend(document.releases.into_iter().map(|release| release.domain));
        allowed.extend(document.entries.into_iter().map(|entry| entry.domain));
    }
    Ok(allowed)
}

impl FollowsNothing {
    fn on(target: &TargetRef) -> FollowsNothing {
        match target.kind {
            Kind::Csv => FollowsNothing::File,
            Kind::Mastodon => FollowsNothing::Target(target.name.clone()),
        }
    }
}

/// The events of what people did by hand.
fn told(delta: &Delta, app: &App, target: &TargetRef) -> Vec<NewEvent> {
    let event = |told: &crate::ledger::Told| {
        let kind = EventKind::from(told.what);
        // Who it was the server does not say; this is when it was seen.
        NewEvent::new(app.clock.now(), "somebody on the server", kind)
            .target(&target.name)
            .domain(told.domain.as_str())
            .detail(json!({}))
    };
    delta.told.iter().map(event).collect()
}

fn by_hand(delta: &Delta) -> Option<String> {
    const SHOWN: usize = 3;
    let names: Vec<&str> = delta.told.iter().map(|told| told.domain.as_str()).collect();
    let (first, more) = names.split_at(names.len().min(SHOWN));
    let rest = if more.is_empty() { String::new() } else { format!(" and {} more", more.len()) };
    (!first.is_empty()).then(|| {
        format!(
            "Somebody has changed blocks by hand since the last time, and they stay as they are: \
             {}{rest}.",
            first.join(", ")
        )
    })
}

/// Blocks that somebody wanted to look at again by now.
fn due(dates: &[BlockDate], now: chrono::DateTime<chrono::Utc>) -> Option<String> {
    let due: Vec<&str> = dates
        .iter()
        .filter(|date| date.review_at.is_some_and(|at| at <= now))
        .map(|date| date.domain.as_str())
        .collect();
    let blocks = count(due.len(), "block");
    (!due.is_empty()).then(|| {
        format!("{blocks} to be looked at again by now, as you wished: {}.", due.join(", "))
    })
}

/// An account's block reaches one host, and the server knows more below it.
fn offered(below: &[Domain], state: &State) -> Option<String> {
    const SHOWN: usize = 5;
    debug_assert_eq!(state.level, Level::Account);
    let new: Vec<&str> =
        below.iter().map(Domain::as_str).filter(|name| state.find(name).is_none()).collect();
    let shown: Vec<&str> = new.iter().take(SHOWN).copied().collect();
    let rest = if new.len() > SHOWN { ", …" } else { "" };
    (!new.is_empty()).then(|| {
        format!(
            "Your server knows {} below these domains, which an account\u{2019}s block does not reach: \
             {}{rest}. Block them too with --subdomains.",
            count(new.len(), "host"),
            shown.join(", ")
        )
    })
}

/// Blocks of a person that lists of the target ask for too, each as it would be if it were
/// Hedgerow's.
pub async fn adoptable(
    app: &App,
    target: &dyn Target,
    offline: bool,
) -> Result<BTreeMap<CompactString, Holding>> {
    let state = target.read().await?;
    adoptable_in(app, target.identity(), &state, offline).await
}

/// The same of what a target was seen to block.
pub async fn adoptable_in(
    app: &App,
    identity: &TargetRef,
    state: &State,
    offline: bool,
) -> Result<BTreeMap<CompactString, Holding>> {
    let store = app.store().await?;
    let kept = Kept::read(&store, identity, app.clock.as_ref()).await?;
    if kept.subscriptions.is_empty() {
        return Err(FollowsNothing::on(identity).into());
    }
    let wishes = Intent::default().wishes(&kept, true, app.clock.as_ref());
    let names: Vec<String> = kept.subscriptions.iter().map(|s| s.list.clone()).collect();
    let terms = kept.subscriptions.iter().map(|s| s.terms.clone()).collect();
    let Gathered { combined, .. } = Gathered::read(app, &names, terms, offline).await?;
    let now = app.clock.now();
    let mut found = BTreeMap::new();
    for block in state.blocks.iter().filter(|block| block.domain().is_some()) {
        let ours = kept.ledger.owned(&block.name).is_some_and(|h| h.is_untouched(block));
        let words = words_of(&combined, identity.level, &wishes, &block.name);
        if ours || words.is_empty() {
            continue;
        }
        let rule = block.rule.as_ref();
        let claim = |(list, word): (ArcStr, Word)| Claim {
            list,
            word: word.within(rule),
            since: now,
            less_since: None,
            once: false,
        };
        let holding = Holding {
            owner: Owner::Hedgerow,
            rule: block.rule.clone(),
            row: block.id.clone(),
            claims: words.into_iter().map(claim).collect(),
            ..Holding::of_a_person(now)
        };
        found.insert(block.name.clone(), holding);
    }
    Ok(found)
}

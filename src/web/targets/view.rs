//! What a target blocks, joined with what is known of each block, and kept at hand.
//!
//! A large server has tens of thousands of blocks, and as many rows in its ledger. They are
//! joined once, and again whenever the target was read or its ledger has changed, whoever did
//! that: both are looked up for every page, and cost next to nothing.

use std::collections::HashMap;
use std::ops::{Deref, Range};
use std::sync::{Arc, OnceLock};

use arcstr::ArcStr;
use chrono::{DateTime, Utc};
use compact_str::CompactString;
use quick_cache::Weighter;
use quick_cache::sync::Cache;

use crate::app::App;
use crate::at_hand::{at_hand, findings, once};
use crate::block::{Block, Severity, State};
use crate::desk::Desk;
use crate::keep;
use crate::ledger::{self, Claim, Ledger};
use crate::store::{Owner, RunId, TargetNow, TargetRow};
use crate::web::at::At;

/// Rows that are kept at hand, of about a hundred bytes each.
const ROWS_AT_HAND: u64 = 1_000_000;

/// Whose a block is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Whose {
    Hedgerow,
    /// A person's, as far as anybody knows no list asks for it.
    Yours,
    /// A person's, and a list has been seen to ask for it too.
    YoursAndAsked,
}

/// What is known of one block.
pub struct Row {
    pub whose: Whose,
    /// Since when it stands, if anybody knows.
    pub since: Option<DateTime<Utc>>,
    pub run: Option<RunId>,
    /// What a person had there before Hedgerow raised it.
    pub raised_from: Option<Severity>,
    /// Something that the server stores and that is not a domain.
    pub odd: bool,
    claims: Range<u32>,
}

/// How many blocks there are of what.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Tally {
    pub hedgerows: usize,
    pub yours: usize,
    /// Of those, which lists ask for too.
    pub asked: usize,
    pub suspended: usize,
    pub silenced: usize,
    pub noted: usize,
    pub odd: usize,
}

/// How many blocks stand for a list.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Stands {
    pub all: usize,
    /// For this list and no other.
    pub alone: usize,
}

/// The order of a table.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub enum Order {
    #[default]
    Name,
    /// The strictest first.
    Severity,
    /// The newest first.
    Since,
    List,
}

/// Which blocks are looked for.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct Sieve {
    /// A part of the name or of a comment, in small letters.
    pub text: String,
    pub severity: Option<Severity>,
    pub hedgerows: Option<bool>,
    /// A person's that lists ask for too.
    pub asked: bool,
    pub list: Option<String>,
    pub odd: bool,
}

/// A list's part in a block.
#[derive(Debug, Clone, Copy)]
struct Claimed {
    /// In [`View::lists`].
    place: u16,
    /// It was applied once, and nothing retracts it.
    once: bool,
}

pub struct View {
    pub state: Arc<State>,
    /// The ledger's number at that time.
    version: i64,
    /// One for each block, in their order.
    rows: Vec<Row>,
    /// Of all rows, one after another.
    claims: Vec<Claimed>,
    /// The names and comments of all rows in small letters, a line each: to look through one
    /// long text is many times faster than to look through as many short ones.
    words: String,
    /// Where in it the line of each row ends.
    ends: Vec<usize>,
    /// The lists that blocks stand for, ordered by name.
    lists: Vec<(ArcStr, Stands)>,
    pub tally: Tally,
    orders: [OnceLock<Vec<u32>>; 4],
    sought: Cache<(Sieve, Order), Arc<[u32]>>,
}

/// Rows that were picked, in an order.
pub enum Picked<'a> {
    All(&'a [u32]),
    Some(Arc<[u32]>),
}

impl Deref for Picked<'_> {
    type Target = [u32];

    fn deref(&self) -> &[u32] {
        match self {
            Picked::All(rows) => rows,
            Picked::Some(rows) => rows,
        }
    }
}

/// The views that somebody looks at.
pub struct Views(Cache<(Owner, String), Arc<View>, Rows>);

#[derive(Clone)]
struct Rows;

impl Weighter<(Owner, String), Arc<View>> for Rows {
    fn weight(&self, _: &(Owner, String), view: &Arc<View>) -> u64 {
        1 + view.rows.len() as u64
    }
}

impl Default for Views {
    fn default() -> Self {
        Views(at_hand(ROWS_AT_HAND, Rows))
    }
}

impl Views {
    /// What a target was last seen to block, with what is known of it now. Nothing where it
    /// was never read.
    pub async fn of(
        &self,
        desk: &Desk,
        app: &App,
        row: &TargetRow,
    ) -> anyhow::Result<Option<Arc<View>>> {
        let store = app.store().await?;
        let Some((_, now)) = store.target_now(row.id).await? else { return Ok(None) };
        self.known(desk, app, row, &now).await
    }

    /// The same where it was asked already how the target stands.
    pub async fn at(&self, desk: &Desk, at: &At) -> anyhow::Result<Option<Arc<View>>> {
        self.known(desk, &at.person.app, &at.row, &at.now).await
    }

    async fn known(
        &self,
        desk: &Desk,
        app: &App,
        row: &TargetRow,
        now: &TargetNow,
    ) -> anyhow::Result<Option<Arc<View>>> {
        let state = desk.reading_as(app, row, now.reading.as_ref()).await?;
        let Some(state) = state else { return Ok(None) };
        // Older than the ledger, if anything: at worst that is read once too often.
        let version = now.ledger_version;
        let key = (app.owner(), row.name.clone());
        // By the time and not by the place in memory: the reading may have been read again.
        let of_it = |view: &Arc<View>| view.state.taken_at == state.taken_at;
        let fits = |view: &Arc<View>| view.version == version && of_it(view);
        let read = async {
            let whose = keep::whose(&app.identity(row)?);
            let ledger = app.store().await?.ledger(&row.name, &whose, app.clock.now()).await?;
            let state = state.clone();
            // It takes a while where there are many.
            let joined = tokio::task::spawn_blocking(move || View::join(state, &ledger, version));
            anyhow::Ok(Some(Arc::new(joined.await?)))
        };
        once(&self.0, &key, fits, read).await
    }
}

impl View {
    pub(super) fn join(state: Arc<State>, ledger: &Ledger, version: i64) -> View {
        let mut names: Vec<ArcStr> = ledger
            .holdings
            .values()
            .flat_map(|holding| holding.claims.iter().map(|claim| claim.list.clone()))
            .collect();
        names.sort_unstable();
        names.dedup();
        // More lists than a target ever follows would only lose their names here.
        names.truncate(usize::from(u16::MAX));
        let places: HashMap<&str, u16> = names.iter().map(ArcStr::as_str).zip(0..).collect();
        let mut stands = vec![Stands::default(); names.len()];
        let (mut rows, mut claims) = (Vec::with_capacity(state.blocks.len()), Vec::new());
        let (mut words, mut ends) = (String::new(), Vec::with_capacity(state.blocks.len()));
        let mut tally = Tally::default();
        for block in &state.blocks {
            let held = ledger.holdings.get(&block.name);
            let ours = held
                .filter(|held| held.owner == ledger::Owner::Hedgerow && held.is_untouched(block));
            let begin = claims.len();
            if let Some(ours) = ours {
                let claimed = |claim: &Claim| {
                    let place = *places.get(claim.list.as_str())?;
                    Some(Claimed { place, once: claim.once })
                };
                claims.extend(ours.claims.iter().filter_map(claimed));
                claims[begin..].sort_unstable_by_key(|claim| claim.place);
            }
            for Claimed { place, .. } in &claims[begin..] {
                let stands = &mut stands[usize::from(*place)];
                stands.all += 1;
                stands.alone += usize::from(claims.len() - begin == 1);
            }
            let range = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
            let row = Row {
                whose: match (ours, held) {
                    (Some(_), _) => Whose::Hedgerow,
                    (None, Some(_)) => Whose::YoursAndAsked,
                    (None, None) => Whose::Yours,
                },
                since: ours.map(|held| held.since).or_else(|| created(block)),
                run: ours.and_then(|held| held.run),
                raised_from: ours.and_then(|held| Some(held.before.as_ref()?.severity)),
                odd: block.domain().is_none(),
                claims: range(begin)..range(claims.len()),
            };
            write_line(&mut words, block);
            ends.push(words.len());
            tally.count(block, &row);
            rows.push(row);
        }
        let lists = names.iter().cloned().zip(stands).collect();
        let (orders, sought) = ([const { OnceLock::new() }; 4], findings());
        View { state, version, rows, claims, words, ends, lists, tally, orders, sought }
    }

    /// The lists that blocks stand for, and for how many.
    pub fn lists(&self) -> impl Iterator<Item = (&ArcStr, Stands)> {
        self.lists.iter().filter(|(_, stands)| stands.all > 0).map(|(name, n)| (name, *n))
    }

    pub fn stands_for(&self, list: &str) -> Stands {
        self.place(list).map(|place| self.lists[place].1).unwrap_or_default()
    }

    fn place(&self, list: &str) -> Option<usize> {
        self.lists.binary_search_by(|(name, _)| name.as_str().cmp(list)).ok()
    }

    pub fn row(&self, at: u32) -> (&Block, &Row) {
        (&self.state.blocks[at as usize], &self.rows[at as usize])
    }

    /// A block by its name.
    pub fn find(&self, name: &str) -> Option<(&Block, &Row)> {
        Some(self.row(self.at(name)?))
    }

    /// The place of a block, by its name.
    pub fn at(&self, name: &str) -> Option<u32> {
        let at = self.state.blocks.binary_search_by(|b| b.name.as_str().cmp(name)).ok()?;
        u32::try_from(at).ok()
    }

    fn claims(&self, row: &Row) -> &[Claimed] {
        &self.claims[row.claims.start as usize..row.claims.end as usize]
    }

    /// The lists that a row stands for.
    pub fn lists_of(&self, row: &Row) -> impl Iterator<Item = &str> {
        self.claims(row).iter().map(|claim| self.lists[usize::from(claim.place)].0.as_str())
    }

    /// How many blocks stand only for lists that are not followed any more.
    pub fn left_behind(&self, follows: impl Fn(&str) -> bool) -> usize {
        let followed: Vec<bool> = self.lists.iter().map(|(name, _)| follows(name)).collect();
        let left = |row: &&Row| {
            let claims = self.claims(row);
            claims.iter().all(|claim| !claim.once && !followed[usize::from(claim.place)])
                && !claims.is_empty()
        };
        self.rows.iter().filter(left).count()
    }

    /// The rows that pass, in this order.
    pub fn pick(&self, sieve: &Sieve, order: Order) -> Picked<'_> {
        if *sieve == Sieve::default() {
            return Picked::All(self.order(order));
        }
        let sought = (sieve.clone(), order);
        if let Some(known) = self.sought.get(&sought) {
            return Picked::Some(known);
        }
        let found: Arc<[u32]> = self.sift(sieve, order).into();
        self.sought.insert(sought, found.clone());
        Picked::Some(found)
    }

    fn sift(&self, sieve: &Sieve, order: Order) -> Vec<u32> {
        let list = match &sieve.list {
            None => None,
            Some(list) => match self.place(list).and_then(|place| u16::try_from(place).ok()) {
                Some(place) => Some(place),
                None => return Vec::new(),
            },
        };
        let with = (!sieve.text.is_empty()).then(|| self.with(&sieve.text));
        let passes = |at: &u32| {
            let (block, row) = self.row(*at);
            let claims = |place| self.claims(row).iter().any(|claim| claim.place == place);
            sieve.severity.is_none_or(|s| block.rule.as_ref().is_some_and(|r| r.severity == s))
                && sieve.hedgerows.is_none_or(|ours| (row.whose == Whose::Hedgerow) == ours)
                && list.is_none_or(claims)
                && (!sieve.asked || row.whose == Whose::YoursAndAsked)
                && (!sieve.odd || row.odd)
                && with.as_ref().is_none_or(|with| with[*at as usize])
        };
        self.order(order).iter().copied().filter(passes).collect()
    }

    /// Which rows have this in their names or comments.
    fn with(&self, text: &str) -> Vec<bool> {
        let mut with = vec![false; self.rows.len()];
        let finder = memchr::memmem::Finder::new(text);
        let (mut from, mut row) = (0, 0);
        while let Some(found) = finder.find(&self.words.as_bytes()[from..]) {
            row += self.ends[row..].partition_point(|end| *end <= from + found);
            with[row] = true;
            from = self.ends[row];
        }
        with
    }

    fn count(&self) -> u32 {
        u32::try_from(self.rows.len()).unwrap_or(u32::MAX)
    }

    /// All rows in an order, worked out once. Among equals the names decide.
    fn order(&self, order: Order) -> &[u32] {
        let sorted = |key: &dyn Fn(&u32) -> i64| {
            let mut rows: Vec<u32> = (0..self.count()).collect();
            rows.sort_by_cached_key(|at| key(at));
            rows
        };
        let severity = |at: &u32| {
            let rule = self.row(*at).0.rule.as_ref();
            -rule.map_or(0, |rule| 1 + i64::from(rule.severity as u8))
        };
        let since = |at: &u32| self.row(*at).1.since.map_or(i64::MAX, |at| -at.timestamp_micros());
        let list = |at: &u32| {
            let first = self.claims(self.row(*at).1).first();
            first.map_or(i64::MAX, |claim| i64::from(claim.place))
        };
        self.orders[order as usize].get_or_init(|| match order {
            Order::Name => (0..self.count()).collect(),
            Order::Severity => sorted(&severity),
            Order::Since => sorted(&since),
            Order::List => sorted(&list),
        })
    }
}

impl Tally {
    fn count(&mut self, block: &Block, row: &Row) {
        match row.whose {
            Whose::Hedgerow => self.hedgerows += 1,
            Whose::Yours | Whose::YoursAndAsked => self.yours += 1,
        }
        self.asked += usize::from(row.whose == Whose::YoursAndAsked);
        match block.rule.as_ref().map(|rule| rule.severity) {
            Some(Severity::Suspend) => self.suspended += 1,
            Some(Severity::Silence) => self.silenced += 1,
            Some(Severity::Noop) => self.noted += 1,
            None => {}
        }
        self.odd += usize::from(row.odd);
    }
}

/// When the server says that it was set.
fn created(block: &Block) -> Option<DateTime<Utc>> {
    let text = block.created_at.as_deref()?;
    DateTime::parse_from_rfc3339(text).ok().map(|at| at.to_utc())
}

/// Nobody types a line break, so nothing that is looked for reaches over one.
fn write_line(words: &mut String, block: &Block) {
    // Servers keep names in ASCII, and people write them in both forms.
    let unicode = block.name.contains("xn--").then(|| idna::domain_to_unicode(&block.name).0);
    let rule = block.rule.as_ref();
    let comments = rule.map(|rule| [&rule.public_comment, &rule.private_comment]);
    let said = comments.into_iter().flatten().flatten().map(CompactString::as_str);
    for part in std::iter::once(block.name.as_str()).chain(unicode.as_deref()).chain(said) {
        words.extend(part.to_lowercase().chars().map(|c| if c == '\n' { ' ' } else { c }));
        words.push(' ');
    }
    words.push('\n');
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::block::{Level, Rule};
    use crate::ledger::{Holding, Word};

    fn at(day: u32) -> DateTime<Utc> {
        format!("2026-11-{day:02}T10:00:00Z").parse().unwrap()
    }

    fn block(name: &str, rule: Rule) -> Block {
        Block { name: name.into(), rule: Some(rule), id: None, created_at: None }
    }

    fn held(lists: &[&str], rule: &Rule, day: u32) -> Holding {
        let claim = |list: &&str| Claim {
            list: (*list).into(),
            word: Word::new(rule.severity),
            since: at(day),
            less_since: None,
            once: false,
        };
        let claims = lists.iter().map(claim).collect();
        let (owner, rule) = (ledger::Owner::Hedgerow, Some(rule.clone()));
        Holding { owner, rule, claims, run: Some(7), ..Holding::of_a_person(at(day)) }
    }

    fn view() -> View {
        let (suspend, silence) = (Rule::new(Severity::Suspend), Rule::new(Severity::Silence));
        let said = Rule { public_comment: Some("Spam, all DAY".into()), ..silence.clone() };
        let blocks = vec![
            block("a.example", silence.clone()),
            block("b.example", suspend.clone()),
            block("c.example", said.clone()),
            block("d.example", suspend.clone()),
            block("*.odd.example", Rule::new(Severity::Noop)),
        ];
        let mut ledger = Ledger::default();
        ledger.holdings.insert("a.example".into(), held(&["two", "one"], &silence, 3));
        ledger.holdings.insert("c.example".into(), held(&["two"], &said, 5));
        // Raised by hand since Hedgerow put it there.
        ledger.holdings.insert("d.example".into(), held(&["one"], &silence, 4));
        View::join(Arc::new(State::new(Level::Instance, at(6), blocks)), &ledger, 1)
    }

    fn names(view: &View, sieve: &Sieve, order: Order) -> Vec<String> {
        let rows = view.pick(sieve, order);
        rows.iter().map(|at| view.row(*at).0.name.to_string()).collect()
    }

    #[test]
    fn blocks_and_ledger_are_joined_and_counted() {
        let view = view();
        let (hedgerows, yours, asked, odd) = (2, 3, 1, 1);
        let (suspended, silenced, noted) = (2, 2, 1);
        let want = Tally { hedgerows, yours, asked, suspended, silenced, noted, odd };
        assert_eq!(view.tally, want);
        assert_eq!(view.stands_for("two"), Stands { all: 2, alone: 1 });
        assert_eq!(view.stands_for("one"), Stands { all: 1, alone: 0 });
        assert_eq!(view.stands_for("none"), Stands::default());
        let whose = |name| view.find(name).unwrap().1.whose;
        assert_eq!(whose("a.example"), Whose::Hedgerow);
        assert_eq!(whose("b.example"), Whose::Yours);
        assert_eq!(whose("d.example"), Whose::YoursAndAsked, "somebody has changed it");
        let a = view.find("a.example").unwrap().1;
        assert_eq!(view.lists_of(a).collect::<Vec<_>>(), ["one", "two"]);
        assert!(view.find("e.example").is_none());
        assert_eq!(view.left_behind(|_| true), 0);
        assert_eq!(view.left_behind(|list| list == "one"), 1);
        assert_eq!(view.left_behind(|_| false), 2);
    }

    #[test]
    fn rows_are_searched_filtered_and_sorted() {
        let view = view();
        let all = Sieve::default();
        let odd = "*.odd.example";
        let by_name = [odd, "a.example", "b.example", "c.example", "d.example"];
        assert_eq!(names(&view, &all, Order::Name), by_name);
        let severity = ["b.example", "d.example", "a.example", "c.example", odd];
        assert_eq!(names(&view, &all, Order::Severity), severity);
        let since = ["c.example", "a.example", odd, "b.example", "d.example"];
        assert_eq!(names(&view, &all, Order::Since), since);
        let list = ["a.example", "c.example", odd, "b.example", "d.example"];
        assert_eq!(names(&view, &all, Order::List), list);
        let only = |sieve: Sieve| names(&view, &sieve, Order::Name);
        assert_eq!(only(Sieve { text: "all day".into(), ..all.clone() }), ["c.example"]);
        assert_eq!(only(Sieve { text: "b.ex".into(), ..all.clone() }), ["b.example"]);
        let list = |name: &str| Sieve { list: Some(name.into()), ..all.clone() };
        assert_eq!(only(list("two")), ["a.example", "c.example"]);
        assert!(only(list("none")).is_empty());
        let suspended = Sieve { severity: Some(Severity::Suspend), ..all.clone() };
        assert_eq!(only(suspended), ["b.example", "d.example"]);
        let ours = Sieve { hedgerows: Some(true), ..all.clone() };
        assert_eq!(only(ours), ["a.example", "c.example"]);
        assert_eq!(only(Sieve { asked: true, ..all.clone() }), ["d.example"]);
        assert_eq!(only(Sieve { odd: true, ..all.clone() }), [odd]);
    }
}

//! What a person should read before agreeing to a plan.

use super::{Add, Update, Wishes};
use crate::block::{Level, Severity, State};
use crate::combine::{ListUse, Wanted};
use crate::impact::Impact;
use crate::target::{Budget, Capabilities, Writes};
use crate::text::{count, people};

/// How long so many changes take at least, where that is long enough to plan for.
pub fn duration(can: Capabilities, changes: usize) -> Option<String> {
    let Budget { requests, window } = can.budget.filter(|_| can.writes == Writes::Single)?;
    let windows = changes as u64 / u64::from(requests.max(1));
    let minutes = (windows * u64::from(window)).div_ceil(60);
    (windows > 0).then(|| {
        format!(
            "The server takes {requests} requests in {} minutes, so {} take about {minutes} \
             minutes. The run can be stopped and resumed at any time.",
            window / 60,
            count(changes, "change"),
        )
    })
}

/// The follows that end, as the person or the admin would say it.
pub fn relations(level: Level, following: usize, followers: usize) -> String {
    let s = if followers == 1 { "s" } else { "" };
    match level {
        Level::Account => match (following, followers) {
            (0, 1..) => format!("{} who follow{s} you", people(followers)),
            (_, 0) => format!("{} you follow", people(following)),
            _ => format!("{} you follow and {followers} who follow{s} you", people(following)),
        },
        Level::Instance => match (following, followers) {
            (0, 1..) => format!("{} from there to here", count(followers, "follow")),
            (_, 0) => format!("{} from here to there", count(following, "follow")),
            _ => format!(
                "{} from here to there and {followers} from there to here",
                count(following, "follow")
            ),
        },
    }
}

/// What nobody could tell about whom the plan would cut.
pub fn counted(impact: &Impact, add: &[Add], update: &[Update]) -> Option<String> {
    let why = impact.why_unknown.as_ref()?;
    let new = add.iter().map(|add| &add.domain).chain(update.iter().map(|update| &update.domain));
    let unknown = new.filter(|domain| impact.unknown.contains(*domain)).count();
    if unknown == 0 {
        // The numbers are known; who it is may not be.
        return impact.unknown.is_empty().then(|| why.clone());
    }
    let domains = count(unknown, "domain");
    Some(format!("Whom the blocks of {domains} would cut is not known. {why}"))
}

/// Listens to every wish while a plan is made, and sums up.
pub struct Notices<'a> {
    state: &'a State,
    can: Capabilities,
    wishes: &'a Wishes,
    /// Names under which strangers register.
    shared: Vec<String>,
    /// Only silenced by the lists, on a target that can only block.
    mild: usize,
    /// Meant with subdomains, on a target that matches exact names.
    wild: usize,
    /// New, and without a severity from anyone.
    unsaid: usize,
}

impl<'a> Notices<'a> {
    pub fn new(state: &'a State, can: Capabilities, wishes: &'a Wishes) -> Self {
        Notices { state, can, wishes, shared: Vec::new(), mild: 0, wild: 0, unsaid: 0 }
    }

    pub fn hear(&mut self, wanted: &Wanted) {
        if wanted.shared_by_strangers {
            self.shared.push(wanted.domain.to_string());
        }
        match self.can.level {
            Level::Account => {
                self.mild += usize::from(wanted.severity() == Some(Severity::Silence));
                self.wild += usize::from(wanted.covers_subdomains);
            }
            Level::Instance
                if self.wishes.severity.is_none() && wanted.asked_by.heard().next().is_some() =>
            {
                let new = || self.state.find(wanted.domain.as_str()).is_none();
                self.unsaid += usize::from(wanted.severity().is_none() && new());
            }
            Level::Instance => {}
        }
    }

    pub fn say(mut self, lists: &[ListUse]) -> Vec<String> {
        let mut notices = Vec::new();
        let names = |n: usize| count(n, "domain");
        for list in lists.iter().filter(|list| list.rejected > 0) {
            notices.push(format!(
                "{} of the list {} could not be used; `hedgerow check` says why.",
                count(list.rejected, "row"),
                list.name
            ));
        }
        self.shared.sort_unstable();
        for name in self.shared {
            notices.push(format!(
                "{name} is shared by strangers: a block of it can hit sites that have nothing to \
                 do with each other."
            ));
        }
        if self.mild > 0 {
            notices.push(format!(
                "The lists only limit {}; an account can only block. Leave them out with \
                 --min-severity suspend.",
                names(self.mild)
            ));
        }
        if self.wild > 0 {
            notices.push(format!(
                "The lists mean {} with all subdomains; an account\u{2019}s block matches the exact name \
                 only.",
                names(self.wild)
            ));
        }
        if self.unsaid > 0 {
            notices.push(format!(
                "No severity is given for {}; they are only silenced. Choose with --severity \
                 suspend.",
                names(self.unsaid)
            ));
        }
        let odd = self.state.blocks.iter().filter(|block| block.domain().is_none()).count();
        if odd > 0 {
            notices.push(format!(
                "The target stores {} in a form that is no domain and matches nothing; they are \
                 left alone.",
                count(odd, "block")
            ));
        }
        notices
    }
}

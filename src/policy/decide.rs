//! Many lists' words on one domain, and what they come to.

use super::{Agreement, Choice, Policy, Share};
use crate::block::Severity;

/// One list's word on a domain.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Voice {
    pub severity: Severity,
    pub weight: u32,
    pub share: Share,
}

/// What all voices together come to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    Block(Severity),
    /// Too few agree: how much there is, and how much it takes.
    TooFew {
        have: u64,
        need: u64,
    },
    /// Nobody asks; there may be some who would agree.
    NotAsked,
}

impl Verdict {
    pub fn severity(self) -> Option<Severity> {
        match self {
            Verdict::Block(severity) => Some(severity),
            _ => None,
        }
    }
}

/// Decides about one domain. `total` is the weight of all lists, whether they name it or
/// not.
///
/// A `noop` asks for no restriction, so it never counts towards one. One more voice never
/// makes a block disappear, and never makes it milder unless the mildest is to count.
pub fn decide(voices: &[Voice], policy: &Policy, total: u64) -> Verdict {
    let asking = || voices.iter().filter(|voice| voice.share != Share::Support);
    let (Some(mildest), Some(strictest)) =
        (asking().map(|v| v.severity).min(), asking().map(|v| v.severity).max())
    else {
        return Verdict::NotAsked;
    };
    let need = need(policy.agreement, total);
    let have = |least: Severity| {
        let heard = voices.iter().filter(|voice| voice.severity >= least);
        match policy.agreement {
            Some(Agreement::Percent(_)) => heard.map(|voice| u64::from(voice.weight)).sum(),
            _ => heard.filter(|voice| voice.weight > 0).count() as u64,
        }
    };
    let alone = |least: Severity| {
        asking().any(|voice| voice.share == Share::Alone && voice.severity >= least)
    };
    let one_is_enough = policy.agreement.is_none();
    let enough = |least: Severity| one_is_enough || alone(least) || have(least) >= need;
    // A restriction needs those who want one; failing that, a note needs anyone.
    let least = strictest.min(Severity::Silence);
    let level = [least, Severity::Noop].into_iter().find(|level| enough(*level));
    let Some(level) = level else { return Verdict::TooFew { have: have(least), need } };
    let strictest = if level == Severity::Noop { Severity::Noop } else { strictest };
    Verdict::Block(match policy.severity {
        Choice::Strictest => strictest,
        Choice::Mildest => mildest.min(strictest),
        Choice::Agreed => {
            let agreed = [Severity::Suspend, Severity::Silence].into_iter();
            let mut agreed = agreed.filter(|severity| *severity <= strictest);
            agreed.find(|severity| enough(*severity)).unwrap_or(Severity::Noop)
        }
    })
}

fn need(agreement: Option<Agreement>, total: u64) -> u64 {
    match agreement {
        None => 1,
        Some(Agreement::Lists(lists)) => u64::from(lists.max(1)),
        Some(Agreement::Percent(percent)) => (total * u64::from(percent)).div_ceil(100).max(1),
    }
}

#[cfg(test)]
mod tests {
    use Severity::{Noop, Silence, Suspend};

    use super::*;

    fn voice(severity: Severity) -> Voice {
        Voice { severity, weight: 1, share: Share::Member }
    }

    fn policy(severity: Choice, agreement: Option<Agreement>) -> Policy {
        Policy { severity, agreement, ..Policy::default() }
    }

    #[test]
    fn without_agreement_one_list_is_enough() {
        let voices = [voice(Silence), voice(Suspend)];
        let decide = |choice| decide(&voices, &policy(choice, None), 9);
        assert_eq!(decide(Choice::Strictest), Verdict::Block(Suspend));
        assert_eq!(decide(Choice::Agreed), Verdict::Block(Suspend));
        assert_eq!(decide(Choice::Mildest), Verdict::Block(Silence));
    }

    #[test]
    fn agreement_is_counted_by_lists_or_by_weight() {
        let two = Some(Agreement::Lists(2));
        let strictest = policy(Choice::Strictest, two);
        assert_eq!(decide(&[voice(Suspend)], &strictest, 3), Verdict::TooFew { have: 1, need: 2 });
        let voices = [voice(Suspend), voice(Silence)];
        assert_eq!(decide(&voices, &strictest, 3), Verdict::Block(Suspend));
        assert_eq!(decide(&voices, &policy(Choice::Agreed, two), 3), Verdict::Block(Silence));
        let half = policy(Choice::Strictest, Some(Agreement::Percent(50)));
        let heavy = Voice { weight: 3, ..voice(Silence) };
        assert_eq!(decide(&[voice(Silence)], &half, 5), Verdict::TooFew { have: 1, need: 3 });
        assert_eq!(decide(&[heavy], &half, 5), Verdict::Block(Silence));
        let weightless = Voice { weight: 0, ..voice(Suspend) };
        let voices = [voice(Suspend), weightless];
        assert_eq!(decide(&voices, &strictest, 3), Verdict::TooFew { have: 1, need: 2 });
    }

    #[test]
    fn a_list_that_stands_alone_needs_nobody_and_a_supporter_asks_for_nothing() {
        let two = policy(Choice::Agreed, Some(Agreement::Lists(2)));
        let alone = Voice { share: Share::Alone, ..voice(Suspend) };
        let support = Voice { share: Share::Support, ..voice(Suspend) };
        assert_eq!(decide(&[alone], &two, 3), Verdict::Block(Suspend));
        assert_eq!(decide(&[support, support], &two, 3), Verdict::NotAsked);
        assert_eq!(decide(&[voice(Suspend), support], &two, 3), Verdict::Block(Suspend));
    }

    #[test]
    fn a_note_agrees_with_no_restriction() {
        let two = policy(Choice::Strictest, Some(Agreement::Lists(2)));
        assert_eq!(
            decide(&[voice(Suspend), voice(Noop)], &two, 3),
            Verdict::Block(Noop),
            "two lists name it, one restricts it"
        );
        let voices = [voice(Noop), voice(Noop), voice(Suspend)];
        assert_eq!(decide(&voices, &two, 3), Verdict::Block(Noop));
        assert_eq!(decide(&[], &two, 3), Verdict::NotAsked);
    }
}

//! What becomes of one existing rule when lists want something for its domain.

use crate::block::{Rule, Severity};
use crate::combine::Wanted;
use crate::policy::Comments;

/// What a rule would be if nothing stood there yet. Where no list gives a severity the
/// caller's default holds.
pub fn fresh(wanted: &Wanted, severity: Severity, comments: &Comments) -> Rule {
    Rule {
        severity,
        reject_media: wanted.reject_media().unwrap_or(false),
        reject_reports: wanted.reject_reports().unwrap_or(false),
        obfuscate: wanted.obfuscate().unwrap_or(false),
        public_comment: wanted.public_comment(comments).map(Into::into),
        private_comment: wanted.private_comment(comments).map(Into::into),
    }
}

/// The stricter of what is there and what is wanted. Comments that somebody wrote stay;
/// empty ones are filled only if the rule is raised anyway, since a server carries a
/// block out again at every edit.
pub fn merged(
    current: &Rule,
    wanted: &Wanted,
    severity: Option<Severity>,
    comments: &Comments,
) -> Rule {
    let mut rule = current.clone();
    rule.severity = current.severity.max(severity.unwrap_or(current.severity));
    // Under a suspension the flags do nothing; switching them on there would only make
    // the server suspend everybody a second time.
    if current.severity < Severity::Suspend {
        rule.reject_media |= wanted.reject_media() == Some(true);
        rule.reject_reports |= wanted.reject_reports() == Some(true);
    }
    if rule == *current {
        return rule;
    }
    if rule.public_comment.is_none() {
        rule.public_comment = wanted.public_comment(comments).map(Into::into);
    }
    if rule.private_comment.is_none() {
        rule.private_comment = wanted.private_comment(comments).map(Into::into);
    }
    rule
}

/// What the lists say, and the current value wherever they say nothing.
pub fn overwritten(
    current: &Rule,
    wanted: &Wanted,
    severity: Option<Severity>,
    comments: &Comments,
) -> Rule {
    let severity = severity.unwrap_or(current.severity);
    let inert = severity == Severity::Suspend && current.severity == Severity::Suspend;
    let flag = |said: Option<bool>, is: bool| if inert { is } else { said.unwrap_or(is) };
    Rule {
        severity,
        reject_media: flag(wanted.reject_media(), current.reject_media),
        reject_reports: flag(wanted.reject_reports(), current.reject_reports),
        obfuscate: wanted.obfuscate().unwrap_or(current.obfuscate),
        public_comment: wanted
            .public_comment(comments)
            .map_or_else(|| current.public_comment.clone(), |text| Some(text.into())),
        private_comment: wanted
            .private_comment(comments)
            .map_or_else(|| current.private_comment.clone(), |text| Some(text.into())),
    }
}

//! What is published of one block, and nothing else that is known of it.

use arcstr::ArcStr;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::{Obfuscate, Options, Together};
use crate::block::{Block, Severity, State, hex};
use crate::combine::{Combined, Wanted};
use crate::domain::Domain;
use crate::list::{Asked, Entry};
use crate::policy::{Comments, Policy, Share, Verdict, Voice, decide};
use crate::text::plain;
use crate::unmask::mask;

/// A block as others see it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    pub entry: Entry,
    /// Its name is hidden.
    pub hidden: bool,
}

/// The severity where a list gives none: the mildest that restricts anything.
const UNSAID: Severity = Severity::Silence;

impl Row {
    fn new(domain: Domain, mut asked: Asked, options: &Options) -> Row {
        let hidden = match options.obfuscate {
            Obfuscate::All => true,
            Obfuscate::None => false,
            Obfuscate::Marked => asked.obfuscate == Some(true),
        };
        let public = asked.public_comment.take().filter(|_| options.public_comments);
        let private = asked.private_comment.take().filter(|_| options.private_comments);
        let parts: Vec<&str> = public.iter().chain(&private).map(ArcStr::as_str).collect();
        // Whatever a list or a server wrote must not break a line, or fool a reader.
        let comment = (!parts.is_empty()).then(|| plain(&parts.join("; ")).into_owned().into());
        asked.public_comment = comment;
        Row { entry: asked.of(domain, 0), hidden }
    }

    /// As Mastodon's `/api/v1/instance/domain_blocks` has it. That knows no notes, so they
    /// have no place there.
    pub fn as_mastodon(&self) -> Option<Value> {
        let name = self.entry.domain.as_str();
        let severity = self.entry.severity.unwrap_or(Severity::Suspend);
        (severity != Severity::Noop).then(|| {
            json!({
                "domain": if self.hidden { mask(name) } else { name.to_owned() },
                "digest": hex(&Sha256::digest(name)),
                "severity": severity,
                "comment": self.entry.public_comment.as_deref(),
            })
        })
    }
}

/// What a target was seen to block, ordered by name.
pub fn of_state(state: &State, options: &Options) -> Vec<Row> {
    let row = |block: &Block| {
        // What is no domain nobody else can block.
        let domain = block.domain()?;
        let Some(rule) = &block.rule else {
            return Some(Row::new(domain, Asked::default(), options));
        };
        let text = |text: &Option<compact_str::CompactString>| {
            text.as_deref().filter(|text| !text.trim().is_empty()).map(Into::into)
        };
        let asked = Asked {
            severity: Some(rule.severity),
            reject_media: Some(rule.reject_media),
            reject_reports: Some(rule.reject_reports),
            obfuscate: Some(rule.obfuscate),
            public_comment: text(&rule.public_comment),
            private_comment: text(&rule.private_comment),
        };
        (rule.severity >= options.min_severity).then(|| Row::new(domain, asked, options))
    };
    let mut rows: Vec<Row> = state.blocks.iter().filter_map(row).collect();
    rows.sort_by(|a, b| a.entry.domain.cmp(&b.entry.domain));
    rows
}

/// What lists come to together, ordered by name.
pub fn of_lists(combined: Combined, together: &Together, options: &Options) -> Vec<Row> {
    let policy =
        Policy { severity: together.severity, agreement: together.agreement, ..Policy::default() };
    let (lists, wanted) = combined.into_wanted();
    let total = lists.len() as u64;
    let row = |wanted: Wanted| {
        let voice = |severity: Option<Severity>| Voice {
            severity: severity.unwrap_or(UNSAID),
            weight: 1,
            share: Share::Member,
        };
        let voices: Vec<Voice> = wanted.asked_by.severities().map(voice).collect();
        let Verdict::Block(severity) = decide(&voices, &policy, total) else { return None };
        let comments = &Comments::Merged;
        let asked = Asked {
            severity: Some(severity),
            reject_media: wanted.reject_media(),
            reject_reports: wanted.reject_reports(),
            // What lists keep to themselves is not told in their stead.
            obfuscate: if wanted.is_hidden() { Some(true) } else { wanted.obfuscate() },
            public_comment: wanted.public_comment(comments).map(Into::into),
            private_comment: wanted.private_comment(comments).map(Into::into),
        };
        (severity >= options.min_severity).then(|| Row::new(wanted.domain, asked, options))
    };
    let mut rows: Vec<Row> = wanted.filter_map(row).collect();
    rows.sort_by(|a, b| a.entry.domain.cmp(&b.entry.domain));
    rows
}

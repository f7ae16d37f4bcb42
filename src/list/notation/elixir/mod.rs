//! The policies of Pleroma and Akkoma as admins write them: in Elixir, or in Nix where a
//! NixOS module makes Elixir of it.
//!
//! Both are programs, and this reads no more of them than lists that are written out. What
//! a program would have to put together is rejected, so that nobody takes the rest for
//! the whole. Other policies have keys of the same names (`mrf_keyword` has a `reject` for
//! words), so a key counts only where it belongs to `mrf_simple`, or to nothing at all.

mod tokens;

use tokens::{Kind, Token, Tokens};

use super::super::Format;
use super::super::decode::{self, Source};
use super::super::error::ReadError;
use super::super::rows::Rows;
use super::Document;
use super::pleroma::{Meaning, Policies, meaning};

/// The most rows that a configuration may have: they are all gathered before the first one
/// is read.
const MOST: usize = 100_000;
/// Configurations are nested a handful of levels deep.
const MOST_LEVELS: usize = 64;

const NOT_LITERAL: &str = "the configuration puts this together when it runs, so it cannot be \
                           read here; write the names out";

pub(super) fn is_it(sample: &str) -> bool {
    decode::lines(sample).any(|line| {
        let line = decode::clip(line.text.trim_start(), 200);
        line.starts_with("config :pleroma") || opens_a_policy(line)
    })
}

/// `reject: [`, `reject = {`, `":mrf_simple" = {`
fn opens_a_policy(line: &str) -> bool {
    let line = line.trim_start_matches(['"', ':', '[', '%', '{', ' ']);
    let end = line.find(|c: char| !(c.is_ascii_lowercase() || c == '_')).unwrap_or(line.len());
    let (key, rest) = line.split_at(end);
    let rest = rest.trim_start_matches('"').trim_start();
    let value = match rest.strip_prefix("=>").or_else(|| rest.strip_prefix('=')) {
        Some(value) => value.trim_start(),
        // In YAML, `reject: [` opens a list too.
        None if key == "mrf_simple" => return rest.starts_with([':', ',']),
        None => match rest.strip_prefix(':') {
            Some(value) if value.starts_with(' ') && value.contains(['"', '~']) => {
                value.trim_start()
            }
            _ => return false,
        },
    };
    (key == "mrf_simple" || meaning(key).is_some())
        && ["{", "[", "%{", "~w", "mkMap", "map "].iter().any(|open| value.starts_with(open))
}

pub(super) fn read(source: &Source<'_>) -> Result<Document, ReadError> {
    let mut reader = Reader {
        tokens: Tokens::new(&source.text),
        policies: Policies::default(),
        scope: None,
        levels: Vec::new(),
        found: false,
    };
    reader.run()?;
    let Reader { policies, found, .. } = reader;
    let mut rows = Rows::new(source.guessed, policies.len());
    policies.into_rows(&mut rows);
    rows.finish(Format::PleromaConfig, found)
}

struct Reader<'a> {
    tokens: Tokens<'a>,
    policies: Policies,
    /// The key that a `config` statement is for.
    scope: Option<&'a str>,
    /// The keys whose brackets are open.
    levels: Vec<Option<&'a str>>,
    /// Whether there was a key of `mrf_simple`, with names or without.
    found: bool,
}

impl<'a> Reader<'a> {
    fn run(&mut self) -> Result<(), ReadError> {
        // The last words before the current place: `":pleroma".":mrf_simple" =`.
        let (mut key, mut owner, mut dotted) = (None, None, false);
        while let Some(token) = self.tokens.next() {
            let joined = std::mem::take(&mut dotted);
            match token.kind {
                Kind::Word("config") if self.levels.is_empty() => {
                    self.statement();
                    (key, owner) = (None, None);
                }
                Kind::Word(word) | Kind::Text { raw: word, .. } => {
                    (owner, key) = (key.filter(|_| joined), Some(word));
                }
                Kind::Sign('.') => dotted = true,
                Kind::Sign('=' | ':') | Kind::Arrow => {
                    if let Some((name, meaning)) = key.and_then(|key| Some((key, meaning(key)?)))
                        && self.is_ours(owner, meaning)
                    {
                        self.found = true;
                        self.value(name, meaning);
                        (key, owner) = (None, None);
                    }
                }
                // `{:reject, [...]}`
                Kind::Sign(',') => {
                    if let Some(name) = key.filter(|key| key.starts_with(':'))
                        && let Some(meaning) = meaning(name)
                        && self.is_ours(None, meaning)
                    {
                        self.found = true;
                        self.value(name, meaning);
                    } else if key == Some(":mrf_simple")
                        && let Some(top) = self.levels.last_mut()
                    {
                        // `put_in(config, [...])` and tuples: what follows belongs to it.
                        *top = key;
                    }
                    (key, owner) = (None, None);
                }
                Kind::Sign('[' | '{' | '(') => {
                    if self.levels.len() >= MOST_LEVELS {
                        let (format, line) = (Format::PleromaConfig, token.line);
                        return Err(ReadError::Damaged { format, line });
                    }
                    self.levels.push(key);
                    (key, owner) = (None, None);
                }
                Kind::Sign(']' | '}' | ')') => {
                    self.levels.pop();
                    (key, owner) = (None, None);
                }
                Kind::Sign(_) => (key, owner) = (None, None),
                Kind::Words(_) => {}
            }
            if self.policies.len() > MOST {
                return Err(ReadError::TooManyRows { limit: MOST });
            }
        }
        Ok(())
    }

    /// `config :pleroma, :mrf_simple,`
    fn statement(&mut self) {
        self.scope = None;
        let Some(Kind::Word(_)) = self.tokens.peek().map(|token| token.kind) else { return };
        self.tokens.next();
        if !matches!(self.tokens.peek().map(|token| token.kind), Some(Kind::Sign(','))) {
            return;
        }
        self.tokens.next();
        if let Some(Kind::Word(key)) = self.tokens.peek().map(|token| token.kind)
            && key.starts_with(|c: char| c == ':' || c.is_ascii_uppercase())
        {
            self.tokens.next();
            self.scope = Some(key);
        }
    }

    /// Whether a key stands where `mrf_simple` has its keys; `owner` is the word before it.
    fn is_ours(&self, owner: Option<&str>, meaning: Meaning) -> bool {
        let around = owner.or_else(|| self.levels.iter().rev().copied().flatten().next());
        let Some(around) = around.or(self.scope) else { return true };
        match around.trim_start_matches(':') {
            "mrf_simple" | "blocklist" => true,
            "instance" => matches!(meaning, Meaning::Other(_)),
            _ => false,
        }
    }

    /// Reads what is assigned to the key of a policy.
    fn value(&mut self, key: &'a str, meaning: Meaning) {
        loop {
            // `mkMap {`, `map mkTuple [`
            let mut pairs = false;
            while let Some(Token { kind: Kind::Word(word), .. }) = self.tokens.peek() {
                match word {
                    "mkMap" | "map" | "tupleList" | "lib" | "mkForce" | "mkDefault" => {}
                    "mkTuple" => pairs = true,
                    _ => return self.give_up(key),
                }
                self.tokens.next();
                if let Some(Kind::Sign('.')) = self.tokens.peek().map(|token| token.kind) {
                    self.tokens.next();
                }
            }
            // The sign before a map.
            if matches!(self.tokens.peek().map(|token| token.kind), Some(Kind::Sign('%'))) {
                self.tokens.next();
            }
            match self.tokens.peek() {
                Some(Token { kind: Kind::Words(words), line }) => {
                    self.tokens.next();
                    for (offset, line_of) in (0u32..).zip(words.split('\n')) {
                        for name in line_of.split_whitespace() {
                            self.add(line.saturating_add(offset), meaning, name, "");
                        }
                    }
                }
                Some(Token { kind: Kind::Sign('[' | '{'), .. }) => {
                    self.tokens.next();
                    self.list(meaning, pairs);
                }
                _ => return self.give_up(key),
            }
            // `[…] ++ other`
            if !matches!(self.tokens.peek().map(|token| token.kind), Some(Kind::Sign('+'))) {
                return;
            }
            while let Some(Kind::Sign('+')) = self.tokens.peek().map(|token| token.kind) {
                self.tokens.next();
            }
        }
    }

    fn add(&mut self, line: u32, meaning: Meaning, name: &str, reason: &str) {
        if self.policies.len() <= MOST {
            self.policies.add(line, meaning, name, reason);
        }
    }

    /// A value that is not written out.
    fn give_up(&mut self, key: &str) {
        let line = self.tokens.peek().map_or(self.tokens.line(), |token| token.line);
        self.policies.reject(line, key, NOT_LITERAL);
    }

    /// Reads a list or a map whose bracket has been opened.
    fn list(&mut self, meaning: Meaning, pairs: bool) {
        let mut pairs_follow = pairs;
        while let Some(token) = self.tokens.next() {
            match token.kind {
                Kind::Sign(']' | '}' | ')') => return,
                Kind::Sign(',' | ';') => pairs_follow = pairs,
                Kind::Text { raw, literal } => {
                    let assigned = matches!(
                        self.tokens.peek().map(|token| token.kind),
                        Some(Kind::Sign('=' | ':') | Kind::Arrow)
                    );
                    let name = tokens::text(raw);
                    let reason = if assigned { self.reason() } else { String::new() };
                    if literal {
                        self.add(token.line, meaning, &name, &reason);
                    } else {
                        self.policies.reject(token.line, raw, NOT_LITERAL);
                    }
                }
                Kind::Sign(open @ ('{' | '[' | '(')) => {
                    self.pair(token.line, meaning, open == '{' || pairs_follow);
                    pairs_follow = pairs;
                }
                Kind::Word("mkTuple") => pairs_follow = true,
                Kind::Word(word) | Kind::Words(word) => {
                    self.policies.reject(token.line, word, NOT_LITERAL);
                    // What the word is applied to is no list of names.
                    self.skip_to_separator();
                }
                Kind::Sign(_) | Kind::Arrow => {}
            }
            if self.policies.len() > MOST {
                return;
            }
        }
    }

    /// The reason behind a `=` or `=>`, if it is a text.
    fn reason(&mut self) -> String {
        self.tokens.next();
        if let Some(Kind::Text { raw, .. }) = self.tokens.peek().map(|token| token.kind) {
            self.tokens.next();
            return tokens::text(raw).into_owned();
        }
        self.skip_to_separator();
        String::new()
    }

    /// `{"name", "reason"}`, `(mkTuple [ "name" "reason" ])`, `[host: "name", reason: "…"]`,
    /// whose first bracket has been opened. Two names in a bare list are two names, so such
    /// a list is not read as a pair.
    fn pair(&mut self, line: u32, meaning: Meaning, mut is_pair: bool) {
        let (mut depth, mut texts, mut all_literal) = (1usize, Vec::new(), true);
        while let Some(token) = self.tokens.next() {
            match token.kind {
                Kind::Sign('[' | '{' | '(') => depth += 1,
                Kind::Sign(']' | '}' | ')') => depth -= 1,
                Kind::Text { raw, literal } if texts.len() < 3 => {
                    // Only the name has to be certain.
                    all_literal &= literal || !texts.is_empty();
                    texts.push(raw);
                }
                Kind::Word("mkTuple" | "host" | "reason") => is_pair = true,
                Kind::Word(_) if texts.is_empty() => all_literal = false,
                _ => {}
            }
            if depth == 0 {
                break;
            }
        }
        let name = texts.first().copied().unwrap_or_default();
        if all_literal && is_pair && matches!(texts.len(), 1 | 2) {
            let reason = texts.get(1).map(|raw| tokens::text(raw)).unwrap_or_default();
            self.add(line, meaning, &tokens::text(name), &reason);
        } else {
            let why = if all_literal { "this is not a name with a reason" } else { NOT_LITERAL };
            self.policies.reject(line, name, why);
        }
    }

    /// Skips an expression, up to what separates it from the next or ends the list.
    fn skip_to_separator(&mut self) {
        let mut depth = 0usize;
        while let Some(token) = self.tokens.peek() {
            match token.kind {
                Kind::Sign(',' | ';' | ']' | '}' | ')') if depth == 0 => return,
                Kind::Sign('[' | '{' | '(') => depth += 1,
                Kind::Sign(']' | '}' | ')') => depth -= 1,
                _ => {}
            }
            self.tokens.next();
        }
    }
}

#[cfg(test)]
mod tests;

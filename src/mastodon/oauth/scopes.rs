//! The least that a token must be allowed to do.

use crate::block::Level;
use crate::mastodon::discovery::ServerInfo;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// Only whose sign-in it is, for a door that needs nothing else.
    Identify,
    ReadOnly,
    ReadWrite,
}

const READ_BLOCKS: &str = "read:blocks";
const WRITE_BLOCKS: &str = "write:blocks";
/// Says who one is, and lists whom one follows.
const READ_ACCOUNTS: &str = "read:accounts";
const WRITE_FOLLOWS: &str = "write:follows";

/// A scope, the older and wider one that includes it, and the version that brought it.
struct Scope {
    narrow: &'static str,
    wide: &'static str,
    since: (u32, u32),
}

const WHO: Scope = Scope { narrow: "profile", wide: READ_ACCOUNTS, since: (4, 3) };
const ADMIN_READ: Scope =
    Scope { narrow: "admin:read:domain_blocks", wide: "admin:read", since: (4, 1) };
const ADMIN_WRITE: Scope =
    Scope { narrow: "admin:write:domain_blocks", wide: "admin:write", since: (4, 1) };

/// The scopes to ask `server` for. What it says that it supports counts for more than
/// its version.
///
/// An account's block cuts follows, so an account's sign-in may also read them.
pub fn scopes(level: Level, server: &ServerInfo, access: Access) -> Vec<&'static str> {
    if access == Access::Identify {
        return vec![choose(&WHO, server)];
    }
    let (read, write, who) = match level {
        Level::Account => (READ_BLOCKS, WRITE_BLOCKS, READ_ACCOUNTS),
        Level::Instance => {
            (choose(&ADMIN_READ, server), choose(&ADMIN_WRITE, server), choose(&WHO, server))
        }
    };
    let mut scopes = vec![read];
    if access == Access::ReadWrite {
        scopes.push(write);
    }
    scopes.push(who);
    scopes
}

/// An instance's scopes, and the right to count what its blocks would cut. No narrow scope
/// gives that (`api/v1/admin/measures_controller.rb`), and the wide one opens much else.
pub fn with_impact(mut scopes: Vec<&'static str>) -> Vec<&'static str> {
    for scope in &mut scopes {
        if *scope == ADMIN_READ.narrow {
            *scope = ADMIN_READ.wide;
        }
    }
    scopes
}

/// For following accounts again: the right to follow, and to see whose sign-in it is, since
/// the browser may be signed in to another account of the same person.
pub fn refollow_scopes() -> [&'static str; 2] {
    [WRITE_FOLLOWS, READ_ACCOUNTS]
}

fn choose(scope: &Scope, server: &ServerInfo) -> &'static str {
    let listed = |word| match &server.scopes_supported {
        Some(list) => list.iter().any(|listed| listed == word),
        None => false,
    };
    let (major, minor) = scope.since;
    let known = server.version.at_least(major, minor) && !listed(scope.wide);
    if listed(scope.narrow) || known { scope.narrow } else { scope.wide }
}

/// The same scopes in their older, wider forms.
pub(super) fn wider<'a>(scopes: &[&'a str]) -> Vec<&'a str> {
    let widen = |word: &&'a str| {
        let known = [WHO, ADMIN_READ, ADMIN_WRITE];
        known.iter().find(|scope| scope.narrow == *word).map_or(*word, |scope| scope.wide)
    };
    scopes.iter().map(widen).collect()
}

/// What of `asked` is not in `granted`, neither itself nor as part of a wider scope.
pub(super) fn missing<'a>(granted: &str, asked: &'a str) -> Vec<&'a str> {
    let includes = |granted: &str, word: &str| {
        let part = word.strip_prefix(granted);
        // Whoever may read everything may also read who they are.
        part.is_some_and(|rest| rest.is_empty() || rest.starts_with(':'))
            || (word == WHO.narrow && granted == "read")
    };
    let words = asked.split_whitespace();
    words.filter(|word| !granted.split_whitespace().any(|it| includes(it, word))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mastodon::version::Version;

    fn server(version: &str, supported: Option<&[&str]>) -> ServerInfo {
        ServerInfo {
            base: "https://example.social/".parse().unwrap(),
            domain: "example.social".to_owned(),
            software: "mastodon".to_owned(),
            version: Version::parse(version).unwrap(),
            version_text: version.to_owned(),
            api_version: None,
            scopes_supported: supported.map(|list| list.iter().map(|&s| s.to_owned()).collect()),
        }
    }

    #[test]
    fn the_least_scopes_by_level_version_and_access() {
        use Access::{Identify, ReadOnly, ReadWrite};
        use Level::{Account, Instance};
        for (level, version, access, wanted) in [
            (Account, "4.6.5", Identify, "profile"),
            (Account, "4.2.29", Identify, "read:accounts"),
            (Account, "4.6.5", ReadWrite, "read:blocks write:blocks read:accounts"),
            (Account, "4.3.0-beta.1", ReadOnly, "read:blocks read:accounts"),
            (Account, "4.2.29", ReadWrite, "read:blocks write:blocks read:accounts"),
            (
                Instance,
                "4.6.5",
                ReadWrite,
                "admin:read:domain_blocks admin:write:domain_blocks profile",
            ),
            (Instance, "4.1.0", ReadOnly, "admin:read:domain_blocks read:accounts"),
            (Instance, "4.0.2", ReadWrite, "admin:read admin:write read:accounts"),
        ] {
            let scopes = scopes(level, &server(version, None), access);
            assert_eq!(scopes.join(" "), wanted, "{level} {version}");
        }
    }

    #[test]
    fn what_a_server_lists_counts_for_more_than_its_version() {
        let backported = server("4.0.0", Some(&["profile", "admin:read:domain_blocks"]));
        assert_eq!(
            scopes(Level::Instance, &backported, Access::ReadOnly),
            ["admin:read:domain_blocks", "profile"]
        );
        let without = server("4.6.0", Some(&["read:accounts", "admin:read"]));
        assert_eq!(
            scopes(Level::Instance, &without, Access::ReadOnly),
            ["admin:read", "read:accounts"]
        );
        let vague = server("4.6.0", Some(&["read", "write"]));
        assert_eq!(
            scopes(Level::Instance, &vague, Access::ReadOnly),
            ["admin:read:domain_blocks", "profile"]
        );
    }

    #[test]
    fn counting_what_an_instances_block_would_cut_takes_the_wide_right_to_read() {
        for (version, access, wanted) in [
            ("4.6.5", Access::ReadWrite, "admin:read admin:write:domain_blocks profile"),
            ("4.1.0", Access::ReadOnly, "admin:read read:accounts"),
            ("4.0.2", Access::ReadWrite, "admin:read admin:write read:accounts"),
        ] {
            let scopes = with_impact(scopes(Level::Instance, &server(version, None), access));
            assert_eq!(scopes.join(" "), wanted, "{version}");
        }
    }

    #[test]
    fn granted_scopes_must_contain_the_asked_ones() {
        assert_eq!(missing("write:blocks read:blocks profile", "read:blocks profile"), [""; 0]);
        assert_eq!(missing("read write", "read:blocks write:blocks profile"), [""; 0]);
        assert_eq!(missing("admin:read", "admin:read:domain_blocks"), [""; 0]);
        assert_eq!(missing("read:blocks profile", "read:blocks write:blocks"), ["write:blocks"]);
        assert_eq!(missing("", "read:blocks"), ["read:blocks"]);
        assert_eq!(missing("read:block", "read:blocks"), ["read:blocks"]);
        assert_eq!(missing("read:blocks:x", "read:blocks"), ["read:blocks"]);
    }
}

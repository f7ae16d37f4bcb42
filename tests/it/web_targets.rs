//! A target's pages: blocks, subscriptions, policy.

//! All integration tests in one binary: one link instead of ten.
// `cfg(test)` tells clippy that the helpers, too, may unwrap.
#![cfg(test)]

mod plan_laws;
mod store;

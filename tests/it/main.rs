// `cfg(test)` tells clippy that the helpers, too, may unwrap.
#[cfg(test)]
mod store;

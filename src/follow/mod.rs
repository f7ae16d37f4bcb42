//! Lists that are followed.
pub mod guard;

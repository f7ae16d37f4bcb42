//! What a person can have Hedgerow do, one verb a file.
//!
//! A verb here checks, does, and writes down what was done. It knows of no terminal and of
//! no page: it answers with data, and what went wrong is an error whose words fit the command
//! line and whose variants let another face find words of its own.

pub mod announce;
pub mod dates;
pub mod exceptions;
pub mod lists;
pub mod ownership;
pub mod policy;
pub mod publish;
pub mod refollow;
pub mod restore;
pub mod resume;
pub mod sign_in;
pub mod subscribe;
pub mod token;
pub mod undo;

#[cfg(test)]
mod tests;

//! The plan page, from a look to a run.

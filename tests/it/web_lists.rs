//! The lists' pages.

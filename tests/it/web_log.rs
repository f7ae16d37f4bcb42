//! The record of what was done, in a browser.

//! Exceptions and what was turned down, in a browser.

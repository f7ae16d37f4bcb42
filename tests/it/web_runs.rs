//! Runs, backups, restore and undo in a browser.

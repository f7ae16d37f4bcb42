//! The page with sample data, as it is written.

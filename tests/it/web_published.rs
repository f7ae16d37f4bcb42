//! What is published, in every format.

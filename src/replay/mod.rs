//! What keeping a target in step would have done: lists' versions by date, a target that
//! stands in memory, people who act by hand in between, and a count of the harm.
//!
//! The [`World`] plays the server, with the refusals that Mastodon has, and takes its steps
//! through the very code that plans and settles a real run. The [`Witness`] knows nothing of
//! that code. It remembers what people did and judges every step by it.

mod story;
mod witness;
mod world;

pub use story::{Chance, Outcome, Story, histories, invent};
pub use witness::{Harm, Witness};
pub use world::{Listed, Step, World};

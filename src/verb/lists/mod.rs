//! Lists: following one, looking at how it does and how it changed, deciding about a version
//! that is held, and letting it go.

pub mod add;
pub mod overview;
pub mod remote;
pub mod stop;
pub mod versions;
pub mod would;

#![forbid(unsafe_code)]
//! Hedgerow: shared domain blocklists for a fediverse account or instance.
//!
//! Data flows one way, and the modules stand in its order:
//!
//! [`source`] and [`list`] read what people publish, [`combine`] folds lists together,
//! [`plan`] compares the wish with what a [`target`] holds, [`backup`] saves that, and
//! [`apply`] carries the plan out with a journal in the [`store`]. The middle is pure: no
//! input, no output, time and chance are arguments. [`cli`] and [`web`] are the faces of all
//! this: what a person can have done is in [`verb`], for both of them, [`desk`] goes on with it
//! between two requests, and [`app`] is what every face starts from.

pub mod announce;
pub mod app;
pub mod apply;
mod at_hand;
pub mod backup;
pub mod block;
pub mod cli;
pub mod clock;
pub mod combine;
pub mod compare;
pub mod desk;
pub mod domain;
pub mod exception;
pub mod fetch;
pub mod follow;
pub mod gather;
pub mod http;
pub mod impact;
pub mod import_page;
pub mod keep;
pub mod ledger;
pub mod list;
pub mod mastodon;
mod nodeinfo;
pub mod plan;
pub mod policy;
pub mod publish;
pub mod replay;
pub mod round;
pub mod secret;
pub mod source;
pub mod spelling;
pub mod stop;
pub mod store;
pub mod target;
pub mod text;
pub mod unmask;
pub mod vault;
pub mod verb;
pub mod web;

pub mod whole_file;
pub mod why;

//! The command line.

pub(crate) mod exec;
pub(crate) mod flags;
pub(crate) mod health;
pub(crate) mod options;
pub(crate) mod signals;

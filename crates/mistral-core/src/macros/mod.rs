//! What every type and every group of the API has in common, written once.

#[macro_use]
mod groups;
#[macro_use]
mod objects;
#[macro_use]
mod unions;

//! Workflows: executions, events, schedules, definitions and deployments.

pub(super) mod definitions;
pub(super) mod deployments;
pub(super) mod events;
pub(super) mod executions;
pub(super) mod schedules;

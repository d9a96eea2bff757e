//! The resources that this process holds (Linux only).

use std::fs;

/// Returns the number of open descriptors.
pub fn descriptors() -> Option<usize> {
    // The listing itself uses one descriptor.
    fs::read_dir("/proc/self/fd").ok().map(Iterator::count)
}

/// Returns the limit of open descriptors.
pub fn descriptor_limit() -> Option<usize> {
    let limits = fs::read_to_string("/proc/self/limits").ok()?;
    let line = limits
        .lines()
        .find_map(|line| line.strip_prefix("Max open files"))?;
    line.split_whitespace().next()?.parse().ok()
}

/// Returns the resident memory in KiB.
pub fn resident_kib() -> Option<usize> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmRSS:"))?;
    line.split_whitespace().next()?.parse().ok()
}

//! What this process holds, where the system tells (Linux).

use std::fs;

/// How many descriptors are open.
pub fn descriptors() -> Option<usize> {
    // The listing itself takes one, each time.
    fs::read_dir("/proc/self/fd").ok().map(Iterator::count)
}

/// How many descriptors may be open.
pub fn descriptor_limit() -> Option<usize> {
    let limits = fs::read_to_string("/proc/self/limits").ok()?;
    let line = limits
        .lines()
        .find_map(|line| line.strip_prefix("Max open files"))?;
    line.split_whitespace().next()?.parse().ok()
}

/// How much memory is resident, in KiB.
pub fn resident_kib() -> Option<usize> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmRSS:"))?;
    line.split_whitespace().next()?.parse().ok()
}

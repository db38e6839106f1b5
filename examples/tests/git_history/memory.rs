//! Memory stays flat, however long the history.

use std::process::Stdio;
use std::time::{Duration, Instant};

use crate::repository::{Repository, long_history};

#[test]
fn five_times_the_commits_need_no_more_memory() {
    let (small, large) = (peak_kib(10_000), peak_kib(50_000));
    println!("peak memory: {small} KiB at 10,000 commits, {large} KiB at 50,000");
    assert!(large < small + 20 * 1024, "{small} KiB at 10,000 commits, but {large} KiB at 50,000");
}

/// The program's own peak, as the kernel counts it, without git's.
fn peak_kib(commits: usize) -> u64 {
    let repository = Repository::imported(&long_history(commits));
    let mut child = repository.program(&["--json"]).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    let file = format!("/proc/{}/status", child.id());
    let mut peak = 0;
    let deadline = Instant::now() + Duration::from_secs(120);
    while child.try_wait().unwrap().is_none() {
        // It only grows, so that the last look before the end sees the most.
        let status = std::fs::read_to_string(&file).unwrap_or_default();
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let kib = line.and_then(|line| line.trim().trim_end_matches(" kB").parse().ok());
        peak = kib.unwrap_or(peak);
        assert!(Instant::now() < deadline, "it takes too long");
        std::thread::sleep(Duration::from_millis(2));
    }
    assert!(child.wait().unwrap().success());
    assert!(peak > 0);
    peak
}

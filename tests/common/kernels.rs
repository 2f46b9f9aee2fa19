//! Kernels that guests of tests boot.

use std::path::{Path, PathBuf};
use std::process::Command;

/// Packages that hold an image: those that `COPYBENCH_TEST_KERNELS` names, separated by `:`, else the
/// newest that `scripts/kernels` fetched, as one is enough to show that the host's side works.
pub(crate) fn kernels() -> Vec<PathBuf> {
    if let Some(list) = std::env::var_os("COPYBENCH_TEST_KERNELS") {
        return std::env::split_paths(&list).collect();
    }
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("scripts/kernels");
    let output = Command::new(script).arg("list").output().expect("scripts/kernels");
    String::from_utf8_lossy(&output.stdout).lines().last().map(PathBuf::from).into_iter().collect()
}

/// What is missing to boot them.
pub(crate) fn unfit(kernels: &[PathBuf]) -> Option<&'static str> {
    if Command::new("qemu-system-x86_64").arg("--version").output().is_err() {
        return Some("qemu-system-x86");
    }
    kernels.is_empty().then_some("a kernel: scripts/kernels fetch linux-image-cloud-amd64")
}

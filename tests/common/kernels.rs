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
pub(crate) fn unfit(kernels: &[PathBuf]) -> Option<String> {
    let no_kernel = || {
        let fetch = "no kernel to boot: scripts/kernels fetch linux-image-cloud-amd64";
        kernels.is_empty().then(|| fetch.to_owned())
    };
    super::tools::missing(&["qemu-system-x86_64"]).or_else(no_kernel)
}

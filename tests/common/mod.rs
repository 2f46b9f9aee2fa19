//! What several test programs share.
#![allow(dead_code, reason = "each test program uses a part of it")]
#![allow(clippy::expect_used, reason = "a test that cannot begin has failed")]

pub(crate) mod golden;
pub(crate) mod kernels;
pub(crate) mod ranges;
pub(crate) mod small_run;
pub(crate) mod synthetic;
pub(crate) mod tools;

use copybench::fixture::Place;
use std::path::{Path, PathBuf};

/// The directories of `COPYBENCH_DIR` and `COPYBENCH_TO`; without them, the build directory.
pub(crate) fn places() -> (Place, Place) {
    let directory = |name: &str| std::env::var_os(name).map(PathBuf::from);
    let from =
        directory("COPYBENCH_DIR").unwrap_or_else(|| Path::new(env!("CARGO_TARGET_TMPDIR")).to_owned());
    let to = directory("COPYBENCH_TO").unwrap_or_else(|| from.clone());
    (Place::new(&from).expect("COPYBENCH_DIR"), Place::new(&to).expect("COPYBENCH_TO"))
}

/// Lengths around every boundary that matters: nothing, a byte, a sector, a page, a MiB.
pub(crate) fn lengths() -> [u64; 9] {
    let page = rustix::param::page_size() as u64;
    [0, 1, 511, page - 1, page, page + 1, (1 << 20) - 1, (1 << 20) + 1, (3 << 20) + 1]
}

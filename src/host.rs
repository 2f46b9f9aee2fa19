//! The fingerprint of a machine: what makes two of them comparable, without names or paths.

mod control_group;
mod identity;
mod proc_stat;

pub use control_group::MemoryGroups;
pub use identity::label;
pub use proc_stat::{CpuTime, available_memory, cpu_time};

use crate::record::HostLine;
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::Path;

/// The host as it stands in the run line; the directories tell which mounts are described.
pub fn host_line(from: &Path, to: &Path) -> HostLine {
    let identity = identity::identity();
    HostLine {
        label: label(),
        hash: hash(&identity),
        kernel: rustix::system::uname().release().to_string_lossy().into_owned(),
        identity,
        context: identity::context(from, to),
    }
}

/// Hash over the names and values of `identity`.
pub fn hash(identity: &BTreeMap<String, String>) -> String {
    let mut hasher = Sha256::new();
    for (name, value) in identity {
        // Lengths keep `a=b c` and `a=b`, `c` apart.
        hasher.update(format!("{}:{name}{}:{value}", name.len(), value.len()));
    }
    hasher.finalize().iter().take(8).fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_machine_has_the_same_hash_twice() {
        let here = Path::new(".");
        assert_eq!(host_line(here, here).hash, host_line(here, here).hash);
    }

    #[test]
    fn a_hash_depends_on_names_and_values() {
        let of = |name: &str, value: &str| hash(&BTreeMap::from([(name.to_owned(), value.to_owned())]));
        assert_ne!(of("a", "b"), of("a", "c"));
        assert_ne!(of("ab", "c"), of("a", "bc"));
    }
}

//! A kernel's configuration file, and what of it a copy can feel.

use super::compression;
use std::collections::BTreeMap;
use std::io;
use std::path::Path;

/// Options that change what a copy costs. An entry that ends in `*` stands for all with that
/// beginning.
const TELLING: [&str; 29] = [
    "CONFIG_CC_OPTIMIZE_FOR_SIZE",
    "CONFIG_CC_VERSION_TEXT",
    "CONFIG_CPU_MITIGATIONS",
    "CONFIG_DEBUG_LIST",
    "CONFIG_DEBUG_VM",
    "CONFIG_FORTIFY_SOURCE",
    "CONFIG_HARDENED_USERCOPY",
    "CONFIG_HZ",
    "CONFIG_INIT_ON_ALLOC_DEFAULT_ON",
    "CONFIG_INIT_ON_FREE_DEFAULT_ON",
    "CONFIG_INIT_STACK_ALL_ZERO",
    "CONFIG_LRU_GEN",
    "CONFIG_LRU_GEN_ENABLED",
    "CONFIG_MITIGATION_*",
    "CONFIG_NO_HZ_FULL",
    "CONFIG_PAGE_TABLE_ISOLATION",
    "CONFIG_PER_VMA_LOCK",
    "CONFIG_PREEMPT",
    "CONFIG_PREEMPT_DYNAMIC",
    "CONFIG_PREEMPT_LAZY",
    "CONFIG_PREEMPT_NONE",
    "CONFIG_PREEMPT_VOLUNTARY",
    "CONFIG_READ_ONLY_THP_FOR_FS",
    "CONFIG_RETPOLINE",
    "CONFIG_SLAB_FREELIST_HARDENED",
    "CONFIG_SLUB_TINY",
    "CONFIG_SPECULATION_MITIGATIONS",
    "CONFIG_TRANSPARENT_HUGEPAGE*",
    "CONFIG_XFS_DEBUG",
];

/// What an option has where the file does not set it.
const NOT_SET: &str = "n";

/// Options of one kernel: `y`, `m`, a number or a text.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Config {
    options: BTreeMap<String, String>,
}

impl Config {
    /// Reads a `config-RELEASE` or `.config`.
    pub fn read(path: &Path) -> io::Result<Self> {
        Ok(Self::parse(&compression::read_text(path)?))
    }

    pub(super) fn parse(text: &str) -> Self {
        let options = text
            .lines()
            .filter(|line| line.starts_with("CONFIG_"))
            .filter_map(|line| line.split_once('='))
            .map(|(name, value)| (name.to_owned(), value.trim_matches('"').to_owned()))
            .collect();
        Self { options }
    }

    /// Value of an option, with `CONFIG_`; `n` where it is not set.
    pub fn get(&self, option: &str) -> &str {
        self.options.get(option).map_or(NOT_SET, String::as_str)
    }

    /// The options that change what a copy costs, as far as they are set.
    pub fn telling(&self) -> BTreeMap<String, String> {
        let telling = self.options.iter().filter(|(name, _)| is_telling(name));
        telling.map(|(name, value)| (name.clone(), value.clone())).collect()
    }
}

fn is_telling(name: &str) -> bool {
    TELLING.iter().any(|telling| match telling.strip_suffix('*') {
        Some(beginning) => name.starts_with(beginning),
        None => name == *telling,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_have_values_and_n_where_not_set() {
        let config = Config::parse("CONFIG_HZ=250\nCONFIG_CC_VERSION_TEXT=\"gcc-12 (Debian)\"\n# x\n");
        assert_eq!(config.get("CONFIG_HZ"), "250");
        assert_eq!(config.get("CONFIG_CC_VERSION_TEXT"), "gcc-12 (Debian)");
        assert_eq!(config.get("CONFIG_LRU_GEN"), "n");
    }

    #[test]
    fn only_telling_options_are_kept() {
        let config = Config::parse(
            "CONFIG_LRU_GEN=y\nCONFIG_EXT4_FS=y\nCONFIG_TRANSPARENT_HUGEPAGE_MADVISE=y\n# CONFIG_HZ is not set\n",
        );
        let names: Vec<String> = config.telling().into_keys().collect();
        assert_eq!(names, ["CONFIG_LRU_GEN", "CONFIG_TRANSPARENT_HUGEPAGE_MADVISE"]);
    }
}

use object::{Object, ObjectSection};

/// What a module's `.modinfo` section says about it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(in crate::guest) struct Modinfo {
    /// Release that it was built for, the first word of `vermagic`.
    pub(in crate::guest) release: Option<String>,
    /// Modules whose symbols it uses.
    pub(in crate::guest) depends: Vec<String>,
    /// Modules or aliases that work only if inserted before it; as `aliases`.
    pub(in crate::guest) before: Vec<String>,
    /// Modules or aliases that serve it if inserted after it; as `aliases`.
    pub(in crate::guest) after: Vec<String>,
    /// Names by which others ask for it; those of crypto algorithms without `crypto-`.
    pub(in crate::guest) aliases: Vec<String>,
}

impl Modinfo {
    /// Reads the section of a decompressed module.
    pub(in crate::guest) fn parse(module: &[u8]) -> Result<Self, String> {
        let file = object::File::parse(module).map_err(|error| error.to_string())?;
        let section = file.section_by_name(".modinfo").ok_or("it has no .modinfo section")?;
        Ok(Self::parse_section(section.data().map_err(|error| error.to_string())?))
    }

    /// `modinfo(8)`: entries `key=value` that end with a zero byte.
    pub(in crate::guest) fn parse_section(section: &[u8]) -> Self {
        let mut modinfo = Self::default();
        for entry in section.split(|byte| *byte == 0) {
            let entry = String::from_utf8_lossy(entry);
            let Some((key, value)) = entry.split_once('=') else { continue };
            match key {
                "vermagic" => modinfo.release = value.split_whitespace().next().map(str::to_owned),
                "depends" => {
                    modinfo.depends =
                        value.split(',').filter(|name| !name.is_empty()).map(underscored).collect();
                }
                "softdep" => modinfo.add_soft(value),
                "alias" => modinfo.aliases.push(asked_for(value)),
                _ => {}
            }
        }
        modinfo.aliases.sort();
        modinfo.aliases.dedup();
        modinfo
    }

    /// `softdep` of `modprobe.d(5)`: `pre: names post: names`.
    fn add_soft(&mut self, value: &str) {
        let mut names = &mut self.before;
        for word in value.split_whitespace() {
            match word {
                "pre:" => names = &mut self.before,
                "post:" => names = &mut self.after,
                name => names.push(asked_for(name)),
            }
        }
    }
}

/// Some kernels ask for a crypto algorithm by the alias with the prefix, some by that without.
fn asked_for(name: &str) -> String {
    underscored(name.strip_prefix("crypto-").unwrap_or(name))
}

fn underscored(name: &str) -> String {
    name.replace('-', "_")
}

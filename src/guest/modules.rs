//! The loadable modules of one kernel: which there are, and which others each needs first.
//!
//! Packages hold no `modules.dep`; it is made when they are installed. What it is made from
//! stands in every module's `.modinfo` section, so that is what is read here.

pub(super) mod modinfo;

use super::{KernelError, compression};
use modinfo::Modinfo;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// Directories with modules that others ask for by an alias, such as `crc32c`.
const ALIASED: [&str; 3] = ["kernel/crypto/", "kernel/arch/", "kernel/lib/"];

/// Most modules that a guest takes; one with every file system takes a tenth.
const MOST: usize = 512;

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Module {
    /// Name with underscores.
    pub(super) name: String,
    /// The file, perhaps compressed.
    pub(super) path: PathBuf,
    /// Whether the guest is of no use without it; others only serve some processors or settings.
    pub(super) required: bool,
}

/// All modules of a kernel, loadable and built in.
#[derive(Clone, Debug)]
pub(super) struct Modules {
    release: String,
    directory: PathBuf,
    files: BTreeMap<String, PathBuf>,
    built_in: BTreeSet<String>,
}

impl Modules {
    /// Lists what is in `lib/modules/RELEASE`.
    pub(super) fn open(directory: &Path, release: &str) -> Result<Self, KernelError> {
        let io = |source| KernelError::Io { act: "listing", path: directory.to_owned(), source };
        let mut files = BTreeMap::new();
        let mut folders = vec![directory.join("kernel"), directory.join("updates"), directory.join("extra")];
        folders.retain(|folder| folder.is_dir());
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(folder).map_err(io)? {
                let entry = entry.map_err(io)?;
                let path = entry.path();
                // A link to a directory could lead back here.
                if entry.file_type().map_err(io)?.is_dir() {
                    folders.push(path);
                } else if let Some(name) = name_of(&path) {
                    files.insert(name, path);
                }
            }
        }
        let list = directory.join("modules.builtin");
        let list = compression::read_text(&list).map_err(|source| KernelError::NoList {
            path: list,
            release: release.to_owned(),
            source,
        })?;
        let built_in = list.lines().filter_map(|line| name_of(Path::new(line))).collect();
        let modules = Self { release: release.to_owned(), directory: directory.to_owned(), files, built_in };
        if let Some(any) = modules.files.values().next() {
            modules.read(any)?;
        }
        Ok(modules)
    }

    /// Whether the kernel has it, built in or as a file.
    pub(super) fn has(&self, name: &str) -> bool {
        self.built_in.contains(name) || self.files.contains_key(name)
    }

    /// What to insert, in order, so that `names` work; those that are built in need nothing. Errors: a
    /// module that is missing or cannot be read.
    pub(super) fn order(&self, names: &[&str]) -> Result<Vec<Module>, KernelError> {
        let mut order = Order { modules: self, aliases: None, begun: BTreeSet::new(), done: Vec::new() };
        for name in names {
            order.add(name, true)?;
        }
        Ok(order.done)
    }

    fn read(&self, path: &Path) -> Result<Modinfo, KernelError> {
        let bad = |what: String| KernelError::Module { path: path.to_owned(), what };
        let content = compression::read(path).map_err(|error| bad(error.to_string()))?;
        let modinfo = Modinfo::parse(&content).map_err(bad)?;
        match &modinfo.release {
            Some(found) if *found != self.release => Err(KernelError::ModulesOfAnotherVersion {
                directory: self.directory.clone(),
                found: found.clone(),
                release: self.release.clone(),
            }),
            _ => Ok(modinfo),
        }
    }

    /// Modules that answer to an alias, by alias.
    fn aliases(&self) -> Result<BTreeMap<String, Vec<String>>, KernelError> {
        let mut aliases: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for (name, path) in &self.files {
            let inside = path.strip_prefix(&self.directory).unwrap_or(path).to_string_lossy();
            if ALIASED.iter().any(|directory| inside.starts_with(directory)) {
                for alias in self.read(path)?.aliases {
                    aliases.entry(alias).or_default().push(name.clone());
                }
            }
        }
        Ok(aliases)
    }
}

/// The walk from what is wanted to what that needs.
struct Order<'modules> {
    modules: &'modules Modules,
    aliases: Option<BTreeMap<String, Vec<String>>>,
    begun: BTreeSet<String>,
    done: Vec<Module>,
}

/// What is still to be done, the last first: chains of modules can be longer than a stack.
enum Step {
    Add { name: String, required: bool },
    Done(Module),
}

impl Order<'_> {
    fn add(&mut self, name: &str, required: bool) -> Result<(), KernelError> {
        let mut steps = vec![Step::Add { name: name.to_owned(), required }];
        while let Some(step) = steps.pop() {
            match step {
                Step::Done(module) => self.done.push(module),
                Step::Add { name, required } => {
                    let next = self.next(&name, required)?;
                    steps.extend(next.into_iter().rev());
                }
            }
        }
        Ok(())
    }

    /// What adding a module comes to, in order.
    fn next(&mut self, name: &str, required: bool) -> Result<Vec<Step>, KernelError> {
        let name = name.replace('-', "_");
        if self.modules.built_in.contains(&name) {
            return Ok(Vec::new());
        }
        let Some(path) = self.modules.files.get(&name) else {
            return if required { Err(self.missing(&name)) } else { self.aliased(&name) };
        };
        if !self.begun.insert(name.clone()) {
            for done in self.done.iter_mut().filter(|module| module.name == name) {
                done.required |= required;
            }
            return Ok(Vec::new());
        }
        if self.begun.len() > MOST {
            let release = self.modules.release.clone();
            return Err(KernelError::TooManyModules { name, release, most: MOST });
        }
        let modinfo = self.modules.read(path)?;
        let add = |required| move |name| Step::Add { name, required };
        let own = Module { name, path: path.clone(), required };
        let before = modinfo.before.into_iter().map(add(false));
        // A module that few can use may well need one that is missing.
        let depends = modinfo.depends.into_iter().map(add(required));
        let after = modinfo.after.into_iter().map(add(false));
        Ok(before.chain(depends).chain([Step::Done(own)]).chain(after).collect())
    }

    /// All that answer to an alias: which of them suits the processor, only they know.
    fn aliased(&mut self, alias: &str) -> Result<Vec<Step>, KernelError> {
        if self.aliases.is_none() {
            self.aliases = Some(self.modules.aliases()?);
        }
        let found = self.aliases.as_ref().and_then(|aliases| aliases.get(alias)).cloned();
        let add = |name| Step::Add { name, required: false };
        Ok(found.unwrap_or_default().into_iter().map(add).collect())
    }

    fn missing(&self, name: &str) -> KernelError {
        KernelError::NoModule { name: name.to_owned(), release: self.modules.release.clone() }
    }
}

/// `crc32c_intel` of `…/crc32c-intel.ko.xz`; nothing for a file that is no module.
pub(super) fn name_of(path: &Path) -> Option<String> {
    let name = path.file_name()?.to_str()?;
    let (stem, compression) = name.split_once(".ko")?;
    ["", ".xz", ".zst", ".gz"].contains(&compression).then(|| stem.replace('-', "_"))
}

#[cfg(test)]
mod tests;

use super::modules::{Module, Modules};
use super::{Config, FileSystem, KernelError, image, package};
use crate::fixture::PrivateDirectory;
use std::path::{Path, PathBuf};

/// Drivers without which a guest has no disk, and their configuration options.
const DRIVERS: [(&str, &str); 2] = [("virtio_pci", "CONFIG_VIRTIO_PCI"), ("virtio_blk", "CONFIG_VIRTIO_BLK")];

/// Below the root of a tree, where images stand; `*` is a release.
const IMAGES: [&str; 6] = [
    "boot/vmlinuz-*",
    "usr/lib/modules/*/vmlinuz",
    "lib/modules/*/vmlinuz",
    "vmlinuz",
    "bzImage",
    "arch/x86/boot/bzImage",
];

/// A kernel to boot: its image, modules and configuration.
#[derive(Debug)]
pub struct Kernel {
    image: PathBuf,
    release: String,
    modules: Option<Modules>,
    config: Option<Config>,
    /// Where a package was unpacked; removed when dropped.
    _unpacked: Option<PrivateDirectory>,
}

impl Kernel {
    /// Opens a `vmlinuz` with its modules in the matching `lib/modules`, a Debian package with
    /// its siblings beside it, or an unpacked tree. Packages are unpacked below `scratch`.
    pub fn open(path: &Path, scratch: &Path) -> Result<Self, KernelError> {
        let io = |act| move |source| KernelError::Io { act, path: path.to_owned(), source };
        let kind = std::fs::metadata(path).map_err(io("opening"))?;
        if kind.is_dir() {
            return Self::open_tree(path, path, None);
        }
        if path.extension().is_some_and(|extension| extension == "deb") {
            let place = |source| KernelError::Io { act: "unpacking below", path: scratch.to_owned(), source };
            let unpacked = PrivateDirectory::new(scratch).map_err(place)?;
            package::unpack(path, unpacked.path())?;
            let tree = unpacked.path().to_owned();
            return Self::open_tree(&tree, path, Some(unpacked));
        }
        let whole = std::fs::canonicalize(path).map_err(io("opening"))?;
        Self::open_image(&whole, path, None)
    }

    fn open_tree(tree: &Path, given: &Path, unpacked: Option<PrivateDirectory>) -> Result<Self, KernelError> {
        let mut images: Vec<PathBuf> = IMAGES.iter().flat_map(|pattern| matching(tree, pattern)).collect();
        images.sort();
        images.dedup();
        let wrong = |what: String| KernelError::NoImage { path: given.to_owned(), what };
        match &images[..] {
            [image] => Self::open_image(image, given, unpacked),
            [] if unpacked.is_some() => Err(wrong(
                "no kernel in this package, nor in a linux-binary-… of the same release and version beside it"
                    .to_owned(),
            )),
            [] => Err(wrong(format!("no kernel in this tree; looked for {}", IMAGES.join(", ")))),
            several => Err(wrong(format!(
                "{} kernels in this tree; give one of them: {}",
                several.len(),
                several.iter().map(|image| image.display().to_string()).collect::<Vec<_>>().join(", ")
            ))),
        }
    }

    fn open_image(
        image: &Path,
        given: &Path,
        unpacked: Option<PrivateDirectory>,
    ) -> Result<Self, KernelError> {
        let release = image::release(image)?;
        let config = config_of(image, &release)
            .map(|path| {
                Config::read(&path).map_err(|source| KernelError::Io { act: "reading", path, source })
            })
            .transpose()?;
        let modules = match modules_of(image, &release) {
            Some(directory) => Some(Modules::open(&directory, &release)?),
            None => {
                // A kernel with all that it needs built in has no modules to find.
                let built_in = |option| config.as_ref().is_some_and(|config| config.get(option) == "y");
                if !DRIVERS.iter().all(|(_, option)| built_in(option)) {
                    let looked = given.join(format!("lib/modules/{release}"));
                    return Err(KernelError::NoModules { release, looked });
                }
                None
            }
        };
        Ok(Self { image: image.to_owned(), release, modules, config, _unpacked: unpacked })
    }

    /// The image that QEMU boots.
    pub fn image(&self) -> &Path {
        &self.image
    }

    /// Its release, as `uname -r` will print it.
    pub fn release(&self) -> &str {
        &self.release
    }

    /// Its configuration, where a file with it was found.
    pub fn config(&self) -> Option<&Config> {
        self.config.as_ref()
    }

    /// Whether it can mount a file system.
    pub fn has(&self, file_system: FileSystem) -> bool {
        let option = self.config.as_ref().map_or("n", |config| config.get(file_system.option()));
        let module = self.modules.as_ref().is_some_and(|modules| modules.has(file_system.name()));
        // tmpfs is never a module, and no list of what is built in names it.
        option == "y" || module || !file_system.needs_disk()
    }

    /// What a guest inserts, in order, to have disks with these file systems. Errors: a file system that
    /// the kernel lacks, or modules that are missing or damaged.
    pub(super) fn modules_for(&self, file_systems: &[FileSystem]) -> Result<Vec<Module>, KernelError> {
        if let Some(lacking) = file_systems.iter().find(|file_system| !self.has(**file_system)) {
            return Err(KernelError::NoFileSystem {
                file_system: lacking.name(),
                release: self.release.clone(),
            });
        }
        let Some(modules) = &self.modules else { return Ok(Vec::new()) };
        let disks = file_systems.iter().filter(|file_system| file_system.needs_disk());
        let mut names: Vec<(&str, &str)> =
            disks.map(|file_system| (file_system.name(), file_system.option())).collect();
        if !names.is_empty() {
            names.splice(0..0, DRIVERS);
        }
        // Without a list of what is built in, the configuration tells.
        let built_in = |option: &str| self.config.as_ref().is_some_and(|config| config.get(option) == "y");
        let names: Vec<&str> =
            names.into_iter().filter(|(_, option)| !built_in(option)).map(|(name, _)| name).collect();
        modules.order(&names)
    }
}

/// Files below `tree` that match a pattern with at most one `*` in one of its parts.
fn matching(tree: &Path, pattern: &str) -> Vec<PathBuf> {
    let mut found = vec![tree.to_owned()];
    for part in pattern.split('/') {
        found = found.iter().flat_map(|directory| step(directory, part)).collect();
    }
    found.retain(|path| path.is_file());
    found
}

fn step(directory: &Path, part: &str) -> Vec<PathBuf> {
    let Some((before, after)) = part.split_once('*') else { return vec![directory.join(part)] };
    let entries = std::fs::read_dir(directory).into_iter().flatten().flatten();
    entries
        .filter(|entry| {
            let name = entry.file_name().to_string_lossy().into_owned();
            name.starts_with(before) && name.ends_with(after)
        })
        .map(|entry| entry.path())
        .collect()
}

/// The directory of modules: in a root directory above the image.
fn modules_of(image: &Path, release: &str) -> Option<PathBuf> {
    image
        .ancestors()
        .skip(1)
        .flat_map(|root| ["lib/modules", "usr/lib/modules"].map(|modules| root.join(modules).join(release)))
        .find(|directory| directory.join("kernel").is_dir())
}

/// The configuration beside the image, beside its modules, or at the top of a source tree.
fn config_of(image: &Path, release: &str) -> Option<PathBuf> {
    let beside = image.parent()?;
    let mut candidates = vec![beside.join(format!("config-{release}")), beside.join("config")];
    for root in image.ancestors().skip(1) {
        candidates.push(root.join(format!("boot/config-{release}")));
        candidates.extend(
            ["lib/modules", "usr/lib/modules"].map(|modules| root.join(modules).join(release).join("config")),
        );
    }
    if image.ends_with("arch/x86/boot/bzImage") {
        candidates.extend(image.ancestors().nth(4).map(|source| source.join(".config")));
    }
    candidates.into_iter().find(|candidate| candidate.is_file())
}

#[cfg(test)]
mod tests;

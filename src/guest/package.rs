//! Debian packages that hold a kernel, `deb(5)`: unpacked in part, never installed.

use super::{KernelError, compression};
use object::read::archive::ArchiveFile;
use std::io::{self, Read};
use std::path::{Component, Path, PathBuf};

/// Kinds of package that together make one kernel: Debian's single package and its split of 7.x,
/// and Ubuntu's names.
const KINDS: [&str; 7] = [
    "linux-image-unsigned-",
    "linux-image-",
    "linux-binary-unsigned-",
    "linux-binary-",
    "linux-modules-extra-",
    "linux-modules-",
    "linux-base-",
];

/// Directories of modules from which a guest may need something.
const MODULES: [&str; 8] =
    ["fs", "crypto", "lib", "arch", "block", "drivers/virtio", "drivers/block", "drivers/char"];

/// Unpacks what a guest may need of the package at `path`, and of its siblings: packages of the same
/// release and version in the same directory. Errors: [`KernelError::Package`] where it is no package of a
/// kernel or damaged.
pub(super) fn unpack(path: &Path, into: &Path) -> Result<(), KernelError> {
    let io = |source| KernelError::Io { act: "making", path: into.to_owned(), source };
    std::fs::create_dir_all(into).map_err(io)?;
    for package in siblings(path)? {
        unpack_one(&package, into).map_err(|error| KernelError::Package {
            path: package.clone(),
            what: format!("cannot be unpacked: {error}"),
        })?;
    }
    Ok(())
}

/// The package itself and those beside it that belong to it.
fn siblings(path: &Path) -> Result<Vec<PathBuf>, KernelError> {
    let file_name = |path: &Path| path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let own = file_name(path);
    let belongs = own.split_once('_').and_then(|(name, rest)| {
        let release = KINDS.iter().find_map(|kind| name.strip_prefix(kind))?;
        release.starts_with(|first: char| first.is_ascii_digit()).then_some((release, rest))
    });
    let Some((release, rest)) = belongs else {
        return Err(KernelError::Package {
            path: path.to_owned(),
            what: "is not called after a release of a kernel, as linux-image-RELEASE_VERSION_amd64.deb is; \
                   a metapackage holds no kernel"
                .to_owned(),
        });
    };
    let directory = match path.parent() {
        Some(parent) if parent != Path::new("") => parent,
        _ => Path::new("."),
    };
    Ok(KINDS
        .iter()
        .map(|kind| directory.join(format!("{kind}{release}_{rest}")))
        .filter(|sibling| file_name(sibling) == own || sibling.is_file())
        .collect())
}

fn unpack_one(package: &Path, into: &Path) -> io::Result<()> {
    let bytes = std::fs::read(package)?;
    let archive = ArchiveFile::parse(&*bytes).map_err(io::Error::other)?;
    for member in archive.members() {
        let member = member.map_err(io::Error::other)?;
        if !member.name().starts_with(b"data.tar") {
            continue;
        }
        let data = member.data(&*bytes).map_err(io::Error::other)?;
        return unpack_tar(compression::reader(data)?, into);
    }
    Err(io::Error::new(io::ErrorKind::InvalidData, "it holds no data.tar"))
}

fn unpack_tar(tar: impl Read, into: &Path) -> io::Result<()> {
    for entry in tar::Archive::new(tar).entries()? {
        let mut entry = entry?;
        if entry.header().entry_type().is_file() && is_wanted(&entry.path()?) {
            entry.unpack_in(into)?;
        }
    }
    Ok(())
}

/// Whether a path in a package is an image, its configuration, or a module or list of modules
/// that a guest may need.
fn is_wanted(path: &Path) -> bool {
    let path: PathBuf = path.components().filter(|part| *part != Component::CurDir).collect();
    let path = path.strip_prefix("usr").unwrap_or(&path);
    if let Ok(name) = path.strip_prefix("boot") {
        let name = name.to_string_lossy();
        return name.starts_with("vmlinuz") || name.starts_with("config");
    }
    let Ok(modules) = path.strip_prefix("lib/modules") else { return false };
    let inside: PathBuf = modules.components().skip(1).collect();
    match inside.strip_prefix("kernel") {
        Ok(module) => MODULES.iter().any(|directory| module.starts_with(directory)),
        Err(_) => inside.components().count() == 1,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// An `ar` archive with one member, and a `tar` in it with the given files.
    fn package(member: &str, files: &[&str]) -> Vec<u8> {
        let mut tar = tar::Builder::new(Vec::new());
        for file in files {
            let mut header = tar::Header::new_gnu();
            header.set_size(4);
            header.set_mode(0o644);
            tar.append_data(&mut header, file, &b"text"[..]).unwrap();
        }
        let tar = tar.into_inner().unwrap();
        let head = format!("{member:<16}{:<12}{:<6}{:<6}{:<8}{:<10}`\n", 0, 0, 0, 100_644, tar.len());
        [b"!<arch>\n".to_vec(), head.into_bytes(), tar].concat()
    }

    const IMAGE: &str = "linux-image-7.2-cloud-amd64_7.2.1-1_amd64.deb";
    const MODULE: &str = "lib/modules/7.2-cloud-amd64/kernel/fs/xfs/xfs.ko";

    #[test]
    fn a_package_brings_its_siblings_of_the_same_version() {
        let place = tempfile::tempdir().unwrap();
        let write = |name: &str, file: &str| {
            std::fs::write(place.path().join(name), package("data.tar", &[file])).unwrap();
        };
        write(IMAGE, "usr/share/doc/linux-image/copyright");
        write("linux-binary-7.2-cloud-amd64_7.2.1-1_amd64.deb", "./usr/lib/modules/7.2-cloud-amd64/vmlinuz");
        write("linux-modules-7.2-cloud-amd64_7.2.1-1_amd64.deb", MODULE);
        write("linux-base-7.2-cloud-amd64_7.2.2-1_amd64.deb", "boot/config-of-another-version");
        let into = place.path().join("tree");
        unpack(&place.path().join(IMAGE), &into).unwrap();
        assert!(into.join("usr/lib/modules/7.2-cloud-amd64/vmlinuz").exists());
        assert!(into.join(MODULE).exists());
        assert!(!into.join("usr/share").exists() && !into.join("boot").exists());
    }

    #[test]
    fn bad_packages_are_named() {
        let place = tempfile::tempdir().unwrap();
        let error_of = |name: &str, content: &[u8]| {
            let path = place.path().join(name);
            std::fs::write(&path, content).unwrap();
            unpack(&path, &place.path().join("tree")).unwrap_err().to_string()
        };
        assert!(error_of("linux-image-amd64_6.1_amd64.deb", b"").contains("metapackage"));
        assert!(error_of(IMAGE, b"not an archive").contains("cannot be unpacked"));
        assert!(error_of(IMAGE, &package("control.tar", &["x"])).contains("no data.tar"));
        let whole = package("data.tar.xz", &[MODULE]);
        assert!(error_of(IMAGE, &whole[..whole.len() / 4]).contains("cannot be unpacked"));
    }

    #[test]
    fn only_what_a_guest_may_need_is_unpacked() {
        for wanted in ["./boot/vmlinuz-6.1", "boot/config-6.1", MODULE, "usr/lib/modules/6/modules.builtin"] {
            assert!(is_wanted(Path::new(wanted)), "{wanted}");
        }
        for other in ["boot/System.map-6.1", "lib/modules/6/kernel/drivers/net/tun.ko", "usr/share/vmlinuz"] {
            assert!(!is_wanted(Path::new(other)), "{other}");
        }
    }
}

//! Debian packages that hold a kernel, `deb(5)`: unpacked in part, never installed.

use super::{KernelError, compression};
use object::read::archive::ArchiveFile;
use std::ffi::OsStr;
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::os::unix::ffi::OsStrExt;
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

/// Where in a package its files must begin; what stands before describes it.
const DESCRIPTION: u64 = 16 << 20;
/// Most bytes of all files of a package, unpacked or not: three times the largest kernels of today.
const LONGEST: u64 = 2 << 30;
/// Most bytes of one file that is unpacked; images have a tenth.
const LONGEST_FILE: u64 = 256 << 20;
/// Most bytes of a path: `PATH_MAX`, `path_resolution(7)`.
const LONGEST_PATH: u64 = 4096;

fn unpack_one(package: &Path, into: &Path) -> io::Result<()> {
    let mut file = File::open(package)?;
    let mut start = Vec::new();
    file.by_ref().take(DESCRIPTION).read_to_end(&mut start)?;
    let (offset, size) = files_in(&start)?;
    file.seek(SeekFrom::Start(offset))?;
    unpack_tar(compression::reader(file.take(size), LONGEST)?, into)
}

/// Offset and size of the archive of files in a package that begins with `start`.
pub(super) fn files_in(start: &[u8]) -> io::Result<(u64, u64)> {
    let archive = ArchiveFile::parse(start).map_err(io::Error::other)?;
    for member in archive.members() {
        let member = member.map_err(io::Error::other)?;
        if member.name().starts_with(b"data.tar") {
            return Ok(member.file_range());
        }
    }
    let most = DESCRIPTION >> 20;
    Err(invalid(format!("it holds no data.tar that begins in its first {most} MiB")))
}

/// Unpacks the files that are wanted. `deb(5)`: of the extensions of tar, only GNU's long names are used,
/// and anything else is an error. Nothing but regular files is made, so that no link leads elsewhere.
pub(super) fn unpack_tar(tar: impl Read, into: &Path) -> io::Result<()> {
    let mut long_name: Option<Vec<u8>> = None;
    // Raw: otherwise a name of gigabytes is in memory before anybody can look at it.
    for entry in tar::Archive::new(tar).entries()?.raw(true) {
        let mut entry = entry?;
        let kind = entry.header().entry_type();
        if kind.is_gnu_longname() || kind.is_gnu_longlink() {
            if entry.size() > LONGEST_PATH {
                return Err(invalid(format!("a path in it has more than {LONGEST_PATH} bytes, the limit")));
            }
            let mut name = Vec::new();
            entry.read_to_end(&mut name)?;
            name.truncate(name.iter().position(|byte| *byte == 0).unwrap_or(name.len()));
            if kind.is_gnu_longname() {
                long_name = Some(name);
            }
            continue;
        }
        if kind.is_pax_local_extensions() || kind.is_pax_global_extensions() {
            return Err(invalid("it has headers of pax, which no Debian package has".to_owned()));
        }
        let name = long_name.take().unwrap_or_else(|| entry.path_bytes().into_owned());
        let path = Path::new(OsStr::from_bytes(&name));
        if !kind.is_file() || !is_wanted(path) {
            continue;
        }
        let Some(target) = below(into, path) else { continue };
        if entry.size() > LONGEST_FILE {
            let most = LONGEST_FILE >> 20;
            return Err(invalid(format!("{} in it has more than {most} MiB, the limit", path.display())));
        }
        std::fs::create_dir_all(target.parent().unwrap_or(into))?;
        io::copy(&mut entry, &mut File::create(target)?)?;
    }
    Ok(())
}

/// Where a path of an archive stands below `into`; nowhere if it leads out of it.
fn below(into: &Path, path: &Path) -> Option<PathBuf> {
    let mut target = into.to_owned();
    for part in path.components() {
        match part {
            Component::Normal(part) => target.push(part),
            Component::CurDir | Component::RootDir => {}
            Component::ParentDir | Component::Prefix(_) => return None,
        }
    }
    Some(target)
}

fn invalid(what: String) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, what)
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
    fn long_names_are_read_and_none_leads_out() {
        let place = tempfile::tempdir().unwrap();
        let into = place.path().join("tree");
        let long = format!("lib/modules/7/kernel/fs/{}/a.ko", "x".repeat(200));
        let mut tar = tar::Builder::new(Vec::new());
        for path in [long.as_str(), "boot/vmlinuz-7"] {
            let mut header = tar::Header::new_gnu();
            header.set_size(4);
            tar.append_data(&mut header, path, &b"text"[..]).unwrap();
        }
        let tar = tar.into_inner().unwrap();
        unpack_tar(&*tar, &into).unwrap();
        assert!(into.join(&long).is_file() && into.join("boot/vmlinuz-7").is_file());
        assert!(below(&into, Path::new("boot/../../x-7")).is_none());
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

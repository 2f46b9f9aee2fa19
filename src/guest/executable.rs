//! An executable with all that it needs to start: its loader and shared libraries.

mod search;

use super::BootError;
use object::elf::{DT_NEEDED, DT_RPATH, DT_RUNPATH, ELFCLASS64, FileHeader64, PT_LOAD};
use object::endian::LittleEndian;
use object::read::elf::{Dyn, ElfFile64, FileHeader, ProgramHeader};
use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};

/// What goes into an initramfs so that a program starts there.
#[derive(Clone, Debug)]
pub(super) struct Closure {
    /// The program, without what is not loaded (symbols, debugging information).
    pub(super) program: Vec<u8>,
    /// Path that the program names its loader by, and the loader; nothing for a static program.
    pub(super) loader: Option<(String, Vec<u8>)>,
    /// Shared libraries by the name that others ask for them by.
    pub(super) libraries: BTreeMap<String, Vec<u8>>,
}

/// Reads a program and what it needs. Errors: files that cannot be read, are no 64-bit ELF files, or are
/// not found.
pub(super) fn closure(program: &Path) -> Result<Closure, BootError> {
    let (program_content, needs) = read(program)?;
    let loader = match &needs.loader {
        Some(path) => Some((path.clone(), read(Path::new(path))?.0)),
        None => None,
    };
    let system = search::system();
    let mut libraries = BTreeMap::new();
    let mut open = vec![needs];
    while let Some(needs) = open.pop() {
        for name in &needs.libraries {
            // The loader serves as a library too, under the name it already has.
            if libraries.contains_key(name) || is_loader(loader.as_ref(), name) {
                continue;
            }
            let candidates = needs.directories.iter().chain(&system).map(|directory| directory.join(name));
            let Some(found) = candidates.into_iter().find(|path| is_elf64(path)) else {
                let act = format!("looking for the shared library {name} of {}", program.display());
                return Err(BootError::Host { act, source: io::ErrorKind::NotFound.into() });
            };
            let (content, its_needs) = read(&found)?;
            libraries.insert(name.clone(), content);
            open.push(its_needs);
        }
    }
    Ok(Closure { program: program_content, loader, libraries })
}

/// What one ELF file asks for.
#[derive(Debug, Default)]
struct Needs {
    loader: Option<String>,
    libraries: Vec<String>,
    directories: Vec<PathBuf>,
}

fn read(path: &Path) -> Result<(Vec<u8>, Needs), BootError> {
    let host = |source| BootError::Host { act: format!("reading {}", path.display()), source };
    let content = std::fs::read(path).map_err(host)?;
    let needs = needs(&content, path).map_err(io::Error::other).map_err(host)?;
    let loaded = only_loaded(content).map_err(io::Error::other).map_err(host)?;
    Ok((loaded, needs))
}

fn needs(content: &[u8], path: &Path) -> object::read::Result<Needs> {
    let file = ElfFile64::<LittleEndian>::parse(content)?;
    let mut needs = Needs::default();
    for segment in file.elf_program_headers() {
        if let Some(loader) = segment.interpreter(LittleEndian, content)? {
            needs.loader = Some(String::from_utf8_lossy(loader).into_owned());
        }
    }
    let table = file.elf_dynamic_table()?;
    for entry in table.dynamics() {
        let tag = entry.d_tag(LittleEndian);
        if ![DT_NEEDED, DT_RPATH, DT_RUNPATH].contains(&tag) {
            continue;
        }
        let text = String::from_utf8_lossy(entry.string(LittleEndian, *table.strings())?).into_owned();
        if tag == DT_NEEDED {
            needs.libraries.push(text);
        } else {
            needs.directories.extend(search::of_file(&text, path));
        }
    }
    Ok(needs)
}

/// Cuts off what follows the last byte that is loaded: in a debug build, most of the file.
fn only_loaded(mut content: Vec<u8>) -> object::read::Result<Vec<u8>> {
    let header = FileHeader64::<LittleEndian>::parse(&*content)?;
    let segments = header.program_headers(LittleEndian, &*content)?;
    let end = |segment: &object::elf::ProgramHeader64<LittleEndian>| {
        segment.p_offset(LittleEndian).saturating_add(segment.p_filesz(LittleEndian))
    };
    let loaded =
        segments.iter().filter(|segment| segment.p_type(LittleEndian) == PT_LOAD).map(end).max().unwrap_or(0);
    content.truncate(usize::try_from(loaded).unwrap_or(usize::MAX));
    // e_shoff, then e_shnum and e_shstrndx: the table of sections is gone.
    for range in [0x28..0x30, 0x3c..0x40] {
        if let Some(bytes) = content.get_mut(range) {
            bytes.fill(0);
        }
    }
    Ok(content)
}

fn is_loader(loader: Option<&(String, Vec<u8>)>, name: &str) -> bool {
    loader.is_some_and(|(path, _)| Path::new(path).file_name().is_some_and(|own| own == name))
}

/// Whether a file is there and of this word size: 32-bit libraries may stand in the same list
/// of directories.
fn is_elf64(path: &Path) -> bool {
    let mut start = [0; 5];
    let file = std::fs::File::open(path);
    file.and_then(|mut file| io::Read::read_exact(&mut file, &mut start)).is_ok()
        && start[..4] == *b"\x7fELF"
        && start[4] == ELFCLASS64.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_test_has_a_loader_and_a_libc_or_neither() {
        let own = std::env::current_exe().unwrap();
        let closure = closure(&own).unwrap();
        assert!(closure.program.len() as u64 <= std::fs::metadata(&own).unwrap().len());
        match closure.loader {
            Some((path, _)) => {
                assert!(Path::new(&path).is_absolute());
                assert!(closure.libraries.keys().any(|name| name.starts_with("libc.")), "no libc");
            }
            None => assert!(closure.libraries.is_empty()),
        }
    }

    #[test]
    fn what_is_left_of_a_program_still_starts() {
        let place = tempfile::tempdir().unwrap();
        let cut = place.path().join("cut");
        std::fs::write(&cut, closure(Path::new("/bin/true")).unwrap().program).unwrap();
        let mode = std::os::unix::fs::PermissionsExt::from_mode(0o755);
        std::fs::set_permissions(&cut, mode).unwrap();
        assert!(std::process::Command::new(cut).status().unwrap().success());
    }

    #[test]
    fn what_is_no_program_is_named() {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), "#!/bin/sh\n").unwrap();
        let error = closure(file.path()).unwrap_err().to_string();
        assert!(error.contains(&file.path().display().to_string()), "{error}");
        assert!(closure(Path::new("/nowhere")).is_err());
    }
}

//! The header of an x86 kernel image, `Documentation/arch/x86/boot.rst` of the kernel.

use super::KernelError;
use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::Path;

const BOOT_FLAG: usize = 0x1fe;
const MAGIC: usize = 0x202;
/// Where the offset of the version's text stands; it counts from 0x200.
const KERNEL_VERSION: usize = 0x20e;
const XLOADFLAGS: usize = 0x236;
const XLF_KERNEL_64: u16 = 1;
const HEADER_LENGTH: usize = 0x268;
/// Longest version text that is looked at; the kernel's own limit is shorter.
const VERSION_LENGTH: u64 = 512;

/// The release of an image, such as `6.1.0-56-cloud-amd64`. Errors: [`KernelError::NotAKernel`] and
/// [`KernelError::Architecture`], by what the file begins with.
pub(super) fn release(path: &Path) -> Result<String, KernelError> {
    let io = |source| KernelError::Io { act: "reading", path: path.to_owned(), source };
    let mut file = File::open(path).map_err(io)?;
    let mut header = Vec::with_capacity(HEADER_LENGTH);
    file.by_ref().take(HEADER_LENGTH as u64).read_to_end(&mut header).map_err(io)?;
    check(&header, path)?;
    let not = |what: &str| KernelError::NotAKernel { path: path.to_owned(), what: what.to_owned() };
    let offset = u64::from(half(&header, KERNEL_VERSION)) + 0x200;
    file.seek(SeekFrom::Start(offset)).map_err(io)?;
    let mut text = Vec::new();
    file.take(VERSION_LENGTH).read_to_end(&mut text).map_err(io)?;
    let text: Vec<u8> = text.into_iter().take_while(|byte| *byte != 0).collect();
    let text = String::from_utf8(text).map_err(|_| not("its version is no text"))?;
    let release = text.split_whitespace().next().ok_or_else(|| not("it holds no version"))?;
    if offset <= 0x200 || !release.starts_with(|first: char| first.is_ascii_digit()) {
        return Err(not("it holds no version"));
    }
    Ok(release.to_owned())
}

pub(super) fn check(header: &[u8], path: &Path) -> Result<(), KernelError> {
    let not = |what: &str| KernelError::NotAKernel { path: path.to_owned(), what: what.to_owned() };
    let other = |found: &str| KernelError::Architecture { path: path.to_owned(), found: found.to_owned() };
    if header.starts_with(b"\x7fELF") {
        return Err(not("it is an ELF file, perhaps vmlinux; the bzImage beside it boots"));
    }
    // Image of arm64 and riscv: booting.rst and boot-image-header.rst.
    for (magic, name) in [(&b"ARM\x64"[..], "arm64"), (&b"RSC\x05"[..], "riscv")] {
        if header.get(0x38..0x3c) == Some(magic) {
            return Err(other(name));
        }
    }
    if header.len() < HEADER_LENGTH {
        return Err(not("it is too short"));
    }
    if half(header, BOOT_FLAG) != 0xaa55 || header.get(MAGIC..MAGIC + 4) != Some(b"HdrS") {
        return Err(not("it has no x86 boot header"));
    }
    if half(header, XLOADFLAGS) & XLF_KERNEL_64 == 0 {
        return Err(other("32-bit x86"));
    }
    Ok(())
}

/// The little-endian half word at an offset that the caller knows to be inside.
fn half(header: &[u8], offset: usize) -> u16 {
    header.get(offset..offset + 2).map_or(0, |bytes| u16::from_le_bytes([bytes[0], bytes[1]]))
}

/// An image with nothing but a header, for tests of everything that stops before booting.
#[cfg(test)]
pub(super) fn made(release: &str) -> Vec<u8> {
    let mut image = vec![0; 0x400];
    image[BOOT_FLAG..BOOT_FLAG + 2].copy_from_slice(&[0x55, 0xaa]);
    image[MAGIC..MAGIC + 4].copy_from_slice(b"HdrS");
    image[XLOADFLAGS] = 1;
    image[KERNEL_VERSION..KERNEL_VERSION + 2].copy_from_slice(&0x100_u16.to_le_bytes());
    image[0x300..0x300 + release.len()].copy_from_slice(release.as_bytes());
    image
}

#[cfg(test)]
mod tests {
    use super::*;

    fn release_of(bytes: &[u8]) -> Result<String, KernelError> {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), bytes).unwrap();
        release(file.path())
    }

    #[test]
    fn the_release_is_the_first_word_of_the_version() {
        let image = made("6.1.0-9-cloud-amd64 (debian-kernel) #1 SMP");
        assert_eq!(release_of(&image).unwrap(), "6.1.0-9-cloud-amd64");
    }

    #[test]
    fn what_is_no_kernel_is_named() {
        for (bytes, word) in
            [(&b""[..], "short"), (&[7; 4096], "header"), (b"\x7fELF\x02", "ELF"), (&made(""), "no version")]
        {
            let error = release_of(bytes).unwrap_err();
            assert!(matches!(error, KernelError::NotAKernel { .. }), "{error}");
            assert!(error.to_string().contains(word), "{error}");
        }
    }

    #[test]
    fn another_architecture_is_named() {
        let mut small = made("6.1.0 x");
        small[XLOADFLAGS] = 0;
        assert!(release_of(&small).unwrap_err().to_string().contains("32-bit"));
        let mut arm = vec![0; 4096];
        arm[0x38..0x3c].copy_from_slice(b"ARM\x64");
        assert!(release_of(&arm).unwrap_err().to_string().contains("arm64"));
    }
}

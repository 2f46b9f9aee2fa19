//! The archive that a kernel unpacks into its first file system: newc cpio,
//! `Documentation/driver-api/early-userspace/buffer-format.rst` of the kernel.

use cpio::newc::{Builder, ModeFileType, trailer};
use std::collections::BTreeSet;
use std::io;

/// An archive in the making. Directories come before what stands in them; every owner is root
/// and every time zero, so that the same content is the same archive.
#[derive(Debug, Default)]
pub(super) struct Initramfs {
    archive: Vec<u8>,
    directories: BTreeSet<String>,
    entries: u32,
}

impl Initramfs {
    /// Adds a directory and those above it.
    pub(super) fn directory(&mut self, path: &str) -> io::Result<()> {
        let path = path.trim_matches('/');
        for (end, _) in path.match_indices('/').chain([(path.len(), "")]) {
            let above = &path[..end];
            if !above.is_empty() && self.directories.insert(above.to_owned()) {
                self.entry(above, 0o755, ModeFileType::Directory, &[])?;
            }
        }
        Ok(())
    }

    /// Adds a file that may be executed, after the directories above it.
    pub(super) fn file(&mut self, path: &str, content: &[u8]) -> io::Result<()> {
        let path = path.trim_matches('/');
        if let Some((above, _)) = path.rsplit_once('/') {
            self.directory(above)?;
        }
        self.entry(path, 0o755, ModeFileType::Regular, content)
    }

    /// The whole archive.
    pub(super) fn finish(self) -> io::Result<Vec<u8>> {
        trailer(self.archive)
    }

    fn entry(&mut self, path: &str, mode: u32, kind: ModeFileType, content: &[u8]) -> io::Result<()> {
        self.entries += 1;
        let length = u32::try_from(content.len()).map_err(io::Error::other)?;
        let builder = Builder::new(path).ino(self.entries).mode(mode).set_mode_file_type(kind).nlink(1);
        let mut writer = builder.write(&mut self.archive, length);
        io::Write::write_all(&mut writer, content)?;
        writer.finish()?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use cpio::newc::Reader;
    use std::io::Read;

    #[test]
    fn directories_come_first_and_once() {
        let mut made = Initramfs::default();
        made.file("/init", b"program").unwrap();
        made.file("/lib/modules/a.ko", b"abc").unwrap();
        made.file("/lib/modules/b.ko", b"").unwrap();
        made.directory("/lib/modules").unwrap();
        let archive = made.finish().unwrap();
        assert_eq!(archive.len() % 4, 0);
        let mut rest = &archive[..];
        let mut found = Vec::new();
        loop {
            let mut reader = Reader::new(rest).unwrap();
            if reader.entry().is_trailer() {
                break;
            }
            let mut content = String::new();
            reader.read_to_string(&mut content).unwrap();
            found.push((reader.entry().name().to_owned(), reader.entry().mode(), content));
            rest = reader.finish().unwrap();
        }
        let expected = [
            ("init", 0o100_755, "program"),
            ("lib", 0o40_755, ""),
            ("lib/modules", 0o40_755, ""),
            ("lib/modules/a.ko", 0o100_755, "abc"),
            ("lib/modules/b.ko", 0o100_755, ""),
        ];
        assert_eq!(found, expected.map(|(name, mode, text)| (name.to_owned(), mode, text.to_owned())));
    }
}

//! Compressed files of kernels and packages, told by their first bytes.

use flate2::{Compression, read::MultiGzDecoder, write::GzEncoder};
use lzma_rust2::XzReader;
use ruzstd::decoding::StreamingDecoder;
use std::fs::File;
use std::io::{self, BufReader, Read, Write};
use std::path::Path;

const GZIP: &[u8] = b"\x1f\x8b";
const XZ: &[u8] = b"\xfd7zXZ\0";
const ZSTD: &[u8] = b"\x28\xb5\x2f\xfd";

/// Most bytes of a file that is read whole, once decompressed: several times the largest module that a
/// guest needs, with all its debugging information.
const LONGEST: u64 = 64 << 20;
/// Most bytes of a text: lists of modules and configurations have a hundredth.
const LONGEST_TEXT: u64 = 16 << 20;
/// Most memory that decompressing takes, in MiB: what `xz -9` asks for.
const MEMORY: u32 = 66;

/// A reader of what `data` holds once decompressed, at most `most` bytes: gzip, xz, zstd, or `data`
/// itself.
pub(super) fn reader<'data>(
    mut data: impl Read + 'data,
    most: u64,
) -> io::Result<Bounded<Box<dyn Read + 'data>>> {
    let mut first = Vec::new();
    data.by_ref().take(XZ.len() as u64).read_to_end(&mut first)?;
    let data = BufReader::new(io::Cursor::new(first.clone()).chain(data));
    let inner: Box<dyn Read + 'data> = if first.starts_with(GZIP) {
        Box::new(MultiGzDecoder::new(data))
    } else if first.starts_with(XZ) {
        Box::new(XzReader::new_mem_limit(data, true, MEMORY << 10))
    } else if first.starts_with(ZSTD) {
        let window = u64::from(MEMORY) << 20;
        Box::new(StreamingDecoder::new_with_max_window_size(data, window).map_err(io::Error::other)?)
    } else {
        Box::new(data)
    };
    Ok(Bounded { inner, most, left: most })
}

/// A reader that refuses what is longer than it may be, rather than cutting it.
pub(super) struct Bounded<R> {
    inner: R,
    most: u64,
    left: u64,
}

impl<R: Read> Read for Bounded<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.inner.read(buffer).map_err(|error| match error.kind() {
            io::ErrorKind::OutOfMemory => io::Error::other(format!(
                "decompressing it takes more than {MEMORY} MiB of memory, the limit"
            )),
            _ => error,
        })?;
        match self.left.checked_sub(count as u64) {
            Some(left) => self.left = left,
            None => return Err(too_long(self.most)),
        }
        Ok(count)
    }
}

fn too_long(most: u64) -> io::Error {
    let most = crate::units::format_size(most);
    io::Error::new(io::ErrorKind::FileTooLarge, format!("it is longer than {most}, the most that is read"))
}

/// The decompressed content of a file.
pub(super) fn read(path: &Path) -> io::Result<Vec<u8>> {
    let mut content = Vec::new();
    reader(File::open(path)?, LONGEST)?.read_to_end(&mut content)?;
    Ok(content)
}

/// The text of a file that nobody compresses.
pub(super) fn read_text(path: &Path) -> io::Result<String> {
    let mut text = String::new();
    Bounded { inner: File::open(path)?, most: LONGEST_TEXT, left: LONGEST_TEXT }.read_to_string(&mut text)?;
    Ok(text)
}

/// `data`, made smaller in little time, in the format that is read back fastest. Errors: none in practice:
/// nothing is written but memory.
pub(super) fn gzip(data: &[u8]) -> io::Result<Vec<u8>> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(data)?;
    encoder.finish()
}

#[cfg(test)]
mod tests {
    use super::*;
    use ruzstd::encoding::{CompressionLevel, compress_to_vec};

    fn content(data: &[u8]) -> io::Result<Vec<u8>> {
        let mut content = Vec::new();
        reader(data, LONGEST)?.read_to_end(&mut content)?;
        Ok(content)
    }

    /// `printf hello | xz --format=xz --check=crc32`, byte by byte.
    const HELLO_XZ: [u8; 60] = [
        0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00, 0x00, 0x01, 0x69, 0x22, 0xde, 0x36, 0x02, 0x00, 0x21, 0x01, 0x16,
        0x00, 0x00, 0x00, 0x74, 0x2f, 0xe5, 0xa3, 0x01, 0x00, 0x04, 0x68, 0x65, 0x6c, 0x6c, 0x6f, 0x00, 0x00,
        0x00, 0x00, 0x86, 0xa6, 0x10, 0x36, 0x00, 0x01, 0x19, 0x05, 0xbc, 0xe8, 0xec, 0xcb, 0x90, 0x42, 0x99,
        0x0d, 0x01, 0x00, 0x00, 0x00, 0x00, 0x01, 0x59, 0x5a,
    ];

    #[test]
    fn each_format_is_told_by_its_first_bytes() {
        assert_eq!(content(&gzip(b"hello").unwrap()).unwrap(), b"hello");
        assert_eq!(content(&compress_to_vec(&b"hello"[..], CompressionLevel::Fastest)).unwrap(), b"hello");
        assert_eq!(content(&HELLO_XZ).unwrap(), b"hello");
        assert_eq!(content(b"hello").unwrap(), b"hello");
        assert_eq!(content(b"").unwrap(), b"");
    }

    #[test]
    fn damaged_data_is_an_error() {
        for mut damaged in [HELLO_XZ.to_vec(), compress_to_vec(&b"hello"[..], CompressionLevel::Fastest)] {
            damaged.truncate(damaged.len() - 8);
            assert!(content(&damaged).is_err());
        }
    }

    #[test]
    fn what_becomes_too_long_is_refused_and_not_cut() {
        let most = |most: u64| {
            let mut content = Vec::new();
            reader(&HELLO_XZ[..], most)?.read_to_end(&mut content).map(|_| content)
        };
        assert_eq!(most(5).unwrap(), b"hello");
        assert!(most(4).unwrap_err().to_string().contains("longer than 4B"));
        let file = tempfile::NamedTempFile::new().unwrap();
        file.as_file().set_len(3 << 30).unwrap();
        assert!(read(file.path()).unwrap_err().to_string().contains("longer than 64MiB"));
        assert!(read_text(file.path()).unwrap_err().to_string().contains("longer than 16MiB"));
    }

    #[test]
    fn a_dictionary_of_gigabytes_is_refused() {
        // The same with a dictionary of 4 GiB, and the checksum of that header.
        let mut huge = HELLO_XZ;
        huge[16] = 40;
        huge[20..24].copy_from_slice(&[0xe6, 0xa0, 0x11, 0xb3]);
        assert!(content(&huge).unwrap_err().to_string().contains("more than 66 MiB of memory"));
        // A frame of zstd with a window of 2 GiB.
        let window = [ZSTD, &[0, 21 << 3, 1, 0, 0]].concat();
        assert!(content(&window).is_err());
    }
}

//! Compressed files of kernels and packages, told by their first bytes.

use flate2::{Compression, read::MultiGzDecoder, write::GzEncoder};
use lzma_rust2::XzReader;
use ruzstd::decoding::StreamingDecoder;
use std::io::{self, Read, Write};
use std::path::Path;

const GZIP: &[u8] = b"\x1f\x8b";
const XZ: &[u8] = b"\xfd7zXZ\0";
const ZSTD: &[u8] = b"\x28\xb5\x2f\xfd";

/// A reader of what `data` holds once decompressed: gzip, xz, zstd, or `data` itself.
pub(super) fn reader<'data>(data: &'data [u8]) -> io::Result<Box<dyn Read + 'data>> {
    Ok(if data.starts_with(GZIP) {
        Box::new(MultiGzDecoder::new(data))
    } else if data.starts_with(XZ) {
        Box::new(XzReader::new(data, true))
    } else if data.starts_with(ZSTD) {
        Box::new(StreamingDecoder::new(data).map_err(io::Error::other)?)
    } else {
        Box::new(data)
    })
}

/// The decompressed content of a file.
pub(super) fn read(path: &Path) -> io::Result<Vec<u8>> {
    let data = std::fs::read(path)?;
    if ![GZIP, XZ, ZSTD].iter().any(|magic| data.starts_with(magic)) {
        return Ok(data);
    }
    let mut content = Vec::new();
    reader(&data)?.read_to_end(&mut content)?;
    Ok(content)
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
        reader(data)?.read_to_end(&mut content)?;
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
}

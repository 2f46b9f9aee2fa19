//! What reads the files and lines of kernels, for whoever tries it with any bytes.

#![allow(clippy::panic, reason = "a panic is how a fault is found")]

use super::config::Config;
use super::initramfs::Initramfs;
use super::modules::{modinfo::Modinfo, name_of};
use super::stream::Receiver;
use super::{compression, image, package};
use std::io::Read;
use std::path::Path;

/// The archive that a Debian package is.
pub(crate) fn ar(data: &[u8]) {
    let _ = package::files_in(data);
}

/// The archive of files in it: what is unpacked stays below its directory.
pub(crate) fn tar(data: &[u8]) {
    let Ok(place) = tempfile::tempdir() else { return };
    let _ = package::unpack_tar(data, &place.path().join("tree"));
    let entries = std::fs::read_dir(place.path()).into_iter().flatten();
    assert!(entries.flatten().all(|entry| entry.file_name() == "tree"), "something left its directory");
}

/// Files that may be compressed.
pub(crate) fn compressed(data: &[u8]) {
    const MOST: u64 = 1 << 20;
    let mut content = Vec::new();
    if compression::reader(data, MOST).and_then(|mut reader| reader.read_to_end(&mut content)).is_ok() {
        assert!(content.len() as u64 <= MOST, "more than the limit");
    }
}

/// What a module says about itself.
pub(crate) fn modinfo(data: &[u8]) {
    Modinfo::parse_section(data);
    let _ = Modinfo::parse(data);
}

/// Lists of modules, and names of their files.
pub(crate) fn modules(data: &[u8]) {
    for line in String::from_utf8_lossy(data).lines() {
        let name = name_of(Path::new(line));
        assert!(name.is_none_or(|name| !name.contains(['-', '/'])), "no name of a module: {line:?}");
    }
}

/// A configuration file.
pub(crate) fn config(data: &[u8]) {
    Config::parse(&String::from_utf8_lossy(data)).telling();
}

/// The header of an image.
pub(crate) fn boot_header(data: &[u8]) {
    let _ = image::check(data, Path::new("image"));
}

/// Lines that a guest sends.
pub(crate) fn guest(data: &[u8]) {
    let mut receiver = Receiver::default();
    for line in data.split(|byte| *byte == b'\n') {
        let _ = receiver.take(line);
    }
}

/// The archive for a guest: files of any name and content are read back as they went in.
pub(crate) fn cpio(data: &[u8]) {
    let mut made = Initramfs::default();
    let mut put = Vec::new();
    for line in data.split(|byte| *byte == b'\n') {
        let (name, content) = line.split_at(line.len() / 2);
        let name: String = String::from_utf8_lossy(name).replace(['\0', '/'], "-");
        // The last entry of every archive.
        if name.is_empty() || name == "TRAILER!!!" {
            continue;
        }
        if made.file(&name, content).is_ok() {
            put.push((name, content));
        }
    }
    let Ok(archive) = made.finish() else { return };
    let mut rest = &archive[..];
    for (name, content) in put {
        let Ok(mut reader) = cpio::NewcReader::new(rest) else { panic!("{name:?} cannot be read back") };
        let mut found = Vec::new();
        let read = reader.read_to_end(&mut found);
        assert!(
            read.is_ok() && reader.entry().name() == name && found == content,
            "{name:?} is not as it was"
        );
        let Ok(after) = reader.finish() else { panic!("nothing follows {name:?}") };
        rest = after;
    }
}

//! W13 and W14: the program of the text, and what `/proc/PID/maps` shows while it runs.

use crate::explain::maps;
use crate::lab::notes::Notes;
use crate::lab::peer::{Peer, shared};
use crate::lab::protocol::{Mode, pattern};
use crate::lab::{EXERCISE_FILE, EXERCISE_LENGTH, Lab, Statement};
use anyhow::Context;
use rustix::fs::SeekFrom;
use rustix::io::Errno;
use std::fs::{self, File};
use std::os::unix::fs::{FileExt, MetadataExt};

pub(super) static PROGRAM: Statement = Statement {
    id: "W13",
    text: "Open lmfile (made by truncate -s 1G), map its first 1 MiB with PROT_READ | PROT_WRITE and \
           MAP_SHARED, store 65 + i % 26 in byte i, munmap, close.",
    c: "int fd = open(\"lmfile\", O_RDWR);\n\
        char *p = mmap(NULL, 1 << 20, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);\n\
        for (int i = 0; i < 1 << 20; i++) p[i] = 65 + i % 26;\n\
        munmap(p, 1 << 20);  close(fd);",
    rust: "let file = OpenOptions::new().read(true).write(true).open(\"lmfile\")?;\n\
           let p = rustix::mm::mmap(ptr::null_mut(), 1 << 20, ProtFlags::READ | ProtFlags::WRITE, \
           MapFlags::SHARED, &file, 0)?.cast::<u8>();\n\
           for i in 0..1 << 20 { p.add(i).write(65 + (i % 26) as u8); }\n\
           rustix::mm::munmap(p.cast(), 1 << 20)?;  drop(file);",
    check: program,
};

pub(super) static MAPS_LINE: Statement = Statement {
    id: "W14",
    text: "While it runs, /proc/PID/maps shows the region: rw from prot, s from flags, the inode number and \
           the path of the file.",
    c: "the program of W13, stopped before munmap; cat /proc/PID/maps",
    rust: "std::fs::read_to_string(format!(\"/proc/{pid}/maps\"))?",
    check: maps_line,
};

const MAPPED: usize = 1 << 20;

/// The program up to `munmap`: a process that has the mapping, and its address.
fn before_unmap(lab: &Lab<'_>) -> anyhow::Result<(Peer, usize)> {
    let mut peer = lab.peer()?;
    peer.open(EXERCISE_FILE, Mode::ReadWrite)?;
    let address = peer.map(shared(MAPPED))?;
    peer.store_pattern(address, MAPPED)?;
    Ok((peer, address))
}

/// The rest of the program.
fn unmap_and_close((mut peer, address): (Peer, usize)) -> anyhow::Result<()> {
    peer.unmap(address, MAPPED)?.context("munmap")?;
    peer.close()?;
    peer.finish()
}

fn program(lab: &Lab<'_>, notes: &mut Notes) -> anyhow::Result<()> {
    unmap_and_close(before_unmap(lab)?)?;

    let file = File::open(lab.directory.join(EXERCISE_FILE)).context("open lmfile")?;
    let length = file.metadata().context("stat lmfile")?.len();
    let mut content = vec![0; MAPPED + crate::sys::page_size()];
    file.read_exact_at(&mut content, 0).context("read lmfile")?;
    let (stored, rest) = content.split_at(MAPPED);
    let right = stored.iter().enumerate().take_while(|&(index, &byte)| byte == pattern(index)).count();
    notes.see(format!(
        "lmfile is {length} bytes long; the first {right} are as stored: {}..",
        String::from_utf8_lossy(&stored[..30])
    ));
    notes.expect(length == EXERCISE_LENGTH, "storing does not change the length of the file");
    notes.expect(right == MAPPED, "each of the first 1 MiB of bytes is 65 + i % 26");
    notes.expect(rest.iter().all(|&byte| byte == 0), "the bytes after it are zero");
    holes(&file, notes)
}

/// Whether all but the first 1 MiB is still a hole.
fn holes(file: &File, notes: &mut Notes) -> anyhow::Result<()> {
    let allocated = file.metadata().context("stat lmfile")?.blocks() * 512;
    let hole = rustix::fs::seek(file, SeekFrom::Hole(0)).context("lseek SEEK_HOLE")?;
    let data = rustix::fs::seek(file, SeekFrom::Data(hole));
    let after = match data {
        Ok(offset) => format!("at {offset}"),
        Err(Errno::NXIO) => "nowhere".to_owned(),
        Err(errno) => return Err(errno).context("lseek SEEK_DATA"),
    };
    notes.see(format!(
        "the first hole begins at byte {hole}, data after it: {after}; {} kB are allocated",
        allocated / 1024
    ));
    if hole == EXERCISE_LENGTH && allocated < EXERCISE_LENGTH / 2 {
        notes.remark(
            "this file system does not tell its holes; that there are some shows in what is allocated",
        );
    } else {
        notes.expect(
            hole == MAPPED as u64 && data == Err(Errno::NXIO),
            "all but the first 1 MiB is still a hole",
        );
    }
    Ok(())
}

fn maps_line(lab: &Lab<'_>, notes: &mut Notes) -> anyhow::Result<()> {
    let (peer, address) = before_unmap(lab)?;
    let id = peer.id();
    let regions = maps::read(id).with_context(|| format!("read /proc/{id}/maps"))?;
    let found = regions.into_iter().find(|region| region.addresses.contains(&(address as u64)));
    let region = found.context("the mapping is in maps")?;
    let usage = peer.mapping(address)?.context("the mapping is in smaps")?.usage;
    unmap_and_close((peer, address))?;

    notes.see(format!("/proc/{id}/maps:"));
    notes.see(format!("  {}", region.line));
    for field in region.fields() {
        notes.see(format!("  {:<9}{}: {}", field.name, field.value, field.meaning));
    }
    notes.see(format!(
        "and /proc/{id}/smaps: Rss {} kB in memory, of which {} kB are dirty: stored, not written to the disk",
        usage.rss / 1024,
        usage.dirty() / 1024
    ));

    let path = lab.directory.join(EXERCISE_FILE);
    let metadata = fs::metadata(&path).context("stat lmfile")?;
    let device = (rustix::fs::major(metadata.dev()), rustix::fs::minor(metadata.dev()));
    notes.expect(region.length() == MAPPED as u64 && region.offset == 0, "the first 1 MiB of the file");
    notes.expect(region.permissions.to_string() == "rw-s", "rw from prot and s from flags");
    notes.expect(region.is_of(&path), format!("the path {}", path.display()));
    if region.inode != metadata.ino() {
        notes.remark(format!(
            "stat(2) gives inode {}: this file system stands on another one, whose file is mapped",
            metadata.ino()
        ));
    }
    if region.device != device {
        notes.remark(format!(
            "stat(2) gives device {:02x}:{:02x}: this file system has several device numbers, as btrfs",
            device.0, device.1
        ));
    }
    Ok(())
}

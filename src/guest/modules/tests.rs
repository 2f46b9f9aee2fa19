use super::*;

const RELEASE: &str = "6.1.0-made";

/// A relocatable ELF file with nothing but a `.modinfo` section.
fn module(modinfo: &str) -> Vec<u8> {
    let names = b"\0.modinfo\0.shstrtab\0";
    let data: Vec<u8> = modinfo.replace(' ', "\0").replace('~', " ").into_bytes();
    let sections = 64 + data.len() + names.len();
    let mut file = b"\x7fELF\x02\x01\x01".to_vec();
    file.resize(16, 0);
    for (value, width) in [
        (1, 2),
        (62, 2),
        (1, 4),
        (0, 8),
        (0, 8),
        (sections, 8),
        (0, 4),
        (64, 2),
        (0, 2),
        (0, 2),
        (64, 2),
        (3, 2),
        (2, 2),
    ] {
        file.extend(&(value as u64).to_le_bytes()[..width]);
    }
    file.extend(&data);
    file.extend(names);
    let header = |name: u32, kind: u32, offset: usize, size: usize| {
        let mut header = Vec::new();
        header.extend(name.to_le_bytes());
        header.extend(kind.to_le_bytes());
        for value in [0, 0, offset as u64, size as u64, 0, 1, 0] {
            header.extend(value.to_le_bytes());
        }
        header
    };
    file.extend([0; 64]);
    file.extend(header(1, 1, 64, data.len()));
    file.extend(header(10, 3, 64 + data.len(), names.len()));
    file
}

/// A `lib/modules/RELEASE` with the given files; `~` stands for a space inside an entry.
fn made(files: &[(&str, &str)], built_in: &str) -> tempfile::TempDir {
    let place = tempfile::tempdir().unwrap();
    for (path, modinfo) in files {
        let path = place.path().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, module(&format!("vermagic={RELEASE}~SMP {modinfo}"))).unwrap();
    }
    std::fs::write(place.path().join("modules.builtin"), built_in).unwrap();
    place
}

fn order(place: &Path, names: &[&str]) -> Vec<String> {
    let modules = Modules::open(place, RELEASE).unwrap();
    let mark = |module: Module| if module.required { module.name } else { module.name + "?" };
    modules.order(names).unwrap().into_iter().map(mark).collect()
}

#[test]
fn what_a_module_needs_comes_before_it_and_once() {
    for checksum in ["crc32c", "crypto-crc32c"] {
        comes_before(&format!("depends=jbd2,mbcache softdep=pre:~{checksum}"));
    }
}

fn comes_before(of_ext4: &str) {
    let place = made(
        &[
            ("kernel/fs/ext4/ext4.ko", of_ext4),
            ("kernel/fs/jbd2/jbd2.ko", "depends="),
            ("kernel/fs/mbcache.ko", "depends=jbd2"),
            ("kernel/crypto/crc32c_generic.ko", "alias=crypto-crc32c alias=crc32c depends="),
            ("kernel/arch/x86/crypto/crc32c-intel.ko", "alias=crc32c depends=libhelp"),
            ("kernel/lib/libhelp.ko", ""),
            ("kernel/drivers/block/virtio_blk.ko", "depends=virtio,virtio_ring"),
        ],
        "kernel/drivers/virtio/virtio.ko\nkernel/drivers/virtio/virtio_ring.ko\n",
    );
    assert_eq!(
        order(place.path(), &["virtio_blk", "ext4"]),
        ["virtio_blk", "crc32c_generic?", "libhelp?", "crc32c_intel?", "jbd2", "mbcache", "ext4"]
    );
}

#[test]
fn what_one_can_do_without_may_be_needed_by_another() {
    let place = made(
        &[
            ("kernel/fs/btrfs/btrfs.ko", "softdep=pre:~xor~post:~late depends=raid6_pq"),
            ("kernel/lib/raid6/raid6_pq.ko", "depends=xor"),
            ("kernel/crypto/xor.ko", "softdep=pre:~nowhere"),
            ("kernel/lib/late.ko", ""),
        ],
        "",
    );
    assert_eq!(order(place.path(), &["btrfs"]), ["xor", "raid6_pq", "btrfs", "late?"]);
}

#[test]
fn modules_that_need_each_other_end() {
    let place = made(&[("kernel/a.ko", "depends=b"), ("kernel/b.ko", "depends=a")], "");
    assert_eq!(order(place.path(), &["a"]), ["b", "a"]);
}

#[test]
fn a_chain_of_any_length_ends() {
    let chain = |length: usize| {
        let files: Vec<(String, String)> =
            (0..length).map(|at| (format!("kernel/m{at}.ko"), format!("depends=m{}", at + 1))).collect();
        let files: Vec<(&str, &str)> =
            files.iter().map(|(path, modinfo)| (path.as_str(), modinfo.as_str())).collect();
        made(&files, &format!("kernel/m{length}.ko"))
    };
    let place = chain(MOST);
    let sorted: Vec<String> = (0..MOST).rev().map(|at| format!("m{at}")).collect();
    assert_eq!(order(place.path(), &["m0"]), sorted);
    let place = chain(20_000);
    let error = Modules::open(place.path(), RELEASE).unwrap().order(&["m0"]).unwrap_err().to_string();
    assert!(error.contains("more than 512 modules") && error.contains("m512"), "{error}");
}

#[test]
fn links_to_directories_are_not_followed() {
    let place = made(&[("kernel/a/a.ko", "")], "");
    for name in ["kernel/a/one", "kernel/a/two", "kernel/three"] {
        std::os::unix::fs::symlink(place.path().join("kernel"), place.path().join(name)).unwrap();
    }
    std::os::unix::fs::symlink("a.ko", place.path().join("kernel/a/b.ko")).unwrap();
    assert_eq!(order(place.path(), &["a", "b"]), ["a", "b"]);
}

#[test]
fn a_missing_module_is_named() {
    let place = made(&[("kernel/fs/xfs/xfs.ko", "depends=libcrc32c")], "");
    let modules = Modules::open(place.path(), RELEASE).unwrap();
    let error = modules.order(&["xfs"]).unwrap_err().to_string();
    assert!(error.contains("libcrc32c") && error.contains(RELEASE), "{error}");
    assert!(modules.has("xfs") && !modules.has("ext4"));
}

#[test]
fn modules_of_another_release_are_refused() {
    let place = made(&[("kernel/a.ko", "")], "");
    let error = Modules::open(place.path(), "6.12.0-other").unwrap_err();
    assert!(
        matches!(&error, KernelError::ModulesOfAnotherVersion { found, .. } if found == RELEASE),
        "{error}"
    );
}

#[test]
fn what_is_missing_or_no_module_is_named() {
    let place = tempfile::tempdir().unwrap();
    std::fs::create_dir(place.path().join("kernel")).unwrap();
    let error = Modules::open(place.path(), RELEASE).unwrap_err().to_string();
    assert!(error.contains("linux-base-6.1.0-made"), "{error}");
    std::fs::write(place.path().join("modules.builtin"), "").unwrap();
    for (content, word) in [(&b"text"[..], "modul"), (b"\xfd7zXZ\0\0\0\0", "a.ko")] {
        std::fs::write(place.path().join("kernel/a.ko"), content).unwrap();
        let error = Modules::open(place.path(), RELEASE).unwrap_err().to_string();
        assert!(error.contains(word), "{error}");
    }
}

#[test]
fn names_are_those_that_the_kernel_uses() {
    assert_eq!(name_of(Path::new("kernel/a/crc32c-intel.ko.zst")).as_deref(), Some("crc32c_intel"));
    assert_eq!(name_of(Path::new("modules.order")), None);
    assert_eq!(name_of(Path::new("x.ko.debug")), None);
}

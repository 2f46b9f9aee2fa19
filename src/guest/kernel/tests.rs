use super::*;

const RELEASE: &str = "6.1.0-made";

/// A tree of files, each with its content.
fn tree(files: &[(&str, &[u8])]) -> tempfile::TempDir {
    let tree = tempfile::tempdir().unwrap();
    for (path, content) in files {
        let path = tree.path().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, content).unwrap();
    }
    tree
}

fn named(file_system: &str) -> FileSystem {
    file_system.parse().unwrap()
}

fn error(path: &Path) -> String {
    Kernel::open(path, path).unwrap_err().to_string()
}

#[test]
fn a_kernel_with_all_built_in_needs_no_modules() {
    let config = b"CONFIG_VIRTIO_PCI=y\nCONFIG_VIRTIO_BLK=y\nCONFIG_EXT4_FS=y\n# CONFIG_XFS_FS is not set\n";
    let tree =
        tree(&[("boot/vmlinuz-6.1.0-made", &image::made(RELEASE)), ("boot/config-6.1.0-made", config)]);
    for path in [tree.path().to_owned(), tree.path().join("boot/vmlinuz-6.1.0-made")] {
        let kernel = Kernel::open(&path, tree.path()).unwrap();
        assert_eq!(kernel.release(), RELEASE);
        assert!(kernel.has(named("ext4")) && kernel.has(named("tmpfs")) && !kernel.has(named("xfs")));
        assert!(kernel.modules_for(&[named("ext4"), named("tmpfs")]).unwrap().is_empty());
        let error = kernel.modules_for(&[named("xfs")]).unwrap_err().to_string();
        assert!(error.contains("xfs") && error.contains(RELEASE), "{error}");
    }
}

#[test]
fn a_source_tree_has_its_configuration_at_the_top() {
    let config = b"CONFIG_VIRTIO_PCI=y\nCONFIG_VIRTIO_BLK=y\n";
    let tree = tree(&[("arch/x86/boot/bzImage", &image::made(RELEASE)), (".config", config)]);
    assert_eq!(
        Kernel::open(tree.path(), tree.path()).unwrap().config().unwrap().get("CONFIG_VIRTIO_BLK"),
        "y"
    );
}

#[test]
fn built_in_drivers_are_known_from_the_list_of_modules() {
    let list =
        b"kernel/drivers/virtio/virtio_pci.ko\nkernel/drivers/block/virtio_blk.ko\nkernel/fs/xfs/xfs.ko\n";
    let tree = tree(&[
        ("usr/lib/modules/6.1.0-made/vmlinuz", &image::made(RELEASE)),
        ("usr/lib/modules/6.1.0-made/modules.builtin", list),
        ("usr/lib/modules/6.1.0-made/kernel/README", b""),
    ]);
    let kernel = Kernel::open(tree.path(), tree.path()).unwrap();
    assert!(kernel.has(named("xfs")) && !kernel.has(named("btrfs")));
    assert!(kernel.modules_for(&[named("xfs")]).unwrap().is_empty());
}

#[test]
fn bad_input_is_named_before_booting() {
    let image = image::made(RELEASE);
    let lonely = tree(&[("vmlinuz", &image)]);
    assert!(error(&lonely.path().join("vmlinuz")).contains("no modules of kernel 6.1.0-made"));
    let several = tree(&[("boot/vmlinuz-1", &image), ("boot/vmlinuz-2", &image)]);
    assert!(error(several.path()).contains("give one of them"));
    let empty = tree(&[]);
    assert!(error(empty.path()).contains("no kernel in this tree"));
    assert!(error(&empty.path().join("nowhere")).contains("opening"));
    let text = tree(&[("vmlinuz", b"text")]);
    assert!(error(&text.path().join("vmlinuz")).contains("not a kernel"));
}

//! How file systems are made so that Linux 5.10 mounts them, whatever the version of the tools.

/// A program that makes a file system on a device or in a file.
#[derive(Debug, PartialEq)]
pub struct Mkfs {
    pub program: &'static str,
    /// The Debian package that it is in.
    pub package: &'static str,
    /// Arguments for every version.
    pub arguments: &'static [&'static str],
    /// More, for what the program says of itself.
    pub asked: Option<Asked>,
}

/// Arguments that depend on a version of the program.
#[derive(Debug)]
pub struct Asked {
    /// What makes the program print what it knows.
    pub question: &'static [&'static str],
    /// The arguments for what it printed.
    pub arguments: fn(&str) -> Vec<String>,
}

impl PartialEq for Asked {
    fn eq(&self, other: &Self) -> bool {
        self.question == other.question
    }
}

/// `none` first, so that defaults of newer tools (`orphan_file`, `metadata_csum_seed`) stay out;
/// nothing is left for the kernel to initialise in the background; owned by root, whoever makes it.
pub static EXT4: Mkfs = Mkfs {
    program: "mkfs.ext4",
    package: "e2fsprogs",
    arguments: &[
        "-qF",
        "-O",
        "none,has_journal,ext_attr,resize_inode,dir_index,filetype,extent,64bit,flex_bg,sparse_super,large_file,\
         huge_file,dir_nlink,extra_isize,metadata_csum",
        "-E",
        "lazy_itable_init=0,lazy_journal_init=0,root_owner=0:0",
        "--",
    ],
    asked: None,
};

/// With reflinks.
pub static XFS: Mkfs = Mkfs {
    program: "mkfs.xfs",
    package: "xfsprogs",
    arguments: &["-q", "-f"],
    asked: Some(Asked { question: &["-V"], arguments: xfs_arguments }),
};

/// The usual sizes, whatever the machine that it is made on.
pub static BTRFS: Mkfs = Mkfs {
    program: "mkfs.btrfs",
    package: "btrfs-progs",
    arguments: &[
        "--quiet",
        "--force",
        "--nodesize=16k",
        "--sectorsize=4k",
        "--metadata=dup",
        "--data=single",
    ],
    asked: Some(Asked { question: &["-O", "list-all"], arguments: btrfs_features }),
};

/// Without options, which older kernels might not know.
pub static F2FS: Mkfs =
    Mkfs { program: "mkfs.f2fs", package: "f2fs-tools", arguments: &["-q", "-f"], asked: None };

/// The oldest kernel that must mount a disk.
const OLDEST: (u32, u32) = (5, 10);

/// Switches off what is a default of the tool and unknown to the oldest kernel, by what
/// `mkfs.btrfs -O list-all` prints: `name  - what it is (compat=5.1, safe=5.2, default=5.3)`.
fn btrfs_features(list: &str) -> Vec<String> {
    let too_new = list.lines().filter_map(|line| {
        let name = line.split_whitespace().next()?;
        let (_, since) = line.split_once("(compat=")?;
        let since = since.split([',', ')']).next()?;
        (line.contains("default=") && version(since) > OLDEST).then(|| format!("^{name}"))
    });
    let features: Vec<String> = too_new.collect();
    if features.is_empty() { Vec::new() } else { vec!["-O".to_owned(), features.join(",")] }
}

/// Options of `mkfs.xfs` with the version that first knew them; older versions refuse them.
const XFS_OPTIONS: [((u32, u32), &str, &str); 7] = [
    ((0, 0), "-m", "crc=1,finobt=1,rmapbt=0,reflink=1"),
    ((5, 10), "-m", "bigtime=0,inobtcount=0"),
    ((5, 19), "-i", "nrext64=0"),
    ((6, 10), "-i", "exchange=0"),
    ((6, 10), "-n", "parent=0"),
    ((6, 13), "-m", "metadir=0"),
    ((6, 18), "-m", "autofsck=0"),
];

/// `printed` is what `mkfs.xfs -V` prints: `mkfs.xfs version 6.1.0`.
fn xfs_arguments(printed: &str) -> Vec<String> {
    let version = version(printed.trim().rsplit(' ').next().unwrap_or_default());
    let known = XFS_OPTIONS.iter().filter(|(since, ..)| *since <= version);
    known.flat_map(|(_, group, options)| [*group, *options]).map(str::to_owned).collect()
}

/// The first two numbers of a version; zeros where there are none.
fn version(text: &str) -> (u32, u32) {
    let mut numbers = text.split('.').map(|number| number.parse().unwrap_or(0));
    (numbers.next().unwrap_or(0), numbers.next().unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn xfs_gets_only_options_that_its_tool_knows() {
        let of = |version| xfs_arguments(version).join(" ");
        assert!(!of("mkfs.xfs version 5.4.0").contains("bigtime"));
        assert!(of("mkfs.xfs version 6.1.0").ends_with("-i nrext64=0"));
        assert!(of("mkfs.xfs version 6.15.0\n").contains("parent=0"));
        assert!(of("").contains("reflink=1"));
    }

    #[test]
    fn btrfs_goes_without_defaults_that_are_too_new() {
        let list = "no-holes            - no explicit holes (compat=3.14, safe=4.0, default=5.15)\n\
                    block-group-tree    - faster mounts (compat=6.1, safe=6.1, default=6.19)\n\
                    zoned               - support zoned devices (compat=5.12)\n";
        assert_eq!(btrfs_features(list), ["-O", "^block-group-tree"]);
        assert!(btrfs_features("").is_empty());
    }
}

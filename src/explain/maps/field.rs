//! What each field of a line says, for people.

use super::{Permissions, Region};
use serde::Serialize;
use std::ops::Range;

/// One field of a line, to be read by people.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Field {
    /// Name of the field in `proc_pid_maps(5)`.
    pub name: &'static str,
    /// Its text in the line.
    pub value: String,
    /// What it says here.
    pub meaning: String,
}

impl Region {
    /// The fields in their order, each with its meaning.
    pub fn fields(&self) -> Vec<Field> {
        let field = |name, value: String, meaning: String| Field { name, value, meaning };
        let Range { start, end } = self.addresses;
        let (major, minor) = self.device;
        let mut fields = vec![
            field(
                "address",
                format!("{start:08x}-{end:08x}"),
                format!("first byte and the one after the last: {} bytes", self.length()),
            ),
            field("perms", self.permissions.to_string(), self.permissions.meaning()),
            field(
                "offset",
                format!("{:08x}", self.offset),
                format!("the first address is byte {} of the file", self.offset),
            ),
            field(
                "dev",
                format!("{major:02x}:{minor:02x}"),
                "device of the file system, major:minor in hexadecimal".to_owned(),
            ),
            field("inode", self.inode.to_string(), self.inode_meaning()),
        ];
        if let Some(path) = &self.path {
            fields.push(field("pathname", path.display().to_string(), self.path_meaning()));
        }
        fields
    }

    fn inode_meaning(&self) -> String {
        match self.inode {
            0 => "no file is mapped".to_owned(),
            _ => "inode number of the file, as `ls -i` shows it".to_owned(),
        }
    }

    fn path_meaning(&self) -> String {
        match (self.inode, self.is_deleted()) {
            (0, _) => "the kernel's name for this memory",
            (_, true) => "the file's last path; it has no name any more, the mapping keeps it alive",
            (_, false) => "the file that is mapped",
        }
        .to_owned()
    }
}

impl Permissions {
    fn meaning(self) -> String {
        let word = |set, word| if set { Some(word) } else { None };
        let words: Vec<_> =
            [word(self.read, "PROT_READ"), word(self.write, "PROT_WRITE"), word(self.execute, "PROT_EXEC")]
                .into_iter()
                .flatten()
                .collect();
        let protection = if words.is_empty() { "PROT_NONE".to_owned() } else { words.join(" | ") };
        let sharing = if self.shared { "s is MAP_SHARED" } else { "p is MAP_PRIVATE (copy-on-write)" };
        format!("{protection}; {sharing}")
    }
}

//! Records may be published, so no path of the machine stands in their texts.

use std::path::Path;

/// Paths of the kernel's own file systems are the same everywhere, and hints name them.
const EVERYWHERE: [&str; 3] = ["/proc/", "/sys/", "/dev/"];

/// Paths with the placeholders that stand for them, the longest first.
#[derive(Clone, Debug, Default)]
pub struct Hidden {
    known: Vec<(String, &'static str)>,
}

impl Hidden {
    /// Hides the directories of sources and targets and the user's own file.
    pub fn new(from: &Path, to: &Path, source: Option<&Path>) -> Self {
        let mut known = Vec::new();
        for (path, name) in [(Some(from), "DIR"), (Some(to), "TO"), (source, "SOURCE")] {
            let Some(path) = path else { continue };
            let absolute = std::fs::canonicalize(path).unwrap_or_default();
            for path in [path, &absolute] {
                let text = path.to_string_lossy().trim_end_matches('/').to_owned();
                if !text.is_empty() && text != "." && !known.iter().any(|(known, _)| *known == text) {
                    known.push((text, name));
                }
            }
        }
        known.sort_by_key(|(text, _)| std::cmp::Reverse(text.len()));
        Self { known }
    }

    /// The text with placeholders for the paths, and `PATH` for every other absolute one.
    pub fn in_text(&self, text: &str) -> String {
        let mut hidden = String::with_capacity(text.len());
        let mut rest = text;
        while let Some(next) = rest.chars().next() {
            let is_start =
                !hidden.ends_with(|before: char| before.is_alphanumeric() || "/.-_~".contains(before));
            let found = is_start.then(|| self.at(rest)).flatten();
            if let Some((length, name)) = found {
                hidden += name;
                rest = &rest[length..];
            } else {
                hidden.push(next);
                rest = &rest[next.len_utf8()..];
            }
        }
        hidden
    }

    /// Length and placeholder of the path that `text` begins with.
    fn at(&self, text: &str) -> Option<(usize, &'static str)> {
        let known = self.known.iter().find(|(path, _)| {
            // A relative name may be a word of the sentence too.
            let is_word = !path.contains('/');
            text.strip_prefix(path.as_str()).is_some_and(|after| match after.chars().next() {
                None => true,
                Some(' ') => !is_word,
                Some(after) => !(after.is_alphanumeric() || "_-.".contains(after)) || after == '/',
            })
        });
        if let Some((path, name)) = known {
            return Some((path.len(), name));
        }
        let is_absolute = text.starts_with('/') && text[1..].starts_with(|next: char| !next.is_whitespace());
        if !is_absolute || EVERYWHERE.iter().any(|kept| text.starts_with(kept)) {
            return None;
        }
        let end = text.find(|next: char| next.is_whitespace() || "'\"`:,;()".contains(next));
        Some((end.unwrap_or(text.len()), "PATH"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_path_of_the_machine_is_left() {
        let hidden =
            Hidden::new(Path::new("/mnt/x"), Path::new("clients"), Some(Path::new("../me/secret.img")));
        for (text, expected) in [
            ("making a file in /mnt/x: ENOSPC", "making a file in DIR: ENOSPC"),
            (
                "cp: cannot create '/mnt/x/.copybench-1.0/target'",
                "cp: cannot create 'DIR/.copybench-1.0/target'",
            ),
            ("not enough space in clients: a dense source", "not enough space in TO: a dense source"),
            ("of all clients a part", "of all clients a part"),
            ("opening ../me/secret.img: ENOENT", "opening SOURCE: ENOENT"),
            ("/home/me/bin/rsync is found but cannot run", "PATH is found but cannot run"),
            ("/mnt/xy is another", "PATH is another"),
            ("see /proc/sys/kernel/io_uring_disabled", "see /proc/sys/kernel/io_uring_disabled"),
            ("read/write and 1 / 2, und/oder", "read/write and 1 / 2, und/oder"),
        ] {
            assert_eq!(hidden.in_text(text), expected);
        }
    }
}

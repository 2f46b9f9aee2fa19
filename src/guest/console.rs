//! What a guest's console said.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::Path;

/// Lines that an error quotes.
const TAIL: usize = 15;
/// A guest can fill its console; only the end of it is read, in bytes.
const READ: u64 = 1 << 20;

/// The last lines of a console log, without the control sequences of the firmware.
pub(super) fn tail(log: &Path) -> String {
    let text = end(log).unwrap_or_default();
    let lines: Vec<String> = text
        .lines()
        .map(printable)
        .map(|line| line.trim_end().to_owned())
        .filter(|line| !line.is_empty())
        .collect();
    lines[lines.len().saturating_sub(TAIL)..].join("\n")
}

/// The line that says why the kernel gave up, without its time.
pub(super) fn panic(log: &Path) -> Option<String> {
    let text = end(log).ok()?;
    let line = text.lines().find(|line| line.contains("Kernel panic - "))?;
    let from = line.find("Kernel panic - ")?;
    Some(printable(&line[from..]).trim().to_owned())
}

fn end(log: &Path) -> io::Result<String> {
    let mut file = File::open(log)?;
    let length = file.metadata()?.len();
    file.seek(SeekFrom::Start(length.saturating_sub(READ)))?;
    let mut bytes = Vec::new();
    file.take(READ).read_to_end(&mut bytes)?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

fn printable(line: &str) -> String {
    let mut text = String::new();
    let mut characters = line.chars().peekable();
    while let Some(character) = characters.next() {
        if character == '\x1b' {
            // A sequence of ECMA-48: `[`, parameters, one letter; else one character.
            if characters.next() == Some('[') {
                while characters.next().is_some_and(|next| !next.is_ascii_alphabetic()) {}
            }
        } else if !character.is_control() {
            text.push(character);
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn log(content: &str) -> tempfile::NamedTempFile {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), content).unwrap();
        file
    }

    #[test]
    fn the_tail_is_the_last_lines_without_control_sequences() {
        let many: String = (0..100).map(|line| format!("line {line}\r\n\n")).collect();
        let tail = tail(log(&format!("\x1bc\x1b[?7l\x1b[2J{many}\x1b[1mend\x1b[0m")).path());
        assert_eq!(tail.lines().count(), TAIL);
        assert!(tail.starts_with("line 86\n") && tail.ends_with("line 99\nend"), "{tail}");
    }

    #[test]
    fn a_panic_is_told_without_its_time() {
        let found = panic(log("x\n[    1.5] Kernel panic - not syncing: why\r\n[ 1.6] y").path());
        assert_eq!(found.as_deref(), Some("Kernel panic - not syncing: why"));
        assert_eq!(panic(log("all is well").path()), None);
        assert_eq!(tail(Path::new("/nowhere")), "");
    }
}

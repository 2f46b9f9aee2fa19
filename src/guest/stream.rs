//! How records leave a guest: JSON Lines over a serial port, closed by a line with their number
//! and hash, so that nothing lost or damaged on the way passes for complete.

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::fmt::Write as _;
use std::io::{self, Write};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Lines that are not records but speak of the guest.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "guest", rename_all = "lowercase")]
pub(super) enum Word {
    /// Its assignment are about to be run.
    Ready {
        /// Release of its kernel, as `uname -r` prints it.
        release: String,
        /// What its clock reads from, `current_clocksource`.
        clock_source: String,
    },
    /// It has failed and will send no more.
    Failed {
        /// The chain of errors.
        reason: String,
    },
    /// All was sent.
    Check {
        /// Number of record lines.
        lines: u64,
        /// SHA-256 of them, line feeds included.
        sha256: String,
    },
}

/// Number and hash of what went through.
#[derive(Clone, Debug, Default)]
struct Tally {
    lines: u64,
    hasher: Sha256,
}

impl Tally {
    fn add(&mut self, line: &[u8]) {
        self.lines += 1;
        self.hasher.update(line);
        self.hasher.update(b"\n");
    }

    fn check(&self) -> Word {
        let hash = self.hasher.clone().finalize();
        let sha256 = hash.iter().fold(String::new(), |mut text, byte| {
            let _ = write!(text, "{byte:02x}");
            text
        });
        Word::Check { lines: self.lines, sha256 }
    }
}

/// The guest's end: passes whole lines on, and waits after each until it has left, so that no
/// interrupt of the serial port falls into a measurement.
///
/// Clones send over the same port: a recorder owns what it writes to.
#[derive(Clone)]
pub struct Sender(Arc<Mutex<Sending>>);

struct Sending {
    port: Box<dyn Write + Send>,
    line: Vec<u8>,
    tally: Tally,
}

impl Sender {
    pub(super) fn new(port: Box<dyn Write + Send>) -> Self {
        Self(Arc::new(Mutex::new(Sending { port, line: Vec::new(), tally: Tally::default() })))
    }

    fn locked(&self) -> MutexGuard<'_, Sending> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Sends a line about the guest.
    pub(super) fn say(&self, word: &Word) -> io::Result<()> {
        self.locked().say(word)
    }

    /// Sends the closing line.
    pub(super) fn finish(&self) -> io::Result<()> {
        let mut sending = self.locked();
        if !sending.line.is_empty() {
            sending.write_all(b"\n")?;
        }
        let check = sending.tally.check();
        sending.say(&check)
    }
}

impl Write for Sender {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.locked().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.locked().flush()
    }
}

impl Sending {
    fn say(&mut self, word: &Word) -> io::Result<()> {
        let mut line = serde_json::to_vec(word)?;
        line.push(b'\n');
        self.port.write_all(&line)?;
        self.port.flush()
    }
}

impl Write for Sending {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        for byte in bytes {
            if *byte != b'\n' {
                self.line.push(*byte);
                continue;
            }
            let line = std::mem::take(&mut self.line);
            self.tally.add(&line);
            self.port.write_all(&line)?;
            self.port.write_all(b"\n")?;
            self.port.flush()?;
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.port.flush()
    }
}

/// What a line that arrived is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Arrival {
    /// A record, unchanged.
    Record(String),
    /// A line about the guest, but for the closing one.
    Word(Word),
    /// The closing line; it fits what arrived.
    Complete,
}

/// The host's end.
#[derive(Clone, Debug, Default)]
pub(super) struct Receiver {
    tally: Tally,
}

impl Receiver {
    /// Takes a line without its line feed. Errors: a line that is no JSON, and a closing line that does not
    /// fit.
    pub(super) fn take(&mut self, line: &[u8]) -> Result<Arrival, String> {
        let text = std::str::from_utf8(line).map_err(|error| format!("a line is no text: {error}"))?;
        if let Ok(word) = serde_json::from_str::<Word>(text) {
            return match word {
                Word::Check { .. } if word == self.tally.check() => Ok(Arrival::Complete),
                Word::Check { lines, .. } if lines != self.tally.lines => {
                    Err(format!("{lines} lines were sent and {} arrived", self.tally.lines))
                }
                Word::Check { .. } => Err("the lines have another hash than those sent".to_owned()),
                other => Ok(Arrival::Word(other)),
            };
        }
        serde_json::from_str::<serde::de::IgnoredAny>(text)
            .map_err(|error| format!("line {} is no JSON: {error}", self.tally.lines + 1))?;
        self.tally.add(line);
        Ok(Arrival::Record(text.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Clone, Default)]
    struct Port(Arc<Mutex<Vec<u8>>>);

    impl Port {
        fn text(&self) -> String {
            String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
        }
    }

    impl Write for Port {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn sent(parts: &[&str]) -> String {
        let port = Port::default();
        let mut sender = Sender::new(Box::new(port.clone()));
        for part in parts {
            sender.clone().write_all(part.as_bytes()).unwrap();
        }
        sender.flush().unwrap();
        sender.finish().unwrap();
        port.text()
    }

    fn received(text: &str) -> Result<Vec<Arrival>, String> {
        let mut receiver = Receiver::default();
        text.lines().map(|line| receiver.take(line.as_bytes())).collect()
    }

    #[test]
    fn what_is_sent_arrives() {
        let arrivals = received(&sent(&["{\"a\":", "1}\n[2]\n{}"])).unwrap();
        let record = |text: &str| Arrival::Record(text.to_owned());
        assert_eq!(arrivals, [record("{\"a\":1}"), record("[2]"), record("{}"), Arrival::Complete]);
        assert_eq!(received(&sent(&[])).unwrap(), [Arrival::Complete]);
    }

    #[test]
    fn what_is_lost_or_changed_is_noticed() {
        let whole = sent(&["{\"a\":1}\n{\"b\":2}\n"]);
        assert!(
            received(&whole.replacen("{\"a\":1}\n", "", 1)).unwrap_err().contains("2 lines were sent and 1")
        );
        assert!(received(&whole.replace("\"a\":1", "\"a\":7")).unwrap_err().contains("another hash"));
        assert!(received("{\"a\":1}\n{\"b\n").unwrap_err().contains("line 2 is no JSON"));
    }

    #[test]
    fn words_are_told_from_records() {
        let port = Port::default();
        let word = Word::Failed { reason: "disk full".to_owned() };
        Sender::new(Box::new(port.clone())).say(&word).unwrap();
        assert_eq!(received(&port.text()).unwrap(), [Arrival::Word(word)]);
    }
}

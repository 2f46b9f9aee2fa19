//! Commands of the user's: any program that copies one path to another, timed as a whole process; or one that
//! stays and is asked for each copy.

use super::contestant::Contestant;
use super::error::{Cause, CopyError};
use super::program::{self, Failure};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::Path;

/// What stands for the two paths in a command.
const PLACES: [&str; 2] = ["{source}", "{target}"];

/// How the line of a program begins that stays and is asked.
const WORKER: &str = "worker ";

/// Longest name of a command.
const LONGEST: usize = 60;

/// A program of the user's with its arguments.
#[derive(Debug)]
pub struct Command {
    name: &'static str,
    words: Vec<String>,
    /// Where it stays and is asked.
    contestant: Option<Contestant>,
}

/// A command that cannot be a strategy.
#[derive(Debug, thiserror::Error)]
pub enum CommandError {
    #[error("{line:?} names no command; write NAME='program {{source}} {{target}}'")]
    NoName { line: String },
    #[error(
        "a command cannot be called {name:?}; write a letter or digit, then letters, digits and any of . _ + -, at \
         most {LONGEST}"
    )]
    Name { name: String },
    #[error("a command cannot be called {name:?}: {by} has that name")]
    Taken { name: String, by: &'static str },
    #[error("the command {name:?}: {why}")]
    Words { name: String, why: String },
}

impl Command {
    /// Understands a line such as `mycp=./mycp {source} {target}`, or `worker mylib=./mylib` of a program that is
    /// asked. Its name must be none of `strategies`.
    pub(super) fn parse<'a>(
        line: &str,
        mut strategies: impl Iterator<Item = &'a str>,
    ) -> Result<Self, CommandError> {
        let (is_asked, line) = match line.strip_prefix(WORKER) {
            Some(rest) => (true, rest),
            None => (false, line),
        };
        let Some((name, text)) = line.split_once('=') else {
            return Err(CommandError::NoName { line: line.to_owned() });
        };
        let name = name.trim().to_owned();
        let is_plain = |c: char| c.is_ascii_alphanumeric() || "._+-".contains(c);
        if !name.starts_with(|c: char| c.is_ascii_alphanumeric())
            || !name.chars().all(is_plain)
            || name.len() > LONGEST
        {
            return Err(CommandError::Name { name });
        }
        let taken = if strategies.any(|strategy| strategy == name) {
            Some("another strategy")
        } else if name == "all" {
            Some("the selection of everything")
        } else if name.starts_with("limit-") {
            Some("a limit of the machine")
        } else {
            None
        };
        if let Some(by) = taken {
            return Err(CommandError::Taken { name, by });
        }
        let places: &[&str] = if is_asked { &[] } else { &PLACES };
        match words(text, places) {
            Ok(words) => {
                Ok(Self { name: String::leak(name), words, contestant: is_asked.then(Contestant::default) })
            }
            Err(why) => Err(CommandError::Words { name, why }),
        }
    }

    /// The key of its strategy. It lives as long as the process, like those of the registry.
    pub(super) fn name(&self) -> &'static str {
        self.name
    }

    /// The line that [`parse`](Self::parse) understands, of a program that stays and is asked.
    pub(super) fn worker_line(text: &str) -> String {
        format!("{WORKER}{text}")
    }

    /// What its strategy does, in a phrase.
    pub(super) fn summary(&self) -> &'static str {
        match self.contestant {
            None => "a command of the user's, whole process",
            Some(_) => "a program of the user's, asked for each copy",
        }
    }

    /// Copies a whole file by running it, or by asking it. Errors: it cannot be started, fails, takes too long,
    /// leaves a process behind, or leaves no file of its own at the target.
    pub(super) fn copy(&self, source: &Path, target: &Path) -> Result<u64, CopyError> {
        let failed = |message| CopyError::at(0, Cause::Program { program: self.name, message });
        let absolute = |path| std::path::absolute(path).map_err(|error| failed(error.to_string()));
        let (source, target) = (absolute(source)?, absolute(target)?);
        let said = match &self.contestant {
            Some(contestant) => Some(contestant.copy(&self.words, &source, &target).map_err(failed)?),
            None => {
                self.run(&source, &target).map_err(failed)?;
                None
            }
        };
        let there = std::fs::symlink_metadata(&target)
            .map_err(|error| failed(format!("it left no copy at the target: {error}")))?;
        if !there.is_file() {
            return Err(failed("what it left at the target is no regular file".to_owned()));
        }
        let origin = std::fs::metadata(&source).map_err(|error| failed(format!("the source: {error}")))?;
        if (origin.dev(), origin.ino()) == (there.dev(), there.ino()) {
            return Err(failed("what it left at the target is a link to the source".to_owned()));
        }
        if let Some(said) = said.filter(|said| *said != there.len()) {
            return Err(failed(format!("it said {said} bytes, and left {} at the target", there.len())));
        }
        Ok(there.len())
    }

    /// Runs it as a whole process. Errors: why it did not succeed.
    fn run(&self, source: &Path, target: &Path) -> Result<(), String> {
        let [program, arguments @ ..] = self.words.as_slice() else { return Ok(()) };
        let mut command = std::process::Command::new(program);
        command.args(arguments.iter().map(|word| filled(word, [source, target])));
        program::run(&mut command, program::limit(source)).map_err(|failure| match failure {
            Failure::Start(error) => format!("it cannot be started: {error}"),
            // Where the program is is the user's; records have the name alone.
            Failure::Status(status, said) if program.contains('/') => {
                format!("{status}: {}", said.replace(program, self.name))
            }
            Failure::Status(status, said) => format!("{status}: {said}"),
            Failure::Other(why) => why,
        })
    }
}

/// The words of a command, or what is wrong with it.
fn words(text: &str, places: &[&str]) -> Result<Vec<String>, String> {
    if text.contains(['\n', '\0']) {
        return Err("it holds a line break or a NUL".to_owned());
    }
    let words = shell_words::split(text).map_err(|error| error.to_string())?;
    let Some(program) = words.first() else { return Err("it is empty".to_owned()) };
    for place in places {
        if !words.iter().any(|word| word.contains(place)) {
            return Err(format!("it has no {place}"));
        }
    }
    find(program)?;
    Ok(words)
}

/// Refuses a program that cannot be run. Errors: why.
fn find(program: &str) -> Result<(), String> {
    let can_run = |path: &Path| {
        std::fs::metadata(path).is_ok_and(|file| file.is_file() && file.permissions().mode() & 0o111 != 0)
    };
    if program.contains('/') {
        let path = Path::new(program);
        return match std::fs::metadata(path) {
            Err(error) => Err(format!("{program}: {error}")),
            Ok(_) if can_run(path) => Ok(()),
            Ok(_) => Err(format!("{program} is no file that can be run")),
        };
    }
    let path = std::env::var_os("PATH").unwrap_or_default();
    if std::env::split_paths(&path).any(|folder| can_run(&folder.join(program))) {
        return Ok(());
    }
    Err(format!("no program is called {program:?}; write its path, or `sh -c '…'` for a shell's"))
}

/// A word with the paths in their places, byte for byte.
fn filled(word: &str, paths: [&Path; 2]) -> std::ffi::OsString {
    let mut filled = std::ffi::OsString::new();
    let mut rest = word;
    let first = |rest: &str| {
        let found =
            PLACES.iter().zip(paths).filter_map(|(place, path)| Some((rest.find(place)?, *place, path)));
        found.min_by_key(|(at, ..)| *at)
    };
    while let Some((at, place, path)) = first(rest) {
        filled.push(&rest[..at]);
        filled.push(path);
        rest = &rest[at + place.len()..];
    }
    filled.push(rest);
    filled
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(line: &str) -> String {
        Command::parse(line, ["cp"].into_iter()).unwrap_err().to_string()
    }

    #[test]
    fn words_are_split_as_a_shell_does_and_paths_stand_wherever_their_places_are() {
        let command = error("x='a b' -f={source} \"{target}\"");
        assert!(command.contains("no program is called \"a b\""), "{command}");
        let command =
            Command::parse("my.cp+1=sh -c 'cp \"$1\" \"$2\"' x {source} {target}=1", [].into_iter()).unwrap();
        assert_eq!(command.words[2], "cp \"$1\" \"$2\"");
        let paths = [Path::new("/a {target}"), Path::new("/b")];
        assert_eq!(filled("if={source},{target}.", paths), "if=/a {target},/b.");
    }

    #[test]
    fn what_is_no_command_says_why() {
        for (line, why) in [
            ("cp {source} {target}", "names no command"),
            ("=cp {source} {target}", "cannot be called"),
            ("a|b=cp {source} {target}", "cannot be called"),
            ("a,b=cp {source} {target}", "cannot be called"),
            ("a*=cp {source} {target}", "cannot be called"),
            ("-a=cp {source} {target}", "cannot be called"),
            ("cp=cp {source} {target}", "another strategy has that name"),
            ("all=cp {source} {target}", "has that name"),
            ("limit-mine=cp {source} {target}", "a limit of the machine"),
            ("a=cp 'x {source} {target}", "quote"),
            ("a=cp {source}", "no {target}"),
            ("worker a", "names no command"),
            ("worker a b=cp", "cannot be called"),
            ("worker a=no-such-program-here", "no program is called"),
            ("a=cp {target}", "no {source}"),
            ("a=", "it is empty"),
            ("a=no-such-program-here {source} {target}", "no program is called"),
            ("a=./no-such-program-here {source} {target}", "No such file"),
            ("a=/dev/null {source} {target}", "no file that can be run"),
        ] {
            assert!(error(line).contains(why), "{line}: {}", error(line));
        }
    }
}

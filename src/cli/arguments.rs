//! The command line as it may be published. The parser knows which arguments are paths, whatever they
//! look like: what stands in their place is their name.

use clap::{Arg, ArgMatches, Command, ValueHint, parser::ValueSource};
use std::ffi::OsString;
use std::sync::OnceLock;

/// What understood the command line; made only where a record is begun, as it takes a while.
static PARSER: OnceLock<fn() -> Command> = OnceLock::new();

/// Keeps for [`published_argv`] what understood the command line.
pub(super) fn understood_by(parser: fn() -> Command) {
    let _ = PARSER.set(parser);
}

/// The command line as records keep it.
pub(super) fn published_argv() -> Vec<String> {
    PARSER.get().map(|parser| published(parser(), std::env::args_os())).unwrap_or_default()
}

/// The command line as it was written; `args` would panic on what is not UTF-8.
pub(super) fn argv() -> Vec<String> {
    let words = std::env::args_os().skip(1).map(|word| word.to_string_lossy().into_owned());
    std::iter::once("copybench".to_owned()).chain(words).collect()
}

/// Arguments of `words`, which were parsed before, in their order, one word for an option and one for
/// its value; for a path its name in capitals, such as `DIR`.
fn published(command: Command, words: impl IntoIterator<Item = OsString>) -> Vec<String> {
    let mut published = vec![command.get_name().to_owned()];
    let mut command = command;
    command.build();
    // They have been parsed already.
    let Ok(matches) = command.clone().try_get_matches_from(words) else { return published };
    let (mut command, mut matches) = (&command, &matches);
    loop {
        published.extend(given(command, matches));
        let Some((name, below)) = matches.subcommand() else { return published };
        let Some(found) = command.find_subcommand(name) else { return published };
        published.push(name.to_owned());
        (command, matches) = (found, below);
    }
}

fn given(command: &Command, matches: &ArgMatches) -> Vec<String> {
    let mut groups: Vec<(usize, Vec<String>)> = command
        .get_arguments()
        .filter(|argument| {
            matches.try_contains_id(argument.get_id().as_str()).unwrap_or(false)
                && matches.value_source(argument.get_id().as_str()) == Some(ValueSource::CommandLine)
        })
        .filter_map(|argument| {
            let first = matches.indices_of(argument.get_id().as_str())?.min()?;
            Some((first, written(argument, matches)))
        })
        .collect();
    groups.sort_by_key(|(first, _)| *first);
    groups.into_iter().flat_map(|(_, words)| words).collect()
}

fn written(argument: &Arg, matches: &ArgMatches) -> Vec<String> {
    let option = match (argument.get_long(), argument.get_short()) {
        (Some(long), _) => Some(format!("--{long}")),
        (None, Some(short)) => Some(format!("-{short}")),
        (None, None) => None,
    };
    if !argument.get_action().takes_values() {
        return option.into_iter().collect();
    }
    let values = matches.get_raw(argument.get_id().as_str()).into_iter().flatten();
    let mut values: Vec<String> = values
        .map(|value| match argument.get_value_hint() {
            _ if is_path(argument) => placeholder(argument),
            // Of NAME=COMMAND the name: who wrote the command may not want to show it.
            ValueHint::CommandString => {
                let text = value.to_string_lossy();
                text.split_once('=').map_or_else(|| placeholder(argument), |(name, _)| name.trim().to_owned())
            }
            _ => value.to_string_lossy().into_owned(),
        })
        .collect();
    if let Some(delimiter) = argument.get_value_delimiter() {
        values = vec![values.join(&delimiter.to_string())];
    }
    // Each of several commands has its option before it.
    if argument.get_value_hint() == ValueHint::CommandString {
        return values.into_iter().flat_map(|value| option.clone().into_iter().chain([value])).collect();
    }
    option.into_iter().chain(values).collect()
}

fn is_path(argument: &Arg) -> bool {
    !matches!(argument.get_value_hint(), ValueHint::Unknown | ValueHint::Other | ValueHint::CommandString)
}

fn placeholder(argument: &Arg) -> String {
    argument.get_id().as_str().to_uppercase()
}

#[cfg(test)]
mod tests {
    use super::super::Cli;
    use super::*;
    use clap::CommandFactory;

    fn of(line: &str) -> String {
        published(Cli::command(), line.split(' ').map(OsString::from)).join(" ")
    }

    #[test]
    fn paths_are_names_whatever_they_look_like() {
        for (line, expected) in [
            (
                "copybench run --source secret.img --out clients/x.jsonl --rounds 2",
                "copybench run --source SOURCE --out OUT --rounds 2",
            ),
            (
                "/opt/me/copybench run --dir=a --to=./b --no-limits",
                "copybench run --dir DIR --to TO --no-limits",
            ),
            (
                "x run --against old --gate --size 4KiB,1MiB",
                "copybench run --against AGAINST --gate --size 4KiB,1MiB",
            ),
            (
                "x kernels --kernel a.deb b --fs ext4,tmpfs --out o",
                "copybench kernels --kernel KERNEL KERNEL --fs ext4,tmpfs --out OUT",
            ),
            (
                "x run --command new=./secret/{source},{target} --command=old=x --gate",
                "copybench run --command new --command old --gate",
            ),
            ("x calibrate --slowdown 1%,2% --out trials", "copybench calibrate --slowdown 1%,2% --out OUT"),
            ("x export --format csv client.jsonl", "copybench export --format csv RECORDS"),
        ] {
            assert_eq!(of(line), expected);
        }
    }

    #[test]
    fn the_parser_knows_every_path() {
        let mut cli = Cli::command();
        cli.build();
        for command in cli.get_subcommands() {
            for argument in command.get_arguments() {
                let names: Vec<String> =
                    argument.get_value_names().unwrap_or_default().iter().map(ToString::to_string).collect();
                let named = names.iter().any(|name| {
                    ["DIR", "FILE", "PATH", "EXE", "jsonl", "xml", "SRC", "DST", "ROOT"]
                        .iter()
                        .any(|word| name.contains(word))
                        || name == "D"
                });
                assert_eq!(is_path(argument), named, "{} {}", command.get_name(), argument.get_id());
            }
        }
    }
}

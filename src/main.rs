//! The copybench command.

use copybench::lab;
use std::path::Path;
use std::process::ExitCode;

fn main() -> anyhow::Result<ExitCode> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.split_first() {
        Some((name, rest)) if name == lab::CHILD => {
            lab::child(rest)?;
            Ok(ExitCode::SUCCESS)
        }
        Some((name, rest)) if name == "lab" => {
            let directory = rest.iter().find(|argument| *argument != "--dir");
            let directory = directory.map_or(Path::new("."), |directory| Path::new(directory));
            let race = |_: &std::fs::File, _: &Path| Ok("not raced".to_owned());
            let summary = lab::run(directory, &mut std::io::stdout().lock(), race)?;
            Ok(if summary.failures() == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
        }
        _ => Ok(ExitCode::from(2)),
    }
}

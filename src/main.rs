//! The copybench command: parse, dispatch, print the error chain, exit.

use std::process::ExitCode;

fn main() -> ExitCode {
    match copybench::cli::main() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) if copybench::cli::is_broken_pipe(&error) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("copybench: {error:#}");
            copybench::cli::exit_code(&error)
        }
    }
}

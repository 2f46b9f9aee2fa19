//! The copybench command: parse, dispatch, print the error chain, exit.

#![warn(clippy::print_stdout, clippy::print_stderr)]

use std::process::ExitCode;

fn main() -> ExitCode {
    // Before the arguments: those of a guest's first process are words of its kernel's command line.
    copybench::cli::live_as_init();
    match copybench::cli::main() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) if copybench::cli::is_broken_pipe(&error) => ExitCode::SUCCESS,
        Err(error) => {
            copybench::cli::tell(format_args!("copybench: {}", copybench::cli::describe(&error)));
            copybench::cli::exit_code(&error)
        }
    }
}

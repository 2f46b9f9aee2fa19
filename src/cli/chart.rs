use super::Fail;
use super::report::records_below;
use crate::measure::clean_up_on_signals;
use crate::sys::{child, temporary_name};
use clap::Args;
use rustix::fs::{Access, access};
use rustix::process::Signal;
use std::fs::{create_dir_all, write};
use std::path::{Path, PathBuf};
use std::process::Command;

/// Path in the repository and text of every file that draws.
const FILES: &[(&str, &str)] = include!(concat!(env!("OUT_DIR"), "/chart_files.rs"));

/// Begins the names of directories that hold those files while they draw.
const PREFIX: &str = ".copybench-chart-";

/// Draw records as one offline page, and as SVG and PNG
///
/// Needs Python 3.11 or newer with venv, or uv, and at the first time a package index: vl-convert is
/// installed below $XDG_CACHE_HOME/copybench. COPYBENCH_PYTHON names a Python that has it.
#[derive(Debug, Args)]
pub(super) struct Chart {
    /// Where to write [default: beside the first record]
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Add what `copybench claims --json` said
    #[arg(long, value_name = "F.jsonl")]
    claims: Vec<PathBuf>,
    /// Every single sample too
    #[arg(long)]
    samples: bool,
    /// Record files, or directories with records below them; all on one page
    #[arg(value_name = "F.jsonl|DIR", required = true)]
    records: Vec<PathBuf>,
}

impl Chart {
    pub(super) fn run(&self) -> anyhow::Result<()> {
        let records = records_below(&self.records)?;
        super::go_on_without(clean_up_on_signals());
        let scratch = std::env::temp_dir();
        // What cannot be listed has nothing of ours that could be swept.
        let _ = temporary_name::sweep(&scratch, PREFIX);
        let unfit =
            |error| Fail::Use(format!("making a directory in {}: {error}; set TMPDIR", scratch.display()));
        let held = temporary_name::directory(&scratch, PREFIX).map_err(unfit)?;
        let folder = held.name.path();
        for (name, text) in FILES {
            put(&folder.join(name), text)?;
        }
        let mut command = Command::new("sh");
        command.arg(folder.join("scripts/python")).arg(folder.join("scripts/chart.py"));
        command.args(self.out.iter().flat_map(|out| ["--out".as_ref(), out.as_os_str()]));
        command.args(self.claims.iter().flat_map(|claims| ["--claims".as_ref(), claims.as_os_str()]));
        command.args(self.samples.then_some("--samples")).arg("--").args(&records);
        let own = std::env::current_exe();
        command
            .env("COPYBENCH", own.map_err(|error| Fail::Use(format!("finding this executable: {error}")))?);
        // Without one, Python is set up in the directory that goes away, each time anew.
        command.env("COPYBENCH_PYTHON_HOME", cache().unwrap_or_else(|| folder.to_owned()).join("python"));
        let status = child::tie(&mut command, Signal::KILL).status().map_err(|error| {
            Fail::Use(format!("running sh, which starts Python: {error}; the records are safe"))
        })?;
        // It has said why.
        if status.success() {
            Ok(())
        } else {
            Err(Fail::Use(format!("no charts were drawn ({status})")).into())
        }
    }
}

fn put(path: &Path, text: &str) -> Result<(), Fail> {
    path.parent()
        .map_or(Ok(()), create_dir_all)
        .and_then(|()| write(path, text))
        .map_err(|error| Fail::Use(format!("writing {}: {error}; set TMPDIR", path.display())))
}

/// The directory for what copybench keeps between runs, if it can be written.
fn cache() -> Option<PathBuf> {
    let directory = super::calibrate::cache()?;
    create_dir_all(&directory).ok()?;
    access(&directory, Access::WRITE_OK).ok()?;
    Some(directory)
}

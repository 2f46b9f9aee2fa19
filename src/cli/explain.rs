use super::named::{find_strategy, unknown};
use super::units::size;
use crate::explain::{self, Subject};
use crate::fixture::{LAYOUTS, Layout, Place};
use crate::measure::{Variables, advise};
use clap::Args;
use std::ffi::OsString;
use std::path::PathBuf;

/// Observe one copy: system calls, page faults, mappings, memory, page cache, and where the time goes
#[derive(Debug, Args)]
pub(super) struct Explain {
    /// The strategy; `copybench list` shows all
    strategy: String,
    /// Length of the copied file
    #[arg(long, value_name = "Z", default_value = "1MiB", value_parser = size)]
    size: u64,
    /// Layout of the copied file
    #[arg(long, value_name = "L", default_value = "dense")]
    layout: String,
    /// Directory for both files [env: COPYBENCH_DIR] [default: the current directory]
    #[arg(long, value_name = "D")]
    dir: Option<PathBuf>,
    /// Print the same as JSON
    #[arg(long)]
    json: bool,
}

/// The process that is traced
#[derive(Debug, Args)]
pub(super) struct ExplainChild {
    #[arg(trailing_var_arg = true)]
    arguments: Vec<OsString>,
}

impl Explain {
    pub(super) fn run(&self) -> anyhow::Result<()> {
        let strategy = find_strategy(&self.strategy)?;
        let layout = Layout::find(&self.layout).ok_or_else(|| {
            unknown("layout", &self.layout, LAYOUTS.iter().map(|layout| layout.name), "dense or sparse")
        })?;
        advise(|| "its files are removed, and the same command begins anew".to_owned());
        let dir = self.dir.clone().or_else(|| Variables::from_environment().dir);
        let place = Place::new(&dir.unwrap_or_else(|| PathBuf::from(".")))?;
        let found = Subject { strategy, layout, size: self.size, place: &place }.explain()?;
        let text =
            if self.json { serde_json::to_string_pretty(&found)? + "\n" } else { explain::text(&found) };
        Ok(super::print(&text)?)
    }
}

impl ExplainChild {
    pub(super) fn run(&self) -> anyhow::Result<()> {
        explain::child(&self.arguments)
    }
}

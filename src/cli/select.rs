use crate::fixture::Place;
use crate::measure::{Selection, Variables};
use clap::Args;
use std::path::{Path, PathBuf};

/// Where files are made.
#[derive(Clone, Debug, Default, Args)]
pub(super) struct Directories {
    /// Directory for sources [env: COPYBENCH_DIR] [default: the current directory]
    #[arg(long, value_name = "D")]
    dir: Option<PathBuf>,
    /// Directory for targets [env: COPYBENCH_TO] [default: that of the sources]
    #[arg(long, value_name = "D")]
    to: Option<PathBuf>,
}

impl Directories {
    /// Checks both, with the environment's where no flag was given.
    pub(super) fn places(&self) -> anyhow::Result<(Place, Place)> {
        let variables = self.variables().or(Variables::from_environment());
        let dir = variables.dir.unwrap_or_else(|| Path::new(".").to_owned());
        let to = variables.to.unwrap_or_else(|| dir.clone());
        Ok((Place::new(&dir)?, Place::new(&to)?))
    }

    fn variables(&self) -> Variables {
        Variables { dir: self.dir.clone(), to: self.to.clone(), ..Variables::default() }
    }
}

/// Which strategies and cells.
#[derive(Clone, Debug, Default, Args)]
pub(super) struct Cells {
    /// Strategies: names or globs, separated by commas [env: COPYBENCH_STRATEGIES]
    #[arg(long, value_name = "GLOB,..")]
    strategy: Option<String>,
    /// Sizes: 4KiB, a range such as 1MiB..1GiB in powers of two, or all [env: COPYBENCH_SIZES]
    #[arg(long, value_name = "Z,..")]
    size: Option<String>,
    /// Layouts of the source [env: COPYBENCH_LAYOUTS]
    #[arg(long, value_name = "L,..")]
    layout: Option<String>,
    /// Measure copies of this file instead of generated ones [env: COPYBENCH_SOURCE]
    #[arg(long, value_name = "FILE")]
    source: Option<PathBuf>,
    /// Cache states: warm, cold [env: COPYBENCH_CACHE]
    #[arg(long, value_name = "C,..")]
    cache: Option<String>,
    /// Target states: new, overwrite, preallocated [env: COPYBENCH_DST]
    #[arg(long, value_name = "M,..")]
    dst: Option<String>,
    /// Durability inside the clock: none, fdatasync [env: COPYBENCH_END]
    #[arg(long, value_name = "E,..")]
    end: Option<String>,
    /// Set-up (buffers, rings, pipes, threads): kept from copy to copy, or fresh, made inside the clock [env: COPYBENCH_SETUP]
    #[arg(long, value_name = "S,..")]
    setup: Option<String>,
}

impl Cells {
    /// The words that were given, with the environment's where no flag was given.
    pub(super) fn words(&self) -> Variables {
        let flags = Variables {
            strategies: self.strategy.clone(),
            sizes: self.size.clone(),
            layouts: self.layout.clone(),
            cache: self.cache.clone(),
            dst: self.dst.clone(),
            end: self.end.clone(),
            setup: self.setup.clone(),
            source: self.source.clone(),
            ..Variables::default()
        };
        flags.or(Variables::from_environment())
    }

    /// Understands the words.
    pub(super) fn selection(&self) -> anyhow::Result<Selection> {
        Ok(Selection::new(&self.words())?)
    }
}

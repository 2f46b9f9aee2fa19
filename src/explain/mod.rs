//! Why a copy costs what it costs: what the kernel is asked for, and what it maps.

mod account;
mod child;
mod explanation;
pub mod maps;
mod page;
pub mod smaps;
mod subject;
pub mod trace;

pub use child::{CHILD, child};
pub use explanation::{
    Calls, Explanation, Extents, Faults, Held, Mapping, Mappings, Memory, PageCache, SetUp, Times,
};
pub use page::text;
pub use subject::{ExplainError, Subject};

/// Directory of a process or thread under `/proc`.
pub fn proc_directory(id: impl std::fmt::Display) -> std::path::PathBuf {
    format!("/proc/{id}").into()
}

//! Why a copy costs what it costs: what the kernel is asked for, and what it maps.

pub mod maps;
pub mod smaps;
pub mod trace;

/// Directory of a process or thread under `/proc`.
#[must_use]
pub fn proc_directory(id: impl std::fmt::Display) -> std::path::PathBuf {
    format!("/proc/{id}").into()
}

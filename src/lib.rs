//! Which way of copying a file is fastest on this Linux machine, by how much, and why.
//!
//! A [`strategy`] is one way to copy a regular file by one mechanism. [`fixture`] makes the
//! files, [`measure`] runs trials and writes [`record`] lines, [`analysis`] turns those into
//! estimates and [`report`] into text and data for charts. [`copier`] copies one file, with whatever
//! works, for people who want a copy.
//!
//! # Layers
//!
//! A module may use what its row names and nothing else; `tests/layering.rs` holds it to that.
//!
//! | module | may use |
//! |---|---|
//! | `sys`, `record`, `units` | nothing of ours |
//! | `strategy`, `fixture`, `cache`, `observe`, `verify` | `sys`, `units` |
//! | `host` | `sys`, `record`, `units` |
//! | `analysis` | `record`, `units` |
//! | `measure` | all above |
//! | `copier` | `sys`, `units`, `strategy`, `verify` |
//! | `report` | `record`, `units`, `analysis`, `strategy` |
//! | `guest` | all above |
//! | `explain` | all above |
//! | `lab` | all above |
//! | `claims` | all above |
//! | `cli`, `parsers`, benches, tests | all |

// They panic where the stream cannot be written.
#![warn(clippy::print_stdout, clippy::print_stderr)]

#[cfg(not(target_os = "linux"))]
compile_error!("copybench measures Linux system calls and runs on Linux only");

pub mod analysis;
pub mod cache;
pub mod claims;
pub mod cli;
pub mod copier;
pub mod explain;
pub mod fixture;
pub mod guest;
pub mod host;
pub mod lab;
pub mod measure;
pub mod observe;
#[cfg(any(test, fuzzing))]
pub mod parsers;
pub mod record;
pub mod report;
pub mod strategy;
pub mod sys;
pub mod units;
pub mod verify;

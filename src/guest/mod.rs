//! Other kernels: booted under QEMU with nothing but this program, told to measure, and listened
//! to.
//!
//! [`Kernel`] is what to boot, [`choose`] decides how, [`Boot`] does it and passes the records
//! on, and [`init`] is the same program's other half, inside. Nothing needs root, and nothing is
//! installed: the guest has an initramfs with this program as its init, and fresh disks. Its
//! console is the first serial port; records come over the second.

mod accelerator;
mod assignment;
mod boot;
mod campaign;
mod choice;
mod collect;
mod compression;
mod config;
mod console;
mod error;
mod executable;
mod file_system;
mod image;
pub mod init;
mod initramfs;
mod kernel;
mod machine;
mod modules;
mod package;
#[cfg(any(test, fuzzing))]
pub(crate) mod parsers;
mod program;
mod stream;

pub use accelerator::{Accelerator, Wanted};
pub use assignment::{Assignment, Insertion, Mount};
pub use boot::{Boot, BootReport};
pub use campaign::{Campaign, Failure, Report, Watcher};
pub use choice::{Choice, choose};
pub use config::Config;
pub use error::{BootError, KernelError};
pub use file_system::FileSystem;
pub use kernel::Kernel;

//! Calls that move fewer bytes than they were asked for, down to a single one: the copy runs under
//! a tracer that makes every request for bytes smaller before the kernel sees it.

use crate::outcome::Outcome;
use crate::{LENGTH, Suite, another_program, child, common, matrix, sample};
use copybench::strategy::Strategy;
use libtest_mimic::{Failed, Trial};

pub(crate) fn tests(suite: &Suite) -> Vec<Trial> {
    let untraceable = (!cfg!(target_arch = "x86_64"))
        .then(|| "the registers of another processor".to_owned())
        .or_else(crate::trace::why_not);
    let why_not = |strategy: &Strategy| another_program(strategy).or_else(|| untraceable.clone());
    suite.each("short counts", why_not, copied_all_the_same)
}

fn copied_all_the_same(strategy: &'static Strategy) -> Result<(), Failed> {
    let directory = tempfile::tempdir_in(common::places().0.path())?;
    let (source, target) = (directory.path().join("source"), directory.path().join("target"));
    std::fs::write(&source, sample())?;
    let (output, shortened) = tracer::run(&mut child::copy(strategy.name, &source, &target), strategy)?;
    let outcome = Outcome::parse(&output).ok_or("it said nothing")?;
    outcome.judge(sample(), &target)?;
    if outcome != Outcome::Copied(LENGTH as u64) {
        return Err(format!("{outcome:?}, {shortened} calls shortened").into());
    }
    // Memory that is copied, clones and queues have no counts in registers.
    matrix::note("short counts", strategy, if shortened > 0 { "copied" } else { "no counts" });
    Ok(())
}

#[cfg(not(target_arch = "x86_64"))]
mod tracer {
    pub(super) fn run(
        _: &mut std::process::Command,
        _: &copybench::strategy::Strategy,
    ) -> Result<(String, usize), libtest_mimic::Failed> {
        Err("the registers of another processor".into())
    }
}

#[cfg(target_arch = "x86_64")]
mod tracer {
    use copybench::strategy::Strategy;
    use copybench::sys::marker::{Mark, recognise};
    use copybench::sys::ptrace::{Stop, Tracee};
    use libtest_mimic::Failed;
    use nix::sys::ptrace::{AddressType, getregs, read, setregs, write};
    use nix::unistd::Pid;
    use std::collections::BTreeMap;
    use std::io::Read;
    use std::process::{Command, Stdio};
    use syscalls::Sysno;

    /// What a call is left with, in turn.
    const COUNTS: [u64; 5] = [1, 4095, 4097, 20_011, 65_537];
    const PAGE: u64 = 4096;

    /// Where a call has its count.
    enum Count {
        /// In the argument of that index.
        Argument(usize),
        /// In an array of buffers, of which one is left.
        Buffers,
    }

    fn count(call: Sysno) -> Option<Count> {
        Some(match call {
            Sysno::read | Sysno::write | Sysno::pread64 | Sysno::pwrite64 => Count::Argument(2),
            Sysno::sendfile => Count::Argument(3),
            Sysno::splice | Sysno::copy_file_range => Count::Argument(4),
            Sysno::readv
            | Sysno::writev
            | Sysno::preadv
            | Sysno::pwritev
            | Sysno::preadv2
            | Sysno::pwritev2
            | Sysno::vmsplice => Count::Buffers,
            _ => return None,
        })
    }

    /// Runs a copy; returns what it said and how many calls were shortened.
    pub(super) fn run(command: &mut Command, strategy: &Strategy) -> Result<(String, usize), Failed> {
        let command = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::inherit());
        let mut tracee = Tracee::spawn(command)?;
        let mut stdout = tracee.take_stdout().ok_or("no pipe")?;
        // Direct I/O takes whole pages only.
        let unit = if strategy.name.contains("direct") { PAGE } else { 1 };
        let (mut inside, mut shortened) = (false, 0);
        // Lengths of buffers to put back, by thread.
        let mut buffers = BTreeMap::new();
        while let Some(stop) = tracee.resume()? {
            match stop {
                Stop::Entry { task, number, arguments } => {
                    match recognise(number, &arguments) {
                        Some(mark) => inside = mark == Mark::Begin,
                        None if inside => {}
                        None => continue,
                    }
                    let Some(call) = Sysno::new(number as usize) else { continue };
                    let Some(count) = count(call) else { continue };
                    // The kernel lends whole pages to a pipe, or none.
                    let unit = if call == Sysno::vmsplice { PAGE } else { unit };
                    let wanted = COUNTS[shortened % COUNTS.len()].next_multiple_of(unit);
                    let task = Pid::from_raw(task);
                    let was_shortened = match count {
                        Count::Argument(index) => shorten(task, index, arguments[index], wanted)?,
                        Count::Buffers => {
                            let address = arguments[1] + 8;
                            let length = read(task, address as AddressType)?;
                            let mut less = shorten(task, 2, arguments[2], 1)?;
                            if length as u64 > wanted {
                                write(task, address as AddressType, wanted as i64)?;
                                buffers.insert(task, (address, length));
                                less = true;
                            }
                            less
                        }
                    };
                    shortened += usize::from(was_shortened);
                }
                Stop::Exit { task, .. } => {
                    let task = Pid::from_raw(task);
                    if let Some((address, length)) = buffers.remove(&task) {
                        write(task, address as AddressType, length)?;
                    }
                }
            }
        }
        let mut output = String::new();
        stdout.read_to_string(&mut output)?;
        Ok((output, shortened))
    }

    /// Makes an argument smaller, if it is larger than wanted.
    fn shorten(task: Pid, index: usize, now: u64, wanted: u64) -> Result<bool, Failed> {
        if now <= wanted {
            return Ok(false);
        }
        let mut registers = getregs(task)?;
        let argument = match index {
            2 => &mut registers.rdx,
            3 => &mut registers.r10,
            4 => &mut registers.r8,
            _ => return Err(format!("no count is in argument {index}").into()),
        };
        *argument = wanted;
        setregs(task, registers)?;
        Ok(true)
    }
}

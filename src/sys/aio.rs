//! Linux AIO: reads and writes that the kernel finishes later, for files open with `O_DIRECT`;
//! on other files `io_submit` itself does the work before it returns.
//!
//! References: `io_setup(2)`, `io_submit(2)`, `io_getevents(2)`, `io_destroy(2)`,
//! `include/uapi/linux/aio_abi.h`.

use super::slots::{Completion, Operation, Slots};
use rustix::fd::{AsFd, AsRawFd};
use rustix::io::Errno;
use std::mem::ManuallyDrop;
use std::ops::Range;
use std::ptr;

const IOCB_CMD_PREAD: u16 = 0;
const IOCB_CMD_PWRITE: u16 = 1;

/// `struct iocb` of the kernel.
#[repr(C)]
#[derive(Default)]
struct Control {
    data: u64,
    #[cfg(target_endian = "little")]
    key: u32,
    flags: i32,
    #[cfg(target_endian = "big")]
    key: u32,
    opcode: u16,
    priority: i16,
    file: u32,
    buffer: u64,
    length: u64,
    offset: i64,
    reserved: u64,
    event_flags: u32,
    event_file: u32,
}

const _: () = assert!(size_of::<Control>() == 64);

/// `struct io_event` of the kernel.
#[repr(C)]
#[derive(Default)]
struct Event {
    data: u64,
    control: u64,
    result: i64,
    result2: i64,
}

/// An AIO context and the slots its operations work on.
///
/// Dropping it waits for every operation, as the kernel may store into a slot until then.
#[derive(Debug)]
pub struct Queue {
    context: libc::c_ulong,
    slots: ManuallyDrop<Slots>,
}

impl Queue {
    /// A queue with `slots` page-aligned buffers of `length` bytes. Errors: `EINVAL` without slots or
    /// bytes; of `io_setup(2)`: `EAGAIN` where the system's limit `/proc/sys/fs/aio-max-nr` is reached,
    /// `ENOSYS` in a kernel without AIO.
    pub fn new(slots: usize, length: usize) -> Result<Self, Errno> {
        let slots = Slots::new(slots, length)?;
        let mut context: libc::c_ulong = 0;
        // SAFETY: the context is zero, as io_setup asks, and lives through the call.
        let returned =
            unsafe { libc::syscall(libc::SYS_io_setup, slots.len() as libc::c_long, &raw mut context) };
        super::check(returned as libc::ssize_t)?;
        Ok(Self { context, slots: ManuallyDrop::new(slots) })
    }

    /// Waits until one operation is over. Errors: `ENODATA` where none is in flight; of `io_getevents(2)`.
    pub fn wait(&mut self) -> Result<Completion, Errno> {
        if self.slots.in_flight() == 0 {
            return Err(Errno::NODATA);
        }
        let mut event = Event::default();
        rustix::io::retry_on_intr(|| {
            let timeout = ptr::null_mut::<libc::timespec>();
            // SAFETY: there is room for the one event asked for, and no timeout.
            let returned =
                unsafe { libc::syscall(libc::SYS_io_getevents, self.context, 1, 1, &raw mut event, timeout) };
            super::check(returned as libc::ssize_t)
        })?;
        let slot = (event.data >> 1) as usize;
        let operation = if event.data & 1 == 0 { Operation::Read } else { Operation::Write };
        self.slots.take_back(slot);
        Ok(Completion::new(slot, operation, event.result))
    }

    /// Operations that are not over.
    pub fn in_flight(&self) -> usize {
        self.slots.in_flight()
    }

    /// The bytes of an idle slot. Errors: `EBUSY` where the slot is in use, `EINVAL` where there is none of
    /// that number.
    pub fn slot(&self, slot: usize) -> Result<&[u8], Errno> {
        self.slots.bytes(slot)
    }

    /// Starts to read `file` from `offset` into `range` of a slot, or to write that to the file. Errors:
    /// `EBUSY` where the slot is in use, `EINVAL` for a range outside it; of `io_submit(2)`.
    pub fn submit(
        &mut self,
        operation: Operation,
        slot: usize,
        range: Range<usize>,
        file: impl AsFd,
        offset: u64,
    ) -> Result<(), Errno> {
        let buffer = self.slots.address(slot, &range)?;
        let writes = operation == Operation::Write;
        let mut control = Control {
            data: (slot as u64) << 1 | u64::from(writes),
            opcode: if writes { IOCB_CMD_PWRITE } else { IOCB_CMD_PREAD },
            file: file.as_fd().as_raw_fd().unsigned_abs(),
            buffer: buffer.expose_provenance() as u64,
            length: range.len() as u64,
            offset: i64::try_from(offset).map_err(|_| Errno::OVERFLOW)?,
            ..Control::default()
        };
        let mut controls = [&raw mut control];
        // SAFETY: the kernel copies the control block before it returns; the slot's buffer lives
        // until the operation is over, because `drop` waits, and nothing else reaches it until then.
        let returned = unsafe { libc::syscall(libc::SYS_io_submit, self.context, 1, controls.as_mut_ptr()) };
        super::check(returned as libc::ssize_t)?;
        self.slots.lend(slot, 1);
        Ok(())
    }
}

impl Drop for Queue {
    fn drop(&mut self) {
        // SAFETY: the context is ours. The call returns once no operation is in flight.
        let destroyed = unsafe { libc::syscall(libc::SYS_io_destroy, self.context) };
        if destroyed == 0 {
            // SAFETY: dropped once, here; the kernel uses the buffers no more. Otherwise it may,
            // and they are leaked.
            unsafe { ManuallyDrop::drop(&mut self.slots) };
        }
    }
}

#[cfg(test)]
mod tests;

//! Ways to copy memory to memory that differ in the instruction that stores.

/// The instruction that stores.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// libc's `memcpy`, which picks by length and CPU.
    Memcpy,
    /// `rep movsb`: the CPU's microcode copies; fast where it has `erms` or `fsrm` (x86-64).
    RepMovsb,
    /// Stores past the CPU's caches in 16-byte pieces, `movntdq` (x86-64): the target's lines are
    /// not read first and push nothing out of the caches.
    NonTemporal,
}

/// A copy by one [`Kind`] of store, which this CPU has.
#[derive(Clone, Copy, Debug)]
pub struct Routine(unsafe fn(*const u8, *mut u8, usize));

impl Kind {
    /// All kinds, on every CPU.
    pub const ALL: [Self; 3] = [Self::Memcpy, Self::RepMovsb, Self::NonTemporal];

    /// How to copy by this kind; none where the CPU has no such instruction.
    pub fn routine(self) -> Option<Routine> {
        match self {
            Self::Memcpy => Some(Routine(memcpy)),
            #[cfg(target_arch = "x86_64")]
            Self::RepMovsb => Some(Routine(x86::rep_movsb)),
            #[cfg(target_arch = "x86_64")]
            Self::NonTemporal => Some(Routine(x86::non_temporal)),
            #[cfg(not(target_arch = "x86_64"))]
            Self::RepMovsb | Self::NonTemporal => None,
        }
    }
}

impl Routine {
    /// Copies as many bytes as both slices have; returns how many.
    pub fn copy(self, source: &[u8], target: &mut [u8]) -> usize {
        let length = source.len().min(target.len());
        // SAFETY: both slices have `length` bytes, and an exclusive one overlaps no other.
        unsafe { self.copy_raw(source.as_ptr(), target.as_mut_ptr(), length) };
        length
    }

    /// Copies `length` bytes.
    ///
    /// # Safety
    /// Both ranges are mapped for the call and do not overlap.
    pub(super) unsafe fn copy_raw(self, source: *const u8, target: *mut u8, length: usize) {
        // SAFETY: by the caller's promise, and `Kind::routine` checked the CPU.
        unsafe { (self.0)(source, target, length) }
    }
}

unsafe fn memcpy(source: *const u8, target: *mut u8, length: usize) {
    // SAFETY: by the promise of `Routine::copy_raw`.
    unsafe { std::ptr::copy_nonoverlapping(source, target, length) };
}

#[cfg(target_arch = "x86_64")]
mod x86 {
    use std::arch::asm;
    use std::arch::x86_64::{__m128i, _mm_loadu_si128, _mm_sfence, _mm_stream_si128};

    pub(super) unsafe fn rep_movsb(source: *const u8, target: *mut u8, length: usize) {
        // SAFETY: by the promise of `Routine::copy_raw`; the ABI has the direction flag clear.
        unsafe {
            asm!(
                "rep movsb",
                inout("rcx") length => _,
                inout("rsi") source => _,
                inout("rdi") target => _,
                options(nostack, preserves_flags)
            );
        }
    }

    /// Bytes of a cache line: stores that fill whole lines need no read of the target.
    const LINE: usize = 64;
    const PIECE: usize = size_of::<__m128i>();

    pub(super) unsafe fn non_temporal(source: *const u8, target: *mut u8, length: usize) {
        let head = target.align_offset(LINE).min(length);
        let body = (length - head) / LINE * LINE;
        let tail = head + body;
        // SAFETY: head, body and tail make up the two ranges that `Routine::copy_raw` is promised;
        // the body's target is aligned to a line, and every x86-64 CPU has SSE2.
        unsafe {
            super::memcpy(source, target, head);
            for offset in (head..tail).step_by(LINE) {
                let (from, to) = (source.add(offset).cast::<__m128i>(), target.add(offset).cast::<__m128i>());
                for piece in 0..LINE / PIECE {
                    _mm_stream_si128(to.add(piece), _mm_loadu_si128(from.add(piece)));
                }
            }
            // Such stores are weakly ordered: without the fence another thread that sees the copy
            // as finished could still read old bytes.
            _mm_sfence();
            super::memcpy(source.add(tail), target.add(tail), length - tail);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_copies_every_length_and_alignment_and_nothing_beside() {
        let source: Vec<u8> = (0..1000_u32).map(|index| (index * 31 % 251) as u8).collect();
        for kind in Kind::ALL {
            let Some(routine) = kind.routine() else { continue };
            for from in [0, 1, 13, 64] {
                for to in [0, 1, 15, 16, 63, 64] {
                    for length in (0..200).chain([255, 256, 257, 511, 800]) {
                        let mut target = vec![0xEE; 1000];
                        let copied = routine.copy(&source[from..], &mut target[to..to + length]);
                        assert_eq!(copied, length);
                        assert_eq!(target[to..to + length], source[from..from + length], "{kind:?}");
                        let beside = target[..to].iter().chain(&target[to + length..]);
                        assert!(beside.copied().all(|byte| byte == 0xEE), "{kind:?} {to} {length}");
                    }
                }
            }
        }
    }

    #[test]
    #[cfg(target_arch = "x86_64")]
    fn x86_64_has_every_kind() {
        assert!(Kind::ALL.into_iter().all(|kind| kind.routine().is_some()));
    }
}

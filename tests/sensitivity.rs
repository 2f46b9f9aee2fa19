//! Faults planted into copies, each of which a trial must find. CONTRIBUTING.md shows them.

#![allow(clippy::unwrap_used, reason = "tests")]

mod common;

use copybench::fixture::{Layout, Source};
use copybench::measure::{Cell, Inspection, Outcome, Stage, TrialError, WallClock};
use copybench::record::FileSystems;
use copybench::strategy::{DstMode, Holes, Mechanism, Method, Strategy, Task};
use copybench::verify::Mismatch;
use std::fs::File;
use std::os::unix::fs::FileExt;

const LENGTH: u64 = (3 << 20) + 1;

fn trial(holes: Holes, layout: &str, dst: DstMode, copy: Mechanism) -> Result<Outcome, TrialError> {
    let (from, to) = common::places();
    let layout = Layout::find(layout).unwrap();
    let source = Source::generate(&from, layout, LENGTH, 3).unwrap();
    let strategy = Strategy {
        name: "planted",
        summary: "a copy with a planted fault",
        holes,
        dst: DstMode::ALL,
        method: Method::Handles(copy),
        ..Strategy::BASE
    };
    let fs = FileSystems { source: from.file_system().to_owned(), target: to.file_system().to_owned() };
    let cell = Cell { dst, ..Cell::usual(fs, layout.name, LENGTH) };
    Stage::new(&source, &to).trial(&strategy, &cell, &WallClock::new(), Inspection::Verify)
}

/// Copies `source` in pieces, each through `piece`, which may cut or change it.
fn copy_pieces(source: &File, target: &File, piece: impl Fn(u64, &mut Vec<u8>)) -> u64 {
    let mut at = 0;
    while at < LENGTH {
        let mut bytes = vec![0; (64 << 10).min((LENGTH - at) as usize)];
        source.read_exact_at(&mut bytes, at).unwrap();
        let length = bytes.len() as u64;
        piece(at, &mut bytes);
        target.write_all_at(&bytes, at).unwrap();
        at += length;
    }
    LENGTH
}

#[test]
fn a_right_copy_passes() {
    trial(Holes::Filled, "dense", DstMode::New, |Task { source: s, target: t, .. }| {
        Ok(copy_pieces(s, t, |_, _| {}))
    })
    .unwrap();
}

#[test]
fn a_dropped_tail_is_found() {
    let found = trial(Holes::Filled, "dense", DstMode::New, |Task { source: s, target: t, .. }| {
        copy_pieces(s, t, |_, _| {});
        t.set_len(LENGTH - 1).unwrap();
        // The target is ended where the copy says that it ended, so the lost byte reads as zero.
        Ok(LENGTH)
    });
    assert!(matches!(found, Err(TrialError::Mismatch(_))), "{found:?}");
}

#[test]
fn a_tail_that_is_not_reported_is_found_by_the_count() {
    let found = trial(Holes::Filled, "dense", DstMode::New, |Task { source: s, target: t, .. }| {
        Ok(copy_pieces(s, t, |_, _| {}) - 1)
    });
    assert!(matches!(found, Err(TrialError::Count { reported, .. }) if reported == LENGTH - 1), "{found:?}");
}

#[test]
fn an_ignored_short_write_is_found_at_its_offset() {
    for dst in DstMode::ALL {
        let found = trial(Holes::Filled, "dense", *dst, |Task { source: s, target: t, .. }| {
            Ok(copy_pieces(s, t, |at, bytes| {
                if at == 1 << 20 {
                    bytes.truncate(60_000);
                }
            }))
        });
        // In a new file the gap is a hole, which is found before its bytes are.
        let offset = match found {
            Err(TrialError::Mismatch(Mismatch::Byte { offset, .. } | Mismatch::Hole { offset, .. })) => {
                offset
            }
            other => panic!("{dst:?}: {other:?}"),
        };
        assert!(((1 << 20) + 60_000..(1 << 20) + (64 << 10)).contains(&offset), "{dst:?}: {offset}");
    }
}

#[test]
fn a_flipped_bit_is_found() {
    let found =
        trial(Holes::Filled, "pattern", DstMode::Overwrite, |Task { source: s, target: t, .. }| {
            Ok(copy_pieces(s, t, |at, bytes| {
                if at == 2 << 20 {
                    bytes[5] ^= 1;
                }
            }))
        });
    assert!(
        matches!(found, Err(TrialError::Mismatch(Mismatch::Byte { offset, .. })) if offset == (2 << 20) + 5),
        "{found:?}"
    );
}

#[test]
fn a_lost_hole_is_found() {
    let found = trial(Holes::Kept, "holes", DstMode::New, |Task { source: s, target: t, .. }| {
        Ok(copy_pieces(s, t, |_, _| {}))
    });
    assert!(matches!(found, Err(TrialError::Mismatch(Mismatch::Hole { .. }))), "{found:?}");
}

#[test]
fn a_hole_where_none_was_promised_is_found() {
    let found = trial(Holes::Filled, "sparse", DstMode::New, |Task { target: t, .. }| {
        t.set_len(LENGTH).unwrap();
        Ok(LENGTH)
    });
    assert!(matches!(found, Err(TrialError::Mismatch(Mismatch::Hole { .. }))), "{found:?}");
}

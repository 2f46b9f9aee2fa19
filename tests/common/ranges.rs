//! Ranges: what lies outside of one must stay as it was, and a range beyond the end of the
//! source is an error. A whole copy leaves nothing of a target that was longer.

use copybench::fixture::Place;
use copybench::measure::Availability;
use copybench::strategy::{Cause, CopyError, Span, Strategy, Task, Workspace};
use libtest_mimic::{Failed, Trial};
use rustix::io::Errno;
use std::fs::File;

const SOURCE: usize = 300_000;
const TARGET: usize = 400_000;
const OTHER: u8 = 0xEE;

/// One test a strategy and range.
pub(crate) fn tests(place: &Place, tried: &[Availability]) -> Vec<Trial> {
    let mut tests = Vec::new();
    for tried in tried.iter().filter(|tried| !tried.strategy.takes_paths()) {
        for (name, span) in spans() {
            let name = format!("{}::range::{name}", tried.strategy.name);
            if let Some(refused) = &tried.refusal {
                tests.push(
                    Trial::test(name, || Ok(())).with_kind(refused.reason.clone()).with_ignored_flag(true),
                );
                continue;
            }
            let (strategy, path) = (tried.strategy, place.path().to_owned());
            tests.push(Trial::test(name, move || copies_the_range_alone(strategy, span, &path)));
        }
    }
    tests
}

fn spans() -> [(&'static str, Span); 8] {
    let span = |source, target, length| Span { source, target, length };
    [
        ("whole-over-a-longer-target", Span::WHOLE),
        ("nothing", span(4096, 4096, Some(0))),
        ("aligned", span(65_536, 131_072, Some(131_072))),
        ("unaligned", span(1, 4097, Some(100_001))),
        ("same-lead", span(4100, 8196, Some(50_000))),
        ("to-the-end", span(200_000, 10, None)),
        ("beyond-the-target", span(0, TARGET as u64 + 5000, Some(9_999))),
        ("beyond-the-source", span(250_000, 0, Some(100_000))),
    ]
}

fn copies_the_range_alone(
    strategy: &Strategy,
    span: Span,
    directory: &std::path::Path,
) -> Result<(), Failed> {
    let source = tempfile::tempfile_in(directory)?;
    let target = tempfile::tempfile_in(directory)?;
    let content: Vec<u8> = (0..SOURCE).map(|index| (index * 31 % 251) as u8).collect();
    write(&source, &content)?;
    write(&target, &vec![OTHER; TARGET])?;
    let wanted = span.length.unwrap_or(SOURCE as u64 - span.source);
    let there = wanted.min(SOURCE as u64 - span.source);
    let workspace = Workspace::new();
    match strategy.copy(Task { source: &source, target: &target, span, workspace: &workspace }) {
        Ok(copied) if copied == wanted && there == wanted => expect_target(&target, &content, span, there),
        Ok(copied) => {
            Err(format!("{copied} bytes reported of {wanted}, of which the source has {there}").into())
        }
        Err(CopyError { cause: Cause::SourceEnded, copied }) if there < wanted => {
            if copied > there {
                return Err(format!("{copied} bytes said to be copied, but the source has {there}").into());
            }
            Ok(())
        }
        // Clones and O_DIRECT take ranges of blocks only, and say so before they touch anything.
        Err(CopyError { cause: Cause::Call { errno: Errno::INVAL, .. }, .. }) if !is_of_blocks(span) => {
            expect_target(&target, &content, Span { length: Some(0), ..span }, 0)
        }
        Err(CopyError { cause: Cause::WholeOnly, .. }) => {
            expect_target(&target, &content, Span { length: Some(0), ..span }, 0)
        }
        Err(error) => Err(error.into()),
    }
}

fn is_of_blocks(span: Span) -> bool {
    let is_of_blocks = |bytes: u64| bytes.is_multiple_of(4096);
    is_of_blocks(span.source) && is_of_blocks(span.target) && span.length.is_some_and(is_of_blocks)
}

fn expect_target(target: &File, content: &[u8], span: Span, copied: u64) -> Result<(), Failed> {
    let end = (span.target + copied) as usize;
    let mut expected = vec![OTHER; if span.is_whole() { 0 } else { TARGET }];
    if span.is_whole() {
        expected.extend_from_slice(content);
    } else if copied > 0 {
        expected.resize(end.max(TARGET), 0);
        let from = span.source as usize;
        expected[span.target as usize..end].copy_from_slice(&content[from..from + copied as usize]);
    }
    let length = target.metadata()?.len() as usize;
    if length != expected.len() {
        return Err(format!("the target is {length} bytes long, not {}", expected.len()).into());
    }
    let mut found = vec![0; length];
    std::os::unix::fs::FileExt::read_exact_at(target, &mut found, 0)?;
    match found.iter().zip(&expected).position(|(a, b)| a != b) {
        None => Ok(()),
        Some(offset) => {
            Err(format!("byte {offset} is {:#x}, expected {:#x}", found[offset], expected[offset]).into())
        }
    }
}

fn write(file: &File, bytes: &[u8]) -> std::io::Result<()> {
    std::os::unix::fs::FileExt::write_all_at(file, bytes, 0)
}

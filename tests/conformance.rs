//! Every strategy of the registry × every layout × every state of the target × lengths around
//! every boundary, one named test each; and ranges into the middle of a file.
//!
//! What cannot work in this directory is shown as ignored, with the reason as the test's kind.
//! `COPYBENCH_DIR` and `COPYBENCH_TO` choose the directories.
#![allow(clippy::expect_used, reason = "a test that cannot begin has failed")]

mod common;

use common::ranges;
use copybench::fixture::{LAYOUTS, Layout, Place, Source};
use copybench::measure::{Cell, Inspection, Stage, WallClock, availability};
use copybench::record::FileSystems;
use copybench::strategy::{DstMode, Strategy, all};
use libtest_mimic::{Arguments, Failed, Trial};
use std::sync::{Arc, Mutex, PoisonError};

struct Places {
    from: Place,
    to: Place,
}

/// A source, or why the file system cannot hold it. Copies of one source take turns, as some
/// change it (on tmpfs, a mapping fills holes) until it is renewed.
type Shared = Arc<Result<Mutex<Source>, String>>;

fn main() {
    let arguments = Arguments::from_args();
    let (from, to) = common::places();
    let places = Arc::new(Places { from, to });
    let refused = availability(&places.from, &places.to).expect("a page of random bytes");
    let mut tests = Vec::new();
    for &layout in LAYOUTS {
        for length in common::lengths() {
            let source: Shared = Arc::new(
                Source::generate(&places.from, layout, length, 7)
                    .map(Mutex::new)
                    .map_err(|error| error.to_string()),
            );
            for (_, strategy) in all() {
                let refusal = refused
                    .iter()
                    .find(|tried| tried.strategy.name == strategy.name)
                    .and_then(|tried| tried.refusal.as_ref())
                    .map(|refused| refused.reason.clone());
                for &dst in DstMode::ALL {
                    tests.push(test(&places, strategy, layout, &source, length, dst, refusal.as_deref()));
                }
            }
        }
    }
    tests.extend(ranges::tests(&places.to, &refused));
    libtest_mimic::run(&arguments, tests).exit();
}

fn test(
    places: &Arc<Places>,
    strategy: &'static Strategy,
    layout: &'static Layout,
    source: &Shared,
    length: u64,
    dst: DstMode,
    refusal: Option<&str>,
) -> Trial {
    let name = format!("{}::{}::{}::{length}", strategy.name, layout.name, dst.name());
    let not_from = (!strategy.dst.contains(&dst)).then_some("not from such a target");
    let unfit = source.as_ref().as_ref().err().map(String::as_str);
    if let Some(reason) = refusal.or(not_from).or(unfit) {
        return Trial::test(name, || Ok(())).with_kind(reason.to_owned()).with_ignored_flag(true);
    }
    let (places, source) = (Arc::clone(places), Arc::clone(source));
    Trial::test(name, move || conforms(&places, strategy, layout, &source, length, dst))
}

/// The copy is verified: length, bytes, holes as promised, byte count.
fn conforms(
    places: &Places,
    strategy: &'static Strategy,
    layout: &'static Layout,
    source: &Shared,
    length: u64,
    dst: DstMode,
) -> Result<(), Failed> {
    let source = source.as_ref().as_ref().map_err(|reason| Failed::from(reason.as_str()))?;
    let source = source.lock().unwrap_or_else(PoisonError::into_inner);
    let (from, to) = (places.from.file_system().to_owned(), places.to.file_system().to_owned());
    let cell = Cell { dst, ..Cell::usual(FileSystems { source: from, target: to }, layout.name, length) };
    let stage = Stage::new(&*source, &places.to);
    // The second copy finds what the first left in the workspace.
    for _ in 0..2 {
        let outcome = stage.trial(strategy, &cell, &WallClock::new(), Inspection::Verify)?;
        if outcome.bytes != length || !outcome.verified {
            return Err(format!("{outcome:?}").into());
        }
    }
    Ok(())
}

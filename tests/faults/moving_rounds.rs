//! Copies of a source that another thread cuts or lengthens meanwhile, many times over in one
//! process, at moments spread over the time that a copy takes.

use crate::bytes;
use crate::helper::copy_paths;
use copybench::strategy::{CopyError, Span, Strategy, find};
use std::fs::File;
use std::hint::spin_loop;
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::process::ExitCode;
use std::sync::Barrier;
use std::thread;
use std::time::{Duration, Instant};

const LONG: usize = 2 << 20;
const SHORT: usize = (512 << 10) + 77;

/// What happens to the source.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Change {
    Shrinks,
    Grows,
}

/// `STRATEGY DIRECTORY shrinks|grows ROUNDS`; prints how many copies ended how.
pub(crate) fn main(words: &[String]) -> ExitCode {
    let [strategy, directory, change, rounds] = words else { panic!("not four words: {words:?}") };
    let strategy = find(strategy).expect("a strategy");
    let change = if change == "shrinks" { Change::Shrinks } else { Change::Grows };
    let rounds: u32 = rounds.parse().expect("a number of rounds");
    let directory = Path::new(directory);
    let sample = bytes(LONG);
    let undisturbed = time_of_a_copy(strategy, directory, &sample);
    let (mut whole, mut prefixes, mut errors) = (0, 0, 0);
    for round in 0..rounds {
        // From before the copy to a little after its end.
        let moment = undisturbed * round * 5 / rounds / 4;
        let (outcome, end) = one(strategy, directory, &sample, change, moment, round);
        match outcome {
            Ok(copied) if copied as usize == end => whole += 1,
            Ok(_) => prefixes += 1,
            Err(_) => errors += 1,
        }
    }
    println!("copied {whole} prefix {prefixes} error {errors}");
    ExitCode::SUCCESS
}

fn time_of_a_copy(strategy: &Strategy, directory: &Path, sample: &[u8]) -> Duration {
    let (source, target) = (directory.join("source"), directory.join("target"));
    std::fs::write(&source, sample).expect("the source");
    let time = || {
        let _ = std::fs::remove_file(&target);
        let began = Instant::now();
        copy_paths(strategy, &source, &target, Span::WHOLE, || ()).expect("an undisturbed copy");
        began.elapsed()
    };
    // The first copy warms up.
    time();
    time().min(time())
}

/// One copy, and where the source ended at last. Panics where more was reported than is right.
fn one(
    strategy: &Strategy,
    directory: &Path,
    sample: &[u8],
    change: Change,
    moment: Duration,
    round: u32,
) -> (Result<u64, CopyError>, usize) {
    let (source, target) = (directory.join("source"), directory.join("target"));
    let _ = std::fs::remove_file(&target);
    let (first, last) = match change {
        Change::Shrinks => (LONG, (round as usize * 397_123 + 77) % LONG),
        Change::Grows => (SHORT, LONG),
    };
    std::fs::write(&source, &sample[..first]).expect("the source");
    let file = File::options().write(true).open(&source).expect("the source");
    let begin = Barrier::new(2);
    let outcome = thread::scope(|scope| {
        scope.spawn(|| {
            begin.wait();
            let began = Instant::now();
            while began.elapsed() < moment {
                spin_loop();
            }
            if change == Change::Shrinks {
                return file.set_len(last as u64).expect("a shorter source");
            }
            for start in (SHORT..LONG).step_by(100_000) {
                let end = LONG.min(start + 100_000);
                file.write_all_at(&sample[start..end], start as u64).expect("a longer source");
            }
        });
        begin.wait();
        copy_paths(strategy, &source, &target, Span::WHOLE, || ())
    });
    let found = std::fs::read(&target).unwrap_or_default();
    let copied = match &outcome {
        Ok(copied) => *copied as usize,
        Err(error) => error.copied as usize,
    };
    assert!(found.len() >= copied, "{outcome:?} of {} bytes", found.len());
    assert!(outcome.is_err() || found.len() == copied, "{outcome:?} of {} bytes", found.len());
    assert!(outcome.is_err() || copied >= first.min(last), "{outcome:?} of {last}");
    // Truncation clears the folio that it cuts, and a read that has begun may find it so.
    let sure = copied.min(last);
    let wrong = |at: &usize| found[*at] != sample[*at] && (*at < last || found[*at] != 0);
    let wrong =
        if found[..sure] == sample[..sure] { (sure..copied).find(wrong) } else { (0..sure).find(wrong) };
    assert!(wrong.is_none(), "{outcome:?}, byte {wrong:?} is wrong, the source ended at {last}");
    (outcome, last)
}

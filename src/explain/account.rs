//! Where the time of a copy goes, said from its figures alone.

use super::explanation::Explanation;
use crate::units::duration;
use std::fmt::Write;

/// A share below this is not worth a sentence.
const NOTICEABLE: f64 = 0.1;
/// Processor time that the kernel needs to tell user mode from its own, by ticks: 50 ms.
const ENOUGH: f64 = 50e6;
/// Elapsed time beside which reading the counters does not show: 100 µs.
const LONG_ENOUGH: f64 = 1e5;

pub(super) fn account(found: &Explanation) -> String {
    let time = found.time;
    let elapsed = time.elapsed_ns as f64;
    let mut text = format!("A copy takes {} (median of {})", duration(time.elapsed_ns as f64), time.copies);
    if let Some(reason) = nothing_moved(found) {
        let _ = write!(text, ": {reason}, so the time hardly depends on the size.");
        return text + &waiting(found);
    }
    let limit = time.memory_copy_ns as f64;
    if elapsed > 0.0 && limit > 0.0 {
        let gibibytes = found.size as f64 / elapsed * 1e9 / f64::from(1 << 30);
        let _ = write!(
            text,
            ", {gibibytes:.2} GiB/s. Moving the same bytes from one buffer to another, a page at a time, takes {}, \
             {:.0} % of that.",
            duration(time.memory_copy_ns as f64),
            (limit / elapsed * 100.0).min(100.0)
        );
    } else {
        text.push('.');
    }
    text + &entries(found, elapsed - limit) + &modes(found) + &waiting(found)
}

/// Why no data was copied, where none was.
fn nothing_moved(found: &Explanation) -> Option<&'static str> {
    let most = |bytes: Option<u64>| bytes.is_some_and(|bytes| bytes > 0 && 2 * bytes > found.size);
    let held_back = found.extents.allocated_bytes.is_some_and(|bytes| 16 * bytes < found.size);
    if most(found.extents.shared_bytes) {
        Some("nothing was copied; the target shares the source's extents")
    } else if held_back
        && found.size > 0
        && found.page_cache.after.target.is_none_or(|bytes| bytes * 16 < found.size)
    {
        Some("nothing was copied; the holes stayed holes")
    } else {
        None
    }
}

/// What is left after the moving of the bytes, by the times that the kernel was entered.
fn entries(found: &Explanation, rest: f64) -> String {
    let faults = found.time.faults;
    let calls = found.calls.count();
    let both = faults + calls.unwrap_or(0);
    let counted = calls.map_or_else(
        || format!("{faults} page faults (system calls were not counted)"),
        |calls| format!("{calls} system calls and {faults} page faults"),
    );
    if rest <= NOTICEABLE * found.time.elapsed_ns as f64 || both == 0 {
        return format!(" That leaves little for {counted}.");
    }
    let each = duration(rest / both as f64);
    let mebibytes = (found.size as f64 / f64::from(1 << 20)).max(f64::MIN_POSITIVE);
    let dominant = if faults > 4 * calls.unwrap_or(0) {
        "most entries into the kernel are faults, and each page that is entered for the first time has to be \
         found or allocated"
    } else if both as f64 / mebibytes > 32.0 {
        "most entries are calls, each of which moves little"
    } else {
        "these are few, so the rest is what the calls do inside: finding, allocating and accounting pages of \
         the target"
    };
    format!(" The rest, {}, is that of {counted}, {each} each on average; {dominant}.", duration(rest))
}

fn modes(found: &Explanation) -> String {
    let (user, system) = (found.time.user_ns as f64, found.time.system_ns as f64);
    if (user + system) * (found.time.copies as f64) < ENOUGH {
        return String::new();
    }
    format!(" The processor was in the kernel for {:.0} % of its time.", system / (user + system) * 100.0)
}

fn waiting(found: &Explanation) -> String {
    let time = found.time;
    let (elapsed, busy) = (time.elapsed_ns as f64, (time.user_ns + time.system_ns) as f64);
    if elapsed < LONG_ENOUGH || busy <= 0.0 {
        String::new()
    } else if busy < (1.0 - NOTICEABLE) * elapsed {
        format!(
            " For {:.0} % of the time it did not run at all, but waited: for a device, a lock, another process \
             or a processor.",
            (1.0 - busy / elapsed) * 100.0
        )
    } else if busy > (1.0 + NOTICEABLE) * elapsed {
        format!(" It kept {:.1} processors busy.", busy / elapsed)
    } else {
        String::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::explain::explanation::*;
    use crate::explain::trace::Total;

    fn found(elapsed: u64, faults: u64, calls: u64) -> Explanation {
        let totals = vec![Total { name: "read".to_owned(), calls, errors: 0, bytes: None }];
        Explanation {
            strategy: "s",
            family: "f",
            summary: "",
            fs: "ext4".to_owned(),
            layout: "dense",
            size: 1 << 20,
            set_up: SetUp { calls: Vec::new(), elapsed_ns: 0 },
            calls: Calls { totals, refused: None },
            faults: Faults::default(),
            mappings: Mappings::default(),
            memory: Memory { peak_private_bytes: None, refused: None },
            page_cache: PageCache {
                before: Held::default(),
                after: Held { target: Some(1 << 20), ..Held::default() },
            },
            extents: Extents { shared_bytes: Some(0), allocated_bytes: Some(1 << 20) },
            time: Times {
                copies: 7,
                elapsed_ns: elapsed,
                user_ns: 0,
                system_ns: elapsed,
                faults,
                memory_copy_ns: 100_000,
            },
            account: String::new(),
        }
    }

    #[test]
    fn the_rest_is_divided_by_the_entries_into_the_kernel() {
        let text = account(&found(400_000, 290, 10));
        assert!(text.contains("25 % of that"), "{text}");
        assert!(text.contains("10 system calls and 290 page faults, 1.0 µs each"), "{text}");
        assert!(text.contains("are faults"), "{text}");
        let text = account(&found(400_000, 0, 512));
        assert!(text.contains("most entries are calls"), "{text}");
        assert!(account(&found(105_000, 1, 4)).contains("leaves little"));
    }

    #[test]
    fn what_shares_extents_has_not_copied() {
        let mut shared = found(9_000, 0, 1);
        shared.extents.shared_bytes = Some(1 << 20);
        assert!(account(&shared).contains("shares the source's extents"));
        let mut kept = found(9_000, 0, 1);
        kept.extents.allocated_bytes = Some(0);
        kept.page_cache.after.target = Some(0);
        assert!(account(&kept).contains("holes stayed holes"));
    }

    #[test]
    fn waiting_and_several_processors_are_told() {
        let mut idle = found(1_000_000, 0, 4);
        idle.time.system_ns = 250_000;
        assert!(account(&idle).contains("For 75 % of the time it did not run"));
        idle.time.system_ns = 1_900_000;
        assert!(account(&idle).contains("1.9 processors"));
    }

    #[test]
    fn uncounted_calls_are_said_to_be_uncounted() {
        let mut blind = found(400_000, 3, 0);
        blind.calls = Calls { totals: Vec::new(), refused: Some("not permitted".to_owned()) };
        assert!(account(&blind).contains("system calls were not counted"));
    }
}

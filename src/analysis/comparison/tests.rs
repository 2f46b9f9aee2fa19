use super::*;
use crate::analysis::example::{Example, Noise, sample};

const QUIET: Noise = Noise { round: 0.05, sample: 0.01, process: 0.002 };
const CELLS: [&str; 4] = ["c1", "c2", "c3", "c4"];
const NAMES: [&str; 8] = ["a", "b", "c", "d", "e", "f", "g", "h"];

/// A run of eight strategies in four cells; in the first cell, one is slower by `slowed`.
fn run(arm: &str, processes: u32, slowed: (&str, f64), noise: Noise, seed: u64) -> Example {
    CELLS.iter().zip(0..).fold(Example::default(), |run, (cell, index)| {
        let extra = |name: &str| if name == slowed.0 && index == 0 { f64::ln_1p(slowed.1) } else { 0.0 };
        let strategies: Vec<_> = NAMES.iter().map(|name| (*name, extra(name))).collect();
        run.measured((cell, arm), &strategies, (processes, 24), noise, 100 * seed + index)
    })
}

fn rows(processes: u32, slowed: (&str, f64), noise: Noise, seed: u64) -> Vec<Row> {
    let base = run("this", processes, ("", 0.0), noise, 2 * seed).measurements();
    let new = run("this", processes, slowed, noise, 2 * seed + 1).measurements();
    compare(&base, &new, &Options::new("a"))
}

fn arm_rows(processes: u32, slowed: (&str, f64), seed: u64) -> Vec<Row> {
    // What drifts from round to round is common to both arms, so it is left out.
    let noise = Noise { round: 0.0, ..QUIET };
    let mut both = run("old", processes, ("", 0.0), noise, 2 * seed).run();
    both.samples.extend(run("this", processes, slowed, noise, 2 * seed + 1).run().samples);
    compare_arms(&Measurements::from_runs(&[both]), &Options::new("a"))
}

fn row<'a>(rows: &'a [Row], strategy: &str) -> &'a Row {
    rows.iter().find(|row| row.cell == "c1" && row.strategy == strategy).unwrap()
}

#[test]
fn the_same_build_twice_is_the_same() {
    for processes in [3, 5] {
        let (mut same, mut all) = (0, 0);
        for seed in 0..20 {
            for row in rows(processes, ("", 0.0), QUIET, seed) {
                assert_ne!(row.estimate.verdict, Verdict::Slower, "{row:?}");
                assert_ne!(row.raw.verdict, Verdict::Slower, "{row:?}");
                assert!(!row.confirmed);
                same += u32::from(row.estimate.verdict == Verdict::Same);
                all += 1;
            }
        }
        assert!(f64::from(same) >= 0.75 * f64::from(all), "{same} of {all}");
    }
}

#[test]
fn noisy_processes_raise_no_alarm() {
    let noisy = Noise { process: 0.03, ..QUIET };
    let tables = 40;
    let false_tables = (0..tables)
        .filter(|seed| {
            let rows = rows(3, ("", 0.0), noisy, *seed);
            rows.iter().any(|row| row.estimate.verdict == Verdict::Slower || row.confirmed)
        })
        .count();
    assert!(false_tables <= 4, "{false_tables} of {tables} tables");
}

#[test]
fn one_strategy_slowed_by_a_tenth_is_found_and_confirmed() {
    for processes in [2, 3, 5] {
        let found = (0..20)
            .filter(|seed| {
                let rows = rows(processes, ("d", 0.10), QUIET, *seed);
                let slowed = row(&rows, "d");
                slowed.estimate.verdict == Verdict::Slower && slowed.confirmed
            })
            .count();
        assert!(found >= 19, "{found} of 20 with {processes} processes");
    }
}

#[test]
fn two_arms_find_a_twentieth() {
    let found = (0..20).filter(|seed| row(&arm_rows(4, ("d", 0.05), *seed), "d").confirmed).count();
    assert!(found >= 19, "{found} of 20");
    let quiet = (0..20).flat_map(|seed| arm_rows(4, ("", 0.0), seed)).filter(|row| row.confirmed).count();
    assert_eq!(quiet, 0);
}

#[test]
fn a_slowed_base_strategy_shows_in_its_own_time() {
    let (apart, in_turn) = (rows(4, ("a", 0.5), QUIET, 1), arm_rows(4, ("a", 0.5), 1));
    for rows in [&apart, &in_turn] {
        let base = row(rows, "a");
        assert_eq!((base.estimate.verdict, base.raw), (Verdict::Slower, base.estimate));
        assert!(base.confirmed);
    }
    assert_eq!(row(&apart, "b").estimate.verdict, Verdict::Faster, "relative to it");
    assert_eq!(row(&in_turn, "b").estimate.verdict, Verdict::Same, "by itself");
}

#[test]
fn own_times_of_two_processes_a_side_are_unclear() {
    let rows = rows(2, ("a", 1.0), QUIET, 1);
    assert_eq!(rows.len(), CELLS.len() * NAMES.len());
    for row in &rows {
        assert_eq!((row.raw.verdict, row.raw.low, row.raw.high), (Verdict::Unclear, None, None));
        assert!(row.raw.ratio.is_some());
    }
    assert_eq!(row(&rows, "a").estimate.verdict, Verdict::Unclear);
}

#[test]
fn one_process_a_side_decides_nothing() {
    for rows in [rows(1, ("d", 1.0), QUIET, 1), arm_rows(1, ("d", 1.0), 1)] {
        assert!(rows.iter().all(|row| row.estimate.verdict == Verdict::Unclear && !row.confirmed));
        let slowed = row(&rows, "d");
        assert_eq!(slowed.processes, [1, 1]);
        assert!((slowed.estimate.ratio.unwrap() - 0.5).abs() < 0.02 && slowed.estimate.high < Some(0.6));
    }
}

#[test]
fn a_base_strategy_is_held_against_the_machines_limit() {
    let run = |ln_time: f64, seed| {
        let names = [(PHYSICAL_LIMIT, -1.0), ("a", ln_time), ("b", 0.0)];
        Example::default().measured(("c1", "this"), &names, (3, 24), QUIET, seed).measurements()
    };
    let rows = compare(&run(0.0, 1), &run(0.1, 2), &Options::new("a"));
    let base = row(&rows, "a");
    assert_eq!((base.estimate.verdict, base.relative_to.as_deref()), (Verdict::Slower, Some(PHYSICAL_LIMIT)));
    let same = compare(&run(0.0, 1), &run(0.0, 2), &Options::new("a"));
    assert_eq!(row(&same, "a").estimate.verdict, Verdict::Same);
}

#[test]
fn zero_times_are_unclear() {
    let run = |ln_time: f64| {
        let strategies = [("a", 0.0), ("b", ln_time)];
        Example::default().measured(("c1", "this"), &strategies, (3, 12), QUIET, 1)
    };
    let verdict = |new: Example| {
        let rows = compare(&run(0.0).measurements(), &new.measurements(), &Options::new("a"));
        row(&rows, "b").estimate.verdict
    };
    assert_eq!(verdict(run(1.0)), Verdict::Slower);
    let mut zero = sample("c1", "b", 30, 0.0);
    zero.copies.elapsed = vec![0];
    assert_eq!(verdict(run(1.0).with(zero)), Verdict::Unclear);
}

#[test]
fn only_common_cells_and_strategies_have_rows() {
    let base = Example::default().with(sample("c1", "b", 1, 0.0)).with(sample("c2", "b", 1, 0.0));
    let new = Example::default().with(sample("c1", "b", 1, 0.0)).with(sample("c1", "z", 1, 0.0));
    let rows = compare(&base.measurements(), &new.measurements(), &Options::new("a"));
    assert_eq!(rows.len(), 1);
    assert_eq!((rows[0].strategy.as_str(), rows[0].base.as_str()), ("b", "b"));
    let json = serde_json::to_value(&rows[0]).unwrap();
    for key in ["cell", "strategy", "ratio", "low", "high", "verdict", "raw"] {
        assert!(json.get(key).is_some(), "{key}");
    }
    assert_eq!(json["raw"], "unclear");
}

//! Claims: the registry is well formed, and the command tries what it is told to.

#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

mod common;

use copybench::claims::{
    Act, Claim, ClaimLine, ClaimVerdict, Figure, Quantity, READERS, Reader, Test, Trial, all,
};
use copybench::fixture::Layout;
use copybench::strategy;
use std::collections::BTreeSet;
use std::process::{Command, Output};

fn claims(arguments: &[&str]) -> Output {
    let (place, _) = common::places();
    let mut command = Command::new(env!("CARGO_BIN_EXE_copybench"));
    command.arg("claims").args(arguments).arg("--dir").arg(place.path()).output().unwrap()
}

fn lines(arguments: &[&str]) -> Vec<ClaimLine> {
    let output = claims(arguments);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[test]
fn every_claim_has_a_name_of_its_own_and_a_source_that_can_be_read() {
    let mut ids = BTreeSet::new();
    for claim in all() {
        assert!(ids.insert(claim.id), "{} stands twice", claim.id);
        let source = claim.source;
        let link = source.link;
        assert!(
            link.starts_with("https://") || link.starts_with("http://") || link == "copybench lab",
            "{link}"
        );
        assert!((1990..=2026).contains(&source.year), "{}", claim.id);
        for text in [source.author, source.title, claim.statement, claim.published] {
            assert!(!text.is_empty() && !text.contains('|'), "{}", claim.id);
        }
    }
}

#[test]
fn every_experiment_names_known_strategies_and_a_bound_on_the_claimed_side() {
    for claim in all() {
        let Trial::Here(experiment) = &claim.trial else { continue };
        for name in experiment.strategies() {
            if experiment.conditions.act == Act::Read {
                assert!(Reader::find(name).is_some(), "{}: {name}", claim.id);
                let told = [Quantity::Time, Quantity::DeviceReads];
                assert!(told.contains(&experiment.figure.quantity()), "{}", claim.id);
                continue;
            }
            let strategy = strategy::find(name).unwrap_or_else(|| panic!("{}: {name}", claim.id));
            assert!(strategy.dst.contains(&experiment.conditions.dst), "{}: {name}", claim.id);
        }
        assert!(Layout::find(experiment.conditions.layout).is_some(), "{}", claim.id);
        if let Figure::Ratio { base, other, .. } = experiment.figure {
            assert_ne!(base, other, "{}", claim.id);
        }
        match experiment.test {
            Test::Effect(published) => assert!(published > 1.0, "{}", claim.id),
            Test::Same(within) => assert!(within > 0.0 && within < 1.0, "{}", claim.id),
            Test::AtLeast(bound) | Test::AtMost(bound) => assert!(bound >= 0.0, "{}", claim.id),
            Test::Direction => {}
        }
    }
    let here = all().filter(|claim| matches!(claim.trial, Trial::Here(_))).count();
    assert!(here >= 20, "{here}");
}

#[test]
fn every_change_of_the_kernel_names_a_known_strategy_and_a_factor() {
    for claim in all() {
        let Trial::Kernels(change) = &claim.trial else { continue };
        let strategy = strategy::find(change.strategy).unwrap_or_else(|| panic!("{}", claim.id));
        assert!(strategy.dst.contains(&change.conditions.dst), "{}", claim.id);
        assert!(!change.conditions.waits(), "{}: guests count instructions", claim.id);
        assert!(matches!(change.test, Test::Effect(published) if published > 1.0), "{}", claim.id);
    }
}

#[test]
fn claims_about_counts_are_tried_in_a_moment_and_told_as_json_lines() {
    let found = lines(&["--only", "W2,C25-write,C74", "--json", "--budget", "2s"]);
    let ids: Vec<_> = found.iter().map(|line| line.id.as_str()).collect();
    assert_eq!(ids, ["W2", "W2-entries", "W2-time", "C25-write", "C74"]);
    for line in &found {
        assert!(line.source.contains(", "), "{line:?}");
        let decided = matches!(line.verdict, ClaimVerdict::Holds | ClaimVerdict::Refuted);
        assert!(
            !decided || (line.ratio.is_some() && line.low <= line.ratio && line.ratio <= line.high),
            "{line:?}"
        );
        let untold = matches!(line.verdict, ClaimVerdict::NotApplicable);
        assert!(!untold || line.reason.is_some(), "{line:?}");
    }
    // Where perf is permitted, two calls of mmap are fewer than a loop's.
    let calls = &found[0];
    assert!(matches!(calls.verdict, ClaimVerdict::Holds | ClaimVerdict::NotApplicable), "{calls:?}");
    assert_eq!(found[4].verdict, ClaimVerdict::NotApplicable);
    let json = String::from_utf8(claims(&["--only", "C74", "--json"]).stdout).unwrap();
    for key in ["id", "fs", "source", "verdict", "ratio", "low", "high"] {
        assert!(json.contains(&format!("\"{key}\":")), "{key} in {json}");
    }
    assert!(json.contains(r#""verdict":"not applicable here""#), "{json}");
}

#[test]
fn a_claim_about_reading_is_tried_without_a_target() {
    let found = lines(&["--only", "C16", "--json", "--budget", "1s"]);
    let [line] = &found[..] else { panic!("{found:?}") };
    assert!(line.ratio.is_some_and(|ratio| ratio > 0.0) && line.rounds >= Some(16), "{line:?}");
    assert!(line.cell.as_ref().is_some_and(|cell| cell.ends_with("|dense|8MiB|warm|read")), "{line:?}");
}

#[test]
fn a_claim_about_full_memory_is_tried_at_a_limit_or_says_what_that_takes() {
    let group = || std::fs::read_to_string("/proc/self/cgroup").unwrap();
    let before = group();
    let found = lines(&["--only", "C22,C50", "--json", "--budget", "1s"]);
    let [line, change] = &found[..] else { panic!("{found:?}") };
    assert!(line.cell.as_ref().is_some_and(|cell| cell.ends_with("|cold|read|memory for half")), "{line:?}");
    match (&line.reason, line.ratio) {
        (None, Some(ratio)) => assert!(ratio > 0.0 && line.rounds >= Some(16), "{line:?}"),
        (Some(reason), _) => {
            let told = ["run it as root", "the memory controller", "tmpfs keeps its files", "too few rounds"];
            assert!(told.iter().any(|words| reason.contains(words)), "{line:?}");
        }
        (None, None) => panic!("{line:?}"),
    }
    assert_eq!(group(), before);
    assert_eq!(change.verdict, ClaimVerdict::NotApplicable);
    assert!(
        change.reason.as_ref().is_some_and(|reason| reason.contains("kernels --claims C50")),
        "{change:?}"
    );
}

#[test]
fn every_reader_is_asked_for() {
    let asked: BTreeSet<&str> = all().flat_map(Claim::strategies).collect();
    for reader in READERS {
        assert!(asked.contains(reader.name), "no claim needs {}: {}", reader.name, reader.summary);
    }
}

#[test]
fn a_claim_is_told_with_its_source_and_what_it_takes_to_hold() {
    let output = claims(&["--only", "C25-write", "--budget", "1s"]);
    let text = String::from_utf8(output.stdout).unwrap();
    for part in ["C25-write", "published:", "to hold: ≥ 64.00", "https://git.kernel.org"] {
        assert!(text.contains(part), "{part} in {text}");
    }
}

#[test]
fn an_unknown_claim_exits_2_with_the_closest() {
    let output = claims(&["--only", "C41-shraed"]);
    assert_eq!(output.status.code(), Some(2));
    let message = String::from_utf8(output.stderr).unwrap();
    assert!(message.contains("C41-shared"), "{message}");
}

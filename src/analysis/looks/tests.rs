use super::*;
use crate::analysis::binomial::clopper_pearson;
use crate::analysis::interval::sign_rank;
use crate::analysis::{Margin, Verdict};
use rand::{Rng, RngExt, SeedableRng, rngs::ChaCha8Rng};

const TABLES: usize = 200;
const STRATEGIES: usize = 6;
const MOST_ROUNDS: usize = 192;
const ERROR: f64 = 0.05;

#[test]
fn looks_double() {
    assert_eq!([0, 11, 12, 30, 48].map(Looks::next_after), [12, 12, 24, 48, 96]);
}

#[test]
fn one_look_is_the_plain_interval_at_half_the_error() {
    for rounds in [6, 12, 50, 100] {
        assert_eq!(repeated_ranks(&[rounds], 0.05), [sign_rank(rounds, 0.975)]);
    }
}

/// All paths of sixteen coins: the share that some look misses is at most what may be spent,
/// and one rank more at any look would overspend.
#[test]
fn ranks_match_counting_all_paths() {
    let looks = [8, 12, 16];
    let missed = |ranks: &[usize], looks: &[usize]| {
        let misses = (0..1_u32 << 16)
            .filter(|path| {
                looks.iter().zip(ranks).any(|(&look, &rank)| {
                    let below = (path & ((1 << look) - 1)).count_ones() as usize;
                    below < rank || look - below < rank
                })
            })
            .count();
        misses as f64 / 65_536.0
    };
    for error in [0.2, 0.05, 0.02] {
        let ranks: Vec<usize> =
            repeated_ranks(&looks, error).into_iter().map(|rank| rank.unwrap_or(0)).collect();
        for last in 1..=looks.len() {
            let spent = error * last as f64 / (last + 1) as f64;
            assert!(missed(&ranks[..last], &looks[..last]) <= spent + 1e-12);
            let mut greedy = ranks[..last].to_vec();
            greedy[last - 1] += 1;
            assert!(missed(&greedy, &looks[..last]) > spent, "{error}: {ranks:?}");
        }
    }
}

#[test]
fn ranks_never_overspend_on_long_runs() {
    let rank = Looks::new(ERROR, 11).rank(30_000).unwrap();
    let plain = sign_rank(30_000, 0.95).unwrap();
    assert!(rank < plain && plain - rank < 300, "{rank} {plain}");
    assert_eq!(Looks::new(ERROR, 11).rank(0), None);
    assert_eq!(Looks::new(ERROR, 11).rank(6), None);
}

/// Noise with heavy tails, as copies have: mostly narrow, one in twenty ten times as wide.
fn noise(random: &mut ChaCha8Rng) -> f64 {
    let bell = |random: &mut ChaCha8Rng| (0..3).map(|_| random.random::<f64>() - 0.5).sum::<f64>() * 2.0;
    let wide = if random.random::<f64>() < 0.05 { 10.0 } else { 1.0 };
    bell(random) * wide
}

/// Ranks at each planned look, counted once for a whole simulation.
fn planned(looks: Looks) -> Vec<(usize, usize)> {
    let rounds = std::iter::successors(Some(FIRST_LOOK), |look| Some(look * 2));
    rounds.take_while(|look| *look <= MOST_ROUNDS).map(|look| (look, looks.rank(look).unwrap_or(0))).collect()
}

/// One comparison as `run` makes it: look, stop when decided or at the last look.
fn stop_when_decided(ranks: &[(usize, usize)], margin: Margin, mut round: impl FnMut() -> f64) -> Verdict {
    let mut values = Vec::new();
    for &(look, rank) in ranks {
        values.resize_with(look, &mut round);
        let verdict = margin.judge(interval_at(&values, rank));
        if verdict.is_decided() {
            return verdict;
        }
    }
    Verdict::Unclear
}

/// Share of tables with any false `faster` or `slower`; the base's noise is common to a table's
/// comparisons, as in rounds. `carry` is the autocorrelation of each strategy's noise.
fn false_tables(true_ln: f64, spread: f64, carry: f64, margin: f64, seed: u64) -> (f64, i64) {
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    let ranks = planned(Looks::new(ERROR, STRATEGIES - 1));
    let margin = Margin::from_fraction(margin).unwrap();
    let (mut tables, mut balance) = (0, 0_i64);
    for _ in 0..TABLES {
        let base_seed = random.next_u64();
        let mut any = false;
        for _ in 1..STRATEGIES {
            let mut base = ChaCha8Rng::seed_from_u64(base_seed);
            let fresh = (1.0 - carry * carry).sqrt();
            let (mut drift, mut own) = (0.0, 0.0);
            let verdict = stop_when_decided(&ranks, margin, || {
                drift = carry * drift + fresh * noise(&mut base);
                own = carry * own + fresh * noise(&mut random);
                true_ln + spread * (drift - own)
            });
            let wrong = match verdict {
                Verdict::Faster => true_ln <= margin.ln(),
                Verdict::Slower => true_ln >= -margin.ln(),
                Verdict::Same | Verdict::Unclear => false,
            };
            any |= wrong;
            balance += i64::from(wrong) * if verdict == Verdict::Faster { 1 } else { -1 };
        }
        tables += usize::from(any);
    }
    (tables as f64 / TABLES as f64, balance)
}

/// Whether a share seen in [`TABLES`] could come of a true one of at most [`ERROR`].
fn holds(share: f64) -> bool {
    clopper_pearson((share * TABLES as f64).round() as u64, TABLES as u64, 0.98).0 <= ERROR
}

/// Of 16 000 tables, four seeds, 3.4 % were wrong.
#[test]
fn same_against_same_without_any_margin_holds_the_error() {
    let (share, balance) = false_tables(0.0, 0.02, 0.0, 0.0, 1);
    assert!(holds(share) && balance.abs() <= 12, "{share} {balance}");
}

#[test]
fn a_difference_of_just_the_margin_holds_the_error() {
    let (share, _) = false_tables(0.02_f64.ln_1p(), 0.02, 0.0, 0.02, 2);
    assert!(holds(share), "{share}");
}

/// Noise and margin as found on a busy machine. Without a margin the widening for
/// autocorrelation is not enough: of 2000 tables 8 % are wrong at 0.3, 12 % at 0.5.
#[test]
fn autocorrelated_noise_with_the_margin_holds_the_error() {
    let (share, balance) = false_tables(0.0, 0.02, 0.5, 0.02, 3);
    assert!(share <= 0.01 && balance.abs() <= 4, "{share} {balance}");
    let (share, _) = false_tables(0.0, 0.02, 0.8, 0.02, 3);
    assert!(holds(share), "{share}");
}

#[test]
fn a_planned_difference_is_found() {
    let mut random = ChaCha8Rng::seed_from_u64(4);
    let ranks = planned(Looks::new(ERROR, STRATEGIES - 1));
    let mut found = |ratio: f64| {
        let trial = |_: &i32| {
            let round = || ratio.ln() + 0.02 * (noise(&mut random) - noise(&mut random));
            stop_when_decided(&ranks, Margin::default(), round) == Verdict::Slower
        };
        (0..100).filter(trial).count()
    };
    assert!(found(1.0 / 1.05) >= 95);
    assert!(found(1.0 / 1.10) == 100);
    assert!(found(1.0) == 0);
}

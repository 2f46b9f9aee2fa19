use super::*;
use rand::{RngExt, SeedableRng, rngs::ChaCha8Rng};

type Round = (u32, u32, Vec<(usize, f64)>);

/// Strategies by name and logarithm of time.
struct Field {
    times: Vec<(&'static str, f64)>,
    noise: f64,
    random: ChaCha8Rng,
    process: u32,
    round: u32,
    fed: Vec<Round>,
}

impl Field {
    fn new(times: &[(&'static str, f64)], noise: f64) -> Self {
        let random = ChaCha8Rng::seed_from_u64(7);
        Self { times: times.to_vec(), noise, random, process: 0, round: 0, fed: Vec::new() }
    }

    fn race(&self, config: Config) -> Race {
        Race::new(self.times.iter().map(|(name, _)| (*name).to_owned()), config)
    }

    /// One round as the race asks for it; false once it is done.
    fn step(&mut self, race: &mut Race) -> bool {
        self.step_with(race, |_, time| time)
    }

    fn step_with(&mut self, race: &mut Race, change: impl Fn(&str, f64) -> f64) -> bool {
        let Next::Measure(batch) = race.next() else { return false };
        self.process += u32::from(batch.new_process);
        self.round += 1;
        let mut one = |index: &usize| {
            let (name, time) = self.times[*index];
            (*index, change(name, 12.0 + time + self.noise * (self.random.random::<f64>() - 0.5)))
        };
        let times: Vec<(usize, f64)> = batch.strategies.iter().map(&mut one).collect();
        race.feed(self.process, self.round, &times);
        self.fed.push((self.process, self.round, times));
        true
    }

    fn run(&mut self, race: &mut Race) -> Answer {
        for _ in 0..2000 {
            if !self.step(race) {
                return race.answer();
            }
        }
        panic!("never decided: {:?}", race.answer())
    }
}

const FEW: [(&str, f64); 5] =
    [("slow", 0.5), ("best", 0.0), ("close", 0.005), ("behind", 0.08), ("half", 0.7)];

fn many() -> Vec<(&'static str, f64)> {
    let names: Vec<&'static str> =
        (0..20).map(|index| &*Box::leak(format!("m{index}").into_boxed_str())).collect();
    let others = names.into_iter().enumerate().map(|(index, name)| (name, 0.1 * (index + 1) as f64));
    [("best", 0.0), ("close", 0.004)].into_iter().chain(others).collect()
}

#[test]
fn the_fastest_is_named_with_what_is_beside_and_behind_it() {
    let mut field = Field::new(&FEW, 0.05);
    let mut race = field.race(Config::default());
    let answer = field.run(&mut race);
    assert!(answer.decided && answer.within.unwrap() <= 0.02, "{answer:?}");
    assert!(["best", "close"].contains(&answer.best.as_deref().unwrap()));
    assert_eq!((answer.of, answer.shares.len(), answer.slower.len()), (5, 1, 3));
    let behind = &answer.slower[0];
    assert_eq!(behind.strategy, "behind");
    assert!(behind.low < 0.084 && 0.074 < behind.high && behind.low > 0.0, "{behind:?}");
    assert_eq!((answer.twin, answer.wait), (Twin::Absent, None));
}

#[test]
fn who_takes_twice_as_long_is_out_after_two_rounds() {
    let mut field = Field::new(&many(), 0.05);
    let mut race = field.race(Config::default());
    field.step(&mut race);
    field.step(&mut race);
    let answer = race.answer();
    assert_eq!(answer.within, None, "the screen claims nothing");
    assert!(answer.slower.iter().any(|slower| slower.strategy == "m19"));
    let Dropped { stage, look, process, round } = answer.slower[0].dropped;
    assert_eq!((stage, look, process, round), (Stage::Screen, 1, 1, 2));
    assert!(answer.slower.iter().all(|slower| slower.low > 0.5), "{answer:?}");
    let Next::Measure(batch) = race.next() else { panic!("done") };
    assert!(batch.new_process && batch.strategies.len() < 22);
}

#[test]
fn counts_without_noise_are_decided_at_the_first_look() {
    let mut field = Field::new(&many(), 0.0);
    let mut race = field.race(Config::default());
    let answer = field.run(&mut race);
    assert_eq!((answer.best.as_deref(), answer.within), (Some("best"), Some(0.0)));
    assert_eq!(answer.slower.len(), 21);
    assert!(answer.slower.iter().all(|slower| slower.dropped.look == 1), "{answer:?}");
    assert!((answer.slower[0].high - 0.004_f64.exp_m1()).abs() < 1e-9);
}

#[test]
fn the_same_rounds_give_the_same_answer() {
    let mut field = Field::new(&many(), 0.1);
    let config = Config { control: Some(["m1".to_owned(), "m2".to_owned()]), ..Config::default() };
    let mut race = field.race(config.clone());
    for _ in 0..40 {
        field.step(&mut race);
    }
    race.finish();
    let mut again = field.race(config);
    for (process, round, times) in &field.fed {
        again.feed(*process, *round, times);
    }
    again.finish();
    assert_eq!(again.answer(), race.answer());
    assert_eq!(again.next(), race.next());
}

#[test]
fn ending_early_says_what_is_known_and_what_it_would_take() {
    let mut field = Field::new(&FEW, 0.4);
    let mut race = field.race(Config::default());
    assert_eq!(race.answer().best, None);
    for _ in 0..30 {
        field.step(&mut race);
    }
    race.finish();
    let early = race.answer();
    assert!(!early.decided && early.within.unwrap() > 0.02, "{early:?}");
    let wait = early.wait.unwrap();
    assert!(wait.rounds > 10 && wait.timed > 0.0);
    let known = early.within.unwrap();
    while field.step(&mut race) {
        assert!(race.answer().within.unwrap() <= known + 1e-9, "what was once ruled out stays so");
    }
    assert!(race.answer().decided);
}

#[test]
fn a_stalled_copy_in_the_first_round_does_not_cost_the_best_its_place() {
    let mut field = Field::new(&many(), 0.02);
    let mut race = field.race(Config::default());
    field.step_with(&mut race, |name, time| if name == "best" { time + 6.0 } else { time });
    let answer = field.run(&mut race);
    assert!(!answer.slower.iter().any(|slower| slower.strategy == "best"), "{answer:?}");
}

#[test]
fn a_twin_that_differs_silences_the_claim() {
    let times = [("best", 0.0), ("base", 0.1), ("twin", 0.15), ("other", 0.3)];
    let mut field = Field::new(&times, 0.02);
    let config = Config { control: Some(["base".to_owned(), "twin".to_owned()]), ..Config::default() };
    let mut race = field.race(config);
    while field.step(&mut race) {}
    let answer = race.answer();
    assert!(matches!(answer.twin, Twin::Different { low, .. } if low > 0.02), "{answer:?}");
    assert_eq!((answer.within, answer.decided, answer.of), (None, false, 3));
    assert!(answer.best.is_some() && !answer.slower.iter().any(|slower| slower.strategy == "twin"));
}

#[test]
fn who_cannot_be_measured_any_more_leaves_the_race() {
    let mut field = Field::new(&FEW, 0.05);
    let mut race = field.race(Config::default());
    for _ in 0..7 {
        field.step(&mut race);
    }
    race.withdraw(1);
    let answer = field.run(&mut race);
    assert_eq!((answer.best.as_deref(), answer.of), (Some("close"), 4));
    race.withdraw(0);
    assert_eq!(race.answer().of, 3);
}

#[test]
fn one_alone_has_won_and_nobody_has_not() {
    let mut race = Race::new(["only".to_owned()], Config::default());
    assert_eq!(race.next(), Next::Done, "there is nothing to measure against");
    race.withdraw(0);
    assert_eq!((race.next(), race.answer().best), (Next::Done, None));
    assert_eq!(Race::new([], Config::default()).next(), Next::Done);
}

#[test]
fn rounds_of_a_process_of_the_screen_decide_nothing() {
    let mut field = Field::new(&many(), 0.05);
    let mut race = field.race(Config::default());
    loop {
        let Next::Measure(batch) = race.next() else { panic!("done") };
        if batch.stage == Stage::Race {
            assert!(batch.new_process);
            break;
        }
        field.step(&mut race);
    }
    // A caller that keeps its process is taken at its word, and measures for nothing.
    let times: Vec<(usize, f64)> = (0..22).map(|index| (index, 12.0)).collect();
    for round in 100..140 {
        race.feed(field.process, round, &times);
    }
    race.finish();
    assert_eq!(race.answer().within, None);
}

#[test]
fn times_beside_a_reference_lose_what_the_machine_did() {
    // The machine gets slower by 0.1 a copy; 0 is the reference, 1 as fast, 2 slower by 0.3.
    let copies = [(0, 1.0), (1, 1.1), (0, 1.2), (2, 1.6), (0, 1.4)];
    let times = beside(&copies, 0);
    let of = |index| times.iter().find(|time| time.0 == index).unwrap().1;
    assert!((of(1) - of(0)).abs() < 1e-12 && (of(2) - of(0) - 0.3).abs() < 1e-12);
    assert_eq!(times.len(), 3);
    // Cut short, before the reference came again.
    let cut = beside(&copies[..4], 0);
    assert!((cut[2].1 - cut[0].1 - 0.4).abs() < 1e-12);
    assert_eq!(beside(&[(1, 1.0)], 0), [(1, 1.0)]);
}

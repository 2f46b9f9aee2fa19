use std::time::Instant;

/// Where `elapsed` comes from.
pub trait Clock {
    /// A reading; only differences mean anything.
    fn now(&self) -> u64;
}

/// Nanoseconds of `CLOCK_MONOTONIC`. In a guest under `-icount shift=0` they are instructions.
#[derive(Debug)]
pub struct WallClock {
    start: Instant,
}

impl WallClock {
    /// A clock that starts at zero.
    pub fn new() -> Self {
        Self { start: Instant::now() }
    }
}

impl Default for WallClock {
    fn default() -> Self {
        Self::new()
    }
}

impl Clock for WallClock {
    fn now(&self) -> u64 {
        u64::try_from(self.start.elapsed().as_nanos()).unwrap_or(u64::MAX)
    }
}

/// No time at all, for trials in which observers cost time.
pub(crate) struct NoClock;

impl Clock for NoClock {
    fn now(&self) -> u64 {
        0
    }
}

/// Makes what it times really slower: the reading that ends a region waits, busy, for a share of
/// the time since the reading that began it.
#[derive(Debug)]
pub(crate) struct Delayed<'a> {
    clock: &'a WallClock,
    share: f64,
    began: std::cell::Cell<Option<u64>>,
}

impl<'a> Delayed<'a> {
    /// `share` is 0.05 for 5 % more time.
    pub(crate) fn new(clock: &'a WallClock, share: f64) -> Self {
        Self { clock, share, began: std::cell::Cell::new(None) }
    }
}

impl Clock for Delayed<'_> {
    fn now(&self) -> u64 {
        let mut now = self.clock.now();
        let Some(began) = self.began.take() else {
            self.began.set(Some(now));
            return now;
        };
        let until = now + ((now - began) as f64 * self.share) as u64;
        while now < until {
            std::hint::spin_loop();
            now = self.clock.now();
        }
        now
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_delayed_region_takes_its_share_longer_and_the_next_begins_anew() {
        let wall = WallClock::new();
        let clock = Delayed::new(&wall, 0.5);
        for _ in 0..2 {
            let began = clock.now();
            let plain = loop {
                let plain = wall.now() - began;
                if plain > 1_000_000 {
                    break plain;
                }
            };
            assert!(clock.now() - began >= plain * 3 / 2);
        }
    }
}

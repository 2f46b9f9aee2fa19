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
    #[must_use]
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

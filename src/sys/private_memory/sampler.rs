use super::private_bytes_of;
use std::fs::File;
use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};
use std::{hint, io};

/// Looks at the private memory again and again, for its peak: the kernel keeps one only together with
/// mapped pages. It takes CPU time, so no clock runs meanwhile.
#[derive(Debug)]
pub struct Sampler {
    phase: Arc<AtomicU8>,
    looks: Receiver<io::Result<Looks>>,
    ended: Option<Instant>,
}

/// What the one thread of all samplers does next.
type Work = Box<dyn FnOnce() + Send>;

/// It lives as long as the process, so that what counts this thread and all that it starts later does
/// not count it.
static LOOKER: Mutex<Option<Sender<Work>>> = Mutex::new(None);

fn looker() -> io::Result<Sender<Work>> {
    let mut looker = LOOKER.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(work) = &*looker {
        return Ok(work.clone());
    }
    let (sender, work) = channel::<Work>();
    thread::Builder::new().name("private-memory".into()).spawn(move || {
        be_punctual();
        work.into_iter().for_each(|work| work());
    })?;
    Ok(looker.insert(sender).clone())
}

/// What a [`Sampler`] found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Peak {
    /// By how many bytes the private memory had grown at most.
    pub bytes: u64,
    /// Longest time between two looks: what came and went meanwhile was not seen.
    pub gap: Duration,
    /// Time from the beginning to the end.
    pub duration: Duration,
}

#[derive(Clone, Copy, Debug)]
struct Looks {
    bytes: u64,
    gap: Duration,
    first: Instant,
    last: Instant,
}

const WAITING: u8 = 0;
const BEGINNING: u8 = 1;
const LOOKING: u8 = 2;
const ENDED: u8 = 3;

impl Sampler {
    /// Makes ready to look about every `interval`. What counts a thread and all that it starts should be
    /// made after the first of these.
    pub fn new(interval: Duration) -> io::Result<Self> {
        let statm = File::open("/proc/self/statm")?;
        let phase = Arc::new(AtomicU8::new(WAITING));
        let shared = Arc::clone(&phase);
        let (sender, looks) = channel();
        let work = move || {
            // Nobody listens where the copy failed.
            let _ = sender.send(look(&statm, &shared, interval));
        };
        looker()?.send(Box::new(work)).map_err(|_| io::Error::other("the sampler is gone"))?;
        Ok(Self { phase, looks, ended: None })
    }

    /// Starts to look, once, by no system call. What is there now counts as nothing.
    pub fn begin(&self) {
        self.phase.store(BEGINNING, Ordering::Release);
        let gone = || Arc::strong_count(&self.phase) == 1;
        while self.phase.load(Ordering::Acquire) == BEGINNING && !gone() {
            hint::spin_loop();
        }
    }

    /// Ends what is looked at, by no system call.
    pub fn end(&mut self) {
        self.phase.store(ENDED, Ordering::Release);
        self.ended = Some(Instant::now());
    }

    /// Waits for the last look and tells what was found.
    pub fn finish(mut self) -> io::Result<Peak> {
        if self.ended.is_none() {
            self.end();
        }
        let looks = self.looks.recv().map_err(|_| io::Error::other("the sampler panicked"))??;
        let ended = self.ended.unwrap_or(looks.last).max(looks.last);
        let gap = looks.gap.max(ended - looks.last);
        Ok(Peak { bytes: looks.bytes, gap, duration: ended - looks.first })
    }
}

impl Drop for Sampler {
    fn drop(&mut self) {
        self.phase.store(ENDED, Ordering::Release);
    }
}

/// Looks until the end. A look after it counts too: what is still there was there before.
fn look(statm: &File, phase: &AtomicU8, interval: Duration) -> io::Result<Looks> {
    while phase.load(Ordering::Acquire) == WAITING {
        thread::sleep(interval);
    }
    let base = private_bytes_of(statm)?;
    let first = Instant::now();
    let mut looks = Looks { bytes: 0, gap: Duration::ZERO, first, last: first };
    let _ = phase.compare_exchange(BEGINNING, LOOKING, Ordering::AcqRel, Ordering::Acquire);
    loop {
        let ended = phase.load(Ordering::Acquire) == ENDED;
        looks.bytes = looks.bytes.max(private_bytes_of(statm)?.saturating_sub(base));
        if ended {
            return Ok(looks);
        }
        let now = Instant::now();
        looks.gap = looks.gap.max(now - looks.last);
        looks.last = now;
        thread::sleep(interval);
    }
}

/// Lets this thread run the moment that its sleep is over, as far as this user may.
fn be_punctual() {
    // A refusal leaves longer gaps, which are told.
    let _ = rustix::thread::set_current_timer_slack(std::num::NonZeroU64::new(1));
    // SAFETY: an all-zero sched_param is valid, and lives through the call.
    unsafe {
        let mut parameter: libc::sched_param = std::mem::zeroed();
        parameter.sched_priority = 1;
        libc::sched_setscheduler(0, libc::SCHED_FIFO, &raw const parameter);
    }
}

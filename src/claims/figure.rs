use crate::record::SampleLine;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Figure {
    /// The quantity of `base` by that of `other`: more than 1 where `other` needs less.
    Ratio {
        /// What is compared.
        of: Quantity,
        /// The numerator.
        base: &'static str,
        /// The denominator.
        other: &'static str,
    },
    /// The quantity of one strategy: a count by MiB of the source, bytes by bytes of the source.
    Level {
        of: Quantity,
        /// By which strategy.
        strategy: &'static str,
    },
}

/// What can be compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Quantity {
    /// Time of a copy.
    Time,
    /// Processor time of a copy, user mode and kernel.
    Cpu,
    /// Page faults.
    Faults,
    /// System calls.
    Calls,
    /// Page faults and system calls.
    Entries,
    /// Most memory beside the page cache; less than a page counts as a page.
    PrivateMemory,
    /// Bytes of the target in extents shared with the source.
    Shared,
    /// Reads that a block device completed.
    DeviceReads,
}

/// A page, in bytes, as the least that memory comes in.
const PAGE: f64 = 4096.0;

impl Figure {
    pub fn quantity(self) -> Quantity {
        match self {
            Self::Ratio { of, .. } | Self::Level { of, .. } => of,
        }
    }

    /// Whose quantity it is.
    pub(super) fn strategies(self) -> Vec<&'static str> {
        match self {
            Self::Ratio { base, other, .. } => vec![base, other],
            Self::Level { strategy, .. } => vec![strategy],
        }
    }

    /// The figure in words.
    pub fn describe(self) -> String {
        match self {
            Self::Ratio { of, base, other } => format!("{} of {base} by {other}", of.name()),
            Self::Level { of, strategy } => format!("{} of {strategy} {}", of.name(), of.unit()),
        }
    }
}

impl Quantity {
    /// Whether it differs from copy to copy, so that it takes rounds to know; other quantities are
    /// counts that hardly do.
    pub fn is_noisy(self) -> bool {
        matches!(self, Self::Time | Self::Cpu)
    }

    pub fn name(self) -> &'static str {
        match self {
            Self::Time => "time",
            Self::Cpu => "processor time",
            Self::Faults => "page faults",
            Self::Calls => "system calls",
            Self::Entries => "faults and calls",
            Self::PrivateMemory => "private memory",
            Self::Shared => "shared extents",
            Self::DeviceReads => "reads of the device",
        }
    }

    fn unit(self) -> &'static str {
        match self {
            Self::Time | Self::Cpu | Self::Faults | Self::Calls | Self::Entries | Self::DeviceReads => {
                "a MiB"
            }
            Self::PrivateMemory | Self::Shared => "by the length",
        }
    }

    /// What a level is divided by for a source of `size` bytes.
    pub(super) fn divisor(self, size: u64) -> f64 {
        let size = size as f64;
        if self.unit() == "a MiB" { size / f64::from(1 << 20) } else { size }
    }

    /// Least value that a ratio is made of, so that none is divided by zero.
    pub(super) fn floor(self) -> f64 {
        if self == Self::PrivateMemory { PAGE } else { 1.0 }
    }

    /// The value in one sample; none where the sample does not tell.
    pub(super) fn of(self, sample: &SampleLine) -> Option<f64> {
        let counter = |key: &str| sample.copies.counter(key).map(|count| count as f64);
        match self {
            Self::Time => crate::analysis::median(
                &sample.copies.elapsed.iter().map(|time| *time as f64).collect::<Vec<_>>(),
            ),
            Self::Cpu => Some(counter("user_ns")? + counter("system_ns")?).filter(|time| *time > 0.0),
            Self::Faults => Some(counter("minor_faults")? + counter("major_faults")?),
            Self::Calls => counter("calls.total"),
            // Counted in different samples: see the estimate.
            Self::Entries => None,
            Self::PrivateMemory => counter("peak_private_bytes"),
            Self::DeviceReads => counter("device_reads"),
            Self::Shared => sample.copies.shared_bytes.map(|bytes| bytes as f64),
        }
    }
}

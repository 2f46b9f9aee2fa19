use crate::record::Clock;
use std::fmt;
use std::str::FromStr;

/// What runs a guest's instructions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Accelerator {
    /// The processor, through KVM; where the flag is set, without the CPU feature
    /// `arch-capabilities`, which KVM nested in some hypervisors cannot give.
    Kvm {
        /// Whether `arch-capabilities` is left out.
        reduced: bool,
    },
    /// QEMU's translator. Its times say nothing about a machine: for function only.
    Tcg,
    /// QEMU's translator with a clock that counts the guest's instructions, one a nanosecond.
    Instructions,
}

/// No `rep movsb` that copies by the byte: QEMU counts two instructions for each byte of one,
/// and kernels choose it by these flags. Without `cx16` since QEMU 7.2 can lose an update there.
const COUNTED_MODEL: &str = "max,-erms,-fsrm,-cx16";

impl Accelerator {
    /// Its name on the command line and in records.
    pub fn name(self) -> &'static str {
        match self {
            Self::Kvm { .. } => "kvm",
            Self::Tcg => "tcg",
            Self::Instructions => "instructions",
        }
    }

    /// What `elapsed` counts in the guest.
    pub fn clock(self) -> Clock {
        if self == Self::Instructions { Clock::Instructions } else { Clock::Wall }
    }

    /// Whether its times may be compared with each other.
    pub fn is_comparable(self) -> bool {
        self != Self::Tcg
    }

    /// The processor that guests see unless told otherwise, as QEMU's `-cpu` takes it.
    pub fn model(self) -> &'static str {
        match self {
            Self::Kvm { reduced: false } => "host",
            Self::Kvm { reduced: true } => "host,-arch-capabilities",
            Self::Tcg | Self::Instructions => COUNTED_MODEL,
        }
    }

    /// Options of QEMU beside the processor model, `qemu(1)`.
    pub(super) fn arguments(self) -> &'static [&'static str] {
        match self {
            Self::Kvm { .. } => &["-accel", "kvm"],
            Self::Tcg => &["-accel", "tcg"],
            Self::Instructions => &[
                "-accel",
                "tcg,thread=single",
                // One instruction a nanosecond, and a sleeping guest jumps to its next timer.
                "-icount",
                "shift=0,sleep=off",
                // The date follows the guest's clock too, so that nothing ticks by the host's.
                "-rtc",
                "clock=vm",
            ],
        }
    }
}

impl fmt::Display for Accelerator {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name())
    }
}

/// What the user asks for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Wanted {
    /// KVM where it works, else instructions.
    #[default]
    Auto,
    /// KVM, or an error.
    Kvm,
    /// See [`Accelerator::Tcg`].
    Tcg,
    /// See [`Accelerator::Instructions`].
    Instructions,
}

impl FromStr for Wanted {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        Ok(match name {
            "auto" => Self::Auto,
            "kvm" => Self::Kvm,
            "tcg" => Self::Tcg,
            "instructions" => Self::Instructions,
            other => return Err(format!("no accelerator {other}; one of auto, kvm, tcg, instructions")),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_counted_instructions_are_another_clock() {
        assert_eq!(Accelerator::Instructions.clock(), Clock::Instructions);
        assert_eq!(Accelerator::Kvm { reduced: true }.clock(), Clock::Wall);
        assert!(!Accelerator::Tcg.is_comparable() && Accelerator::Instructions.is_comparable());
    }

    #[test]
    fn names_are_those_of_the_command_line() {
        assert_eq!("instructions".parse(), Ok(Wanted::Instructions));
        assert!("xen".parse::<Wanted>().unwrap_err().contains("auto"));
    }
}

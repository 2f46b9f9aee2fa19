use super::proc_stat::total_memory;
use std::collections::BTreeMap;
use std::fs::{read_dir, read_to_string};
use std::os::unix::fs::MetadataExt;
use std::path::Path;

type Facts = BTreeMap<String, String>;

/// Kernel settings that change what a copy costs: name of the fact and file it stands in.
const SETTINGS: &[(&str, &str)] = &[
    ("thp.enabled", "/sys/kernel/mm/transparent_hugepage/enabled"),
    ("thp.defrag", "/sys/kernel/mm/transparent_hugepage/defrag"),
    ("thp.shmem_enabled", "/sys/kernel/mm/transparent_hugepage/shmem_enabled"),
    ("lru_gen", "/sys/kernel/mm/lru_gen/enabled"),
    ("vm.dirty_ratio", "/proc/sys/vm/dirty_ratio"),
    ("vm.dirty_background_ratio", "/proc/sys/vm/dirty_background_ratio"),
    ("vm.dirty_bytes", "/proc/sys/vm/dirty_bytes"),
    ("vm.dirty_background_bytes", "/proc/sys/vm/dirty_background_bytes"),
    ("fs.pipe-max-size", "/proc/sys/fs/pipe-max-size"),
    ("kernel.io_uring_disabled", "/proc/sys/kernel/io_uring_disabled"),
    ("cpu.governor", "/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor"),
    ("cpu.boost", "/sys/devices/system/cpu/cpufreq/boost"),
    ("cpu.no_turbo", "/sys/devices/system/cpu/intel_pstate/no_turbo"),
    ("cpu.smt", "/sys/devices/system/cpu/smt/control"),
    ("cpu.online", "/sys/devices/system/cpu/online"),
    ("numa.online", "/sys/devices/system/node/online"),
    ("cgroup.memory.max", "/sys/fs/cgroup/memory.max"),
    ("cgroup.cpu.max", "/sys/fs/cgroup/cpu.max"),
];

/// Fields of the first processor in `/proc/cpuinfo`. Frequencies and BogoMIPS are left out: they
/// differ from boot to boot.
const CPU_FIELDS: &[(&str, &str)] = &[
    ("cpu.vendor", "vendor_id"),
    ("cpu.family", "cpu family"),
    ("cpu.model", "model"),
    ("cpu.name", "model name"),
    ("cpu.stepping", "stepping"),
    ("cpu.microcode", "microcode"),
];

/// What is stable and makes two hosts comparable.
pub(super) fn identity() -> Facts {
    let mut facts = Facts::new();
    let mut add = |name: &str, value: Option<String>| {
        if let Some(value) = value {
            facts.insert(name.to_owned(), value);
        }
    };
    let system = rustix::system::uname();
    add("arch", Some(system.machine().to_string_lossy().into_owned()));
    add("kernel.release", Some(system.release().to_string_lossy().into_owned()));
    add("kernel.version", Some(system.version().to_string_lossy().into_owned()));
    add("rustc", Some(env!("COPYBENCH_RUSTC").to_owned()));
    add("page_size", Some(rustix::param::page_size().to_string()));
    add("memory.gib", total_memory().map(|bytes| ((bytes + (1 << 29)) >> 30).to_string()));
    let cpuinfo = read_to_string("/proc/cpuinfo").unwrap_or_default();
    for (name, field) in CPU_FIELDS {
        add(name, cpu_field(&cpuinfo, field).map(str::to_owned));
    }
    let virtual_machine =
        cpu_field(&cpuinfo, "flags").is_some_and(|flags| flags.split(' ').any(|flag| flag == "hypervisor"));
    add("virtual_machine", Some(virtual_machine.to_string()));
    add("cpu.count", Some(processors(&cpuinfo).to_string()));
    add("seccomp", seccomp());
    for (name, path) in SETTINGS {
        add(name, line(Path::new(path)).map(|value| chosen(&value).to_owned()));
    }
    facts.extend(mitigations());
    facts
}

/// What changes from run to run, and the mounts that the run used.
pub(super) fn context(from: &Path, to: &Path) -> Facts {
    let mut facts = Facts::new();
    for (name, path) in [("load", "/proc/loadavg"), ("tainted", "/proc/sys/kernel/tainted")] {
        facts.extend(line(Path::new(path)).map(|value| (name.to_owned(), value)));
    }
    facts.extend(super::available_memory().map(|bytes| ("memory.available".to_owned(), bytes.to_string())));
    for (name, directory) in [("dir", from), ("to", to)] {
        facts.extend(mount_options(directory).map(|options| (format!("{name}.mount"), options)));
        for (fact, file) in [
            ("read_ahead_kb", "queue/read_ahead_kb"),
            ("scheduler", "queue/scheduler"),
            ("rotational", "queue/rotational"),
        ] {
            facts.extend(device_setting(directory, file).map(|value| (format!("{name}.{fact}"), value)));
        }
    }
    facts
}

/// Short name for directories and charts, made of the processor and its number: `zen4-2cpu`.
pub fn label() -> String {
    let cpuinfo = read_to_string("/proc/cpuinfo").unwrap_or_default();
    format!("{}-{}cpu", processor_name(&cpuinfo), processors(&cpuinfo))
}

fn processors(cpuinfo: &str) -> usize {
    cpuinfo.lines().filter(|line| line.starts_with("processor")).count().max(1)
}

fn processor_name(cpuinfo: &str) -> String {
    let number = |field| cpu_field(cpuinfo, field).and_then(|value| value.parse::<u32>().ok());
    let amd = cpu_field(cpuinfo, "vendor_id") == Some("AuthenticAMD");
    if let (true, Some(family), Some(model)) = (amd, number("cpu family"), number("model"))
        && let Some(generation) = zen(family, model)
    {
        return generation.to_owned();
    }
    let name = cpu_field(cpuinfo, "model name").unwrap_or(std::env::consts::ARCH);
    slug(name)
}

/// AMD's core generation by family and model, which cloud providers leave in although they hide
/// the marketing name.
fn zen(family: u32, model: u32) -> Option<&'static str> {
    match (family, model) {
        (23, 0x00..=0x2f) => Some("zen1"),
        (23, _) => Some("zen2"),
        (25, 0x10..=0x1f | 0x60..=0x7f | 0xa0..=0xaf) => Some("zen4"),
        (25, _) => Some("zen3"),
        (26, _) => Some("zen5"),
        _ => None,
    }
}

fn slug(name: &str) -> String {
    let plain = name.replace("(R)", "").replace("(TM)", "").replace("CPU", "").replace("Processor", "");
    let before_clock = plain.split('@').next().unwrap_or(&plain).to_lowercase();
    let words =
        before_clock.split(|letter: char| !letter.is_ascii_alphanumeric()).filter(|word| !word.is_empty());
    let slug = words.take(4).collect::<Vec<_>>().join("-");
    if slug.is_empty() { std::env::consts::ARCH.to_owned() } else { slug }
}

fn cpu_field<'a>(cpuinfo: &'a str, field: &str) -> Option<&'a str> {
    cpuinfo.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        (name.trim() == field).then(|| value.trim())
    })
}

fn line(path: &Path) -> Option<String> {
    read_to_string(path).ok().map(|text| text.trim().to_owned())
}

/// The value in brackets of `always [madvise] never`, else all of it.
fn chosen(value: &str) -> &str {
    value.split_once('[').and_then(|(_, rest)| rest.split_once(']')).map_or(value, |(inside, _)| inside)
}

fn seccomp() -> Option<String> {
    let status = read_to_string("/proc/self/status").ok()?;
    status.lines().find_map(|line| line.strip_prefix("Seccomp:")).map(|value| value.trim().to_owned())
}

fn mitigations() -> Facts {
    let entries = read_dir("/sys/devices/system/cpu/vulnerabilities").into_iter().flatten().flatten();
    entries
        .filter_map(|entry| {
            Some((format!("mitigation.{}", entry.file_name().to_string_lossy()), line(&entry.path())?))
        })
        .collect()
}

/// Type and sorted options of the mount that holds `directory`, by its device number.
fn mount_options(directory: &Path) -> Option<String> {
    let device = std::fs::metadata(directory).ok()?.dev();
    let device = format!("{}:{}", rustix::fs::major(device), rustix::fs::minor(device));
    let table = read_to_string("/proc/self/mountinfo").ok()?;
    let entry = table.lines().find(|entry| entry.split(' ').nth(2) == Some(&device))?;
    let (mount, file_system) = entry.split_once(" - ")?;
    let mut options: Vec<&str> = mount.split(' ').nth(5)?.split(',').collect();
    options.extend(file_system.split(' ').nth(2)?.split(','));
    options.sort_unstable();
    options.dedup();
    Some(format!("{} {}", file_system.split(' ').next()?, options.join(",")))
}

fn device_setting(directory: &Path, file: &str) -> Option<String> {
    let device = std::fs::metadata(directory).ok()?.dev();
    let path = format!("/sys/dev/block/{}:{}/{file}", rustix::fs::major(device), rustix::fs::minor(device));
    line(Path::new(&path)).map(|value| chosen(&value).to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_label_names_the_core_and_the_number_of_processors() {
        let genoa =
            "processor\t: 0\nvendor_id\t: AuthenticAMD\ncpu family\t: 25\nmodel\t\t: 17\nprocessor\t: 1\n";
        assert_eq!((processor_name(genoa).as_str(), processors(genoa)), ("zen4", 2));
        let xeon = "vendor_id : GenuineIntel\nmodel name : Intel(R) Xeon(R) Platinum 8370C CPU @ 2.80GHz\n";
        assert_eq!(processor_name(xeon), "intel-xeon-platinum-8370c");
    }

    #[test]
    fn the_chosen_of_several_values_stands_in_brackets() {
        assert_eq!(chosen("always [madvise] never"), "madvise");
        assert_eq!(chosen("1048576"), "1048576");
    }
}

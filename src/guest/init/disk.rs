use anyhow::bail;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

const BLOCK_DEVICES: &str = "/sys/block";
const PATIENCE: Duration = Duration::from_secs(30);
const PAUSE: Duration = Duration::from_millis(5);

/// The device with a serial number. Drivers find disks some time after they were inserted, and
/// nothing announces that to a process without udev.
pub(super) fn wait_for(serial: &str) -> anyhow::Result<PathBuf> {
    let deadline = Instant::now() + PATIENCE;
    loop {
        if let Some(name) = find(Path::new(BLOCK_DEVICES), serial) {
            let device = Path::new("/dev").join(name);
            if device.exists() {
                return Ok(device);
            }
        }
        if Instant::now() > deadline {
            bail!("no disk with the serial number {serial} within {} s", PATIENCE.as_secs());
        }
        std::thread::sleep(PAUSE);
    }
}

fn find(devices: &Path, serial: &str) -> Option<String> {
    let entries = fs::read_dir(devices).ok()?;
    let fits = |path: PathBuf| fs::read_to_string(path).is_ok_and(|found| found.trim() == serial);
    entries
        .flatten()
        .find(|entry| fits(entry.path().join("serial")))
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_disk_is_found_by_its_serial_number() {
        let place = tempfile::tempdir().unwrap();
        for (name, serial) in [("vda", "ext4\n"), ("vdb", "xfs")] {
            fs::create_dir(place.path().join(name)).unwrap();
            fs::write(place.path().join(name).join("serial"), serial).unwrap();
        }
        assert_eq!(find(place.path(), "xfs").as_deref(), Some("vdb"));
        assert_eq!(find(place.path(), "ext4").as_deref(), Some("vda"));
        assert_eq!(find(place.path(), "btrfs"), None);
    }
}

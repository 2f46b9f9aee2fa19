use super::*;
use crate::record::{SampleLine, TimedSample, read_files, read_text};
use std::io::Write;

const RUN: &str = r#"{"t":"run","schema":"1.0","id":"a","started":"2026-01-02T03:04:05Z","clock":"wall","argv":[],"commit":{"sha":"0","dirty":false},"host":{"label":"h","hash":"0","kernel":"6.12"}}"#;
const SAMPLE: &str = r#"{"t":"sample","cell":"ext4|dense|1MiB|warm|new|none","strategy":"mmap-write","round":7,"position":2,"process":1,"arm":"this","verified":true,"elapsed":[86012,85511],"bytes":1048576,"shared_bytes":0,"allocated_bytes":1048576,"counters":{"minor_faults":257}}"#;

fn failure(text: &str) -> String {
    read_text(Path::new("f.jsonl"), text).unwrap_err().to_string()
}

#[test]
fn a_sample_reads_the_same_by_either_way() {
    let line: Line = serde_json::from_str(SAMPLE).unwrap();
    assert_eq!(serde_json::to_string(&line).unwrap(), SAMPLE);
    let Line::Sample(sample) = line else { panic!("{line:?}") };
    assert_eq!(serde_json::from_str::<SampleLine>(SAMPLE).unwrap(), sample);
    assert_eq!(TimedSample::parse(SAMPLE.as_bytes()).unwrap(), TimedSample::from(&sample));
}

#[test]
fn a_cut_last_line_is_named_and_left_out() {
    for cut in 1..SAMPLE.len() {
        let read = read_text(Path::new("f.jsonl"), &format!("{RUN}\n{SAMPLE}\n{}", &SAMPLE[..cut])).unwrap();
        assert_eq!(read.runs[0].samples.len(), 1, "cut at {cut}");
        assert!(read.warnings[0].starts_with("f.jsonl:3: the last line is cut short"));
    }
    let whole = read_text(Path::new("f.jsonl"), &format!("{RUN}\n{SAMPLE}")).unwrap();
    assert_eq!((whole.runs[0].samples.len(), whole.warnings.len()), (1, 0));
}

#[test]
fn a_character_cut_in_half_is_a_cut_line_too() {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(format!("{RUN}\n{{\"t\":\"skip\",\"cell\":\"\u{e9}").as_bytes()).unwrap();
    file.as_file().set_len(file.as_file().metadata().unwrap().len() - 1).unwrap();
    let read = read_files(&[file.path().to_owned()]).unwrap();
    assert_eq!(read.warnings.len(), 1);
}

#[test]
fn broken_records_are_named_by_file_and_line() {
    let cut = &SAMPLE[..80];
    assert!(failure(&format!("{RUN}\n{cut}\n{SAMPLE}\n")).starts_with("f.jsonl:2: not a record line"));
    assert!(failure(&format!("{RUN}\n{cut}\n")).starts_with("f.jsonl:2: not a record line"));
    assert!(failure(&format!("{RUN}\n\nrubbish")).starts_with("f.jsonl:3: not a record line"));
    assert!(failure(SAMPLE).starts_with("f.jsonl:1: a line before the first run line"));
    let newer = RUN.replace("\"1.0\"", "\"3.0\"");
    assert!(failure(&newer).starts_with("f.jsonl:1: schema 3.0"));
    assert!(failure(r#"{"t":"start","schema":"3.1"}"#).starts_with("f.jsonl:1: schema 3.1"));
    let other = RUN.replace("wall", "instructions");
    assert!(failure(&format!("{RUN}\n{other}\n")).starts_with("f.jsonl:2: its clock is instructions"));
    assert!(failure(&format!("{RUN}\n{}", SAMPLE.replace("86012", "NaN"))).starts_with("f.jsonl:2"));
}

#[test]
fn clocks_of_several_files_must_agree() {
    let write = |text: &str| {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        writeln!(file, "{text}").unwrap();
        file
    };
    let (wall, other) = (write(RUN), write(&RUN.replace("wall", "instructions")));
    let paths = [wall.path().to_owned(), other.path().to_owned()];
    assert!(matches!(read_files(&paths), Err(ReadError::MixedClocks { line: 1, .. })));
    let missing = [PathBuf::from("no-such-file.jsonl")];
    assert!(read_files(&missing).unwrap_err().to_string().contains("no-such-file.jsonl"));
}

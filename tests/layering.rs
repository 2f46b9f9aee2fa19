//! The table of layers in the crate's documentation, held against what each module uses.

#![allow(clippy::expect_used, clippy::panic, reason = "tests")]

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

#[test]
fn every_module_uses_only_what_its_layer_allows() {
    let allowed = table();
    let mut broken = Vec::new();
    for (module, file) in files() {
        let text = fs::read_to_string(&file).expect("a source file");
        for used in uses(&text) {
            let may =
                allowed.get(&module).unwrap_or_else(|| panic!("src/lib.rs names no layer for `{module}`"));
            if used != module && !may.contains(&used) {
                broken.push(format!("{}: {module} uses {used}", file.display()));
            }
        }
    }
    assert!(broken.is_empty(), "{}", broken.join("\n"));
}

#[test]
fn the_table_names_every_module_and_no_other() {
    let mut modules: Vec<String> = files().into_iter().map(|(module, _)| module).collect();
    modules.sort();
    modules.dedup();
    let named: Vec<String> = table().into_keys().collect();
    assert_eq!(modules, named);
}

#[test]
fn unsafe_stands_in_sys_alone() {
    let offenders: Vec<PathBuf> = files()
        .into_iter()
        .filter(|(module, _)| module != "sys")
        .map(|(_, file)| file)
        .filter(|file| fs::read_to_string(file).expect("a source file").contains("unsafe"))
        .collect();
    assert!(offenders.is_empty(), "{offenders:?}");
}

/// What each module may use, from the rows of the table in src/lib.rs.
fn table() -> BTreeMap<String, Vec<String>> {
    let text = fs::read_to_string(source().join("lib.rs")).expect("src/lib.rs");
    let mut table = BTreeMap::new();
    let mut above: Vec<String> = Vec::new();
    for row in text.lines().filter_map(|line| line.strip_prefix("//! | `")) {
        let (modules, may) = row.split_once(" | ").expect("a row of two columns");
        let names = |cell: &str| -> Vec<String> {
            cell.split('`')
                .filter(|name| name.chars().all(|letter| letter.is_ascii_lowercase()) && !name.is_empty())
                .map(str::to_owned)
                .collect()
        };
        let modules = names(&format!("`{modules}"));
        let may = match may.trim_end_matches(" |") {
            "nothing of ours" => Vec::new(),
            "all above" | "all" => above.clone(),
            some => names(some),
        };
        above.extend(modules.iter().cloned());
        table.extend(modules.into_iter().map(|module| (module, may.clone())));
    }
    table
}

/// Modules of this crate that a file names, by `use crate::` or in a path.
fn uses(text: &str) -> Vec<String> {
    let code = text.lines().filter(|line| !line.trim_start().starts_with("//"));
    let mut used = Vec::new();
    for line in code {
        for part in line.split("crate::").skip(1) {
            let name: String =
                part.chars().take_while(|letter| letter.is_ascii_lowercase() || *letter == '_').collect();
            if !name.is_empty() {
                used.push(name);
            }
        }
    }
    used
}

/// Source files with the top-level module that each belongs to; the crate root and the binary
/// are not part of any.
fn files() -> Vec<(String, PathBuf)> {
    let mut files = Vec::new();
    let mut folders = vec![source()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).expect("a source folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let inside = path.strip_prefix(source()).expect("below src");
            let top = inside.components().next().expect("a name").as_os_str().to_string_lossy();
            let module = top.trim_end_matches(".rs").to_owned();
            if !["lib", "main"].contains(&module.as_str()) {
                files.push((module, path));
            }
        }
    }
    files
}

fn source() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src")
}

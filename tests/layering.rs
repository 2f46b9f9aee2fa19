//! The table of layers in the crate's documentation, held against what each module uses.

#![allow(clippy::expect_used, clippy::panic, reason = "tests")]

use std::collections::{BTreeMap, BTreeSet};
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
/// A file refers to another by a path in its code, also by one that leads through a re-export: that
/// counts for the file with the item, and not for the one that hands it on. So a module file may name
/// its children, and its children may name each other by way of it; but what it defines itself, they
/// may use only if it does not use them.
#[test]
fn files_of_a_module_refer_to_each_other_in_one_direction() {
    let tree = Tree::read();
    let mut edges: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
    for (module, file) in &tree.0 {
        let used = file.paths().filter_map(|path| tree.resolve(module, &path));
        let inside = used.filter(|used| used != module && top(used) == top(module));
        edges.entry(module).or_default().extend(inside);
    }
    let reach = |from: &str| -> BTreeSet<&str> {
        let mut found = BTreeSet::new();
        let mut next: Vec<&str> = vec![from];
        while let Some(module) = next.pop() {
            let used = edges.get(module).into_iter().flatten().map(String::as_str);
            next.extend(used.filter(|used| found.insert(*used)).collect::<Vec<_>>());
        }
        found
    };
    let reached: BTreeMap<&str, BTreeSet<&str>> = edges.keys().map(|from| (*from, reach(from))).collect();
    let circular: Vec<String> = edges
        .iter()
        .flat_map(|(from, used)| used.iter().map(move |to| (*from, to.as_str())))
        .filter(|(from, to)| reached.get(to).is_some_and(|back| back.contains(from)))
        .map(|(from, to)| format!("{from} -> {to}"))
        .collect();
    assert!(circular.is_empty(), "circles:\n{}", circular.join("\n"));
}

fn top(module: &str) -> &str {
    module.split("::").next().unwrap_or(module)
}

/// Every file by the path of its module, without those of tests.
struct Tree(BTreeMap<String, Source>);

struct Source {
    /// What `use` brings in, by the name that it has here, and whether it is handed on.
    uses: Vec<(String, Vec<String>, bool)>,
    /// Paths in the rest of the code.
    inline: Vec<Vec<String>>,
}

impl Tree {
    fn read() -> Self {
        let mut tree = BTreeMap::new();
        for (_, path) in files() {
            let inside = path.strip_prefix(source()).expect("below src").with_extension("");
            let words: Vec<_> = inside.iter().map(|word| word.to_string_lossy()).collect();
            let module = words.join("::").trim_end_matches("::mod").to_owned();
            let text = fs::read_to_string(&path).expect("a source file");
            tree.insert(module, Source::parse(&text));
        }
        let is_test = |module: &String| {
            let (parent, name) = module.rsplit_once("::").unwrap_or(("lib", module));
            let parent = source().join(parent.replace("::", "/"));
            let text = [parent.with_extension("rs"), parent.join("mod.rs")];
            let text = text.iter().find_map(|path| fs::read_to_string(path).ok()).unwrap_or_default();
            ["", "pub(crate) "].iter().any(|how| text.contains(&format!("#[cfg(test)]\n{how}mod {name};")))
        };
        let tests: Vec<String> = tree.keys().filter(|module| is_test(module)).cloned().collect();
        tree.retain(|module, _| !tests.iter().any(|test| module.starts_with(test.as_str())));
        Self(tree)
    }

    /// The file that has what `path` in `module` means; none where it is not of this crate.
    fn resolve(&self, module: &str, path: &[String]) -> Option<String> {
        let found = self.find(module, path, 0)?.0;
        (!found.is_empty()).then_some(found)
    }

    /// The same, and whether it is the module of that file rather than an item in it.
    fn find(&self, module: &str, path: &[String], depth: usize) -> Option<(String, bool)> {
        let parent = |module: &str| module.rsplit_once("::").map_or("", |(parent, _)| parent).to_owned();
        let (first, mut rest) = path.split_first()?;
        let mut here = match first.as_str() {
            "crate" => (String::new(), true),
            "super" => (parent(module), true),
            "self" => (module.to_owned(), true),
            name => self.step(module, name, depth)?,
        };
        while let (true, Some((name, more))) = (here.1, rest.split_first()) {
            here = match name.as_str() {
                "super" => (parent(&here.0), true),
                name => self.step(&here.0, name, depth).unwrap_or((here.0, false)),
            };
            rest = more;
        }
        Some(here)
    }

    /// Where `name` of a module is: in a file of its own, or where a `use` says.
    fn step(&self, module: &str, name: &str, depth: usize) -> Option<(String, bool)> {
        let child = format!("{module}::{name}").trim_start_matches("::").to_owned();
        if self.0.contains_key(&child) {
            return Some((child, true));
        }
        let (_, path, _) = self.0.get(module)?.uses.iter().find(|(known, ..)| known == name)?;
        if depth > 8 { None } else { self.find(module, path, depth + 1) }
    }
}

impl Source {
    fn parse(text: &str) -> Self {
        let code: String = text
            .split("#[cfg(test)]\nmod tests {")
            .next()
            .unwrap_or(text)
            .lines()
            .map(|line| line.split("//").next().unwrap_or(line).to_owned() + "\n")
            .collect();
        let (mut uses, mut inline) = (Vec::new(), Vec::new());
        for statement in code.split_inclusive([';', '{', '}']).fold(Vec::new(), joined) {
            let words = statement.trim_start();
            let found = ["use ", "pub use ", "pub(crate) use ", "pub(super) use "]
                .iter()
                .find_map(|how| words.strip_prefix(how).map(|tree| (how, tree)));
            match found {
                Some((how, tree)) => {
                    let tree: String =
                        tree.trim_end_matches(';').replace(" as ", "@").split_whitespace().collect();
                    let paths = expanded(&tree).into_iter();
                    uses.extend(paths.map(|(name, path)| (name, path, how.starts_with("pub"))));
                }
                None => inline.extend(paths_in(&statement)),
            }
        }
        Self { uses, inline }
    }

    /// All paths but those that are only handed on.
    fn paths(&self) -> impl Iterator<Item = Vec<String>> {
        let own = self.uses.iter().filter(|(_, _, handed_on)| !handed_on).map(|(_, path, _)| path);
        own.chain(&self.inline).cloned()
    }
}

/// Puts the braces of a `use` together again.
fn joined(mut all: Vec<String>, part: &str) -> Vec<String> {
    let is_open = |text: &String| {
        let words = text.trim_start();
        let is_use = words.starts_with("use ") || (words.starts_with("pub") && words.contains(" use "));
        is_use && !text.ends_with(';')
    };
    match all.last_mut().filter(|last| is_open(last)) {
        Some(last) => last.push_str(part),
        None => all.push(part.to_owned()),
    }
    all
}

/// Names and paths of a tree such as `super::{a::B, c@d}`, without white space.
fn expanded(tree: &str) -> Vec<(String, Vec<String>)> {
    let Some((before, inside)) = tree.split_once('{') else {
        let (path, alias) = tree.split_once('@').unwrap_or((tree, ""));
        let path: Vec<String> = path.split("::").map(str::to_owned).collect();
        let name = if alias.is_empty() { path.last().cloned().unwrap_or_default() } else { alias.to_owned() };
        return vec![(name, path)];
    };
    let inside = inside.strip_suffix('}').unwrap_or(inside);
    let (mut depth, mut parts) = (0, vec![String::new()]);
    for letter in inside.chars() {
        depth += i32::from(letter == '{') - i32::from(letter == '}');
        match letter {
            ',' if depth == 0 => parts.push(String::new()),
            letter => parts.last_mut().expect("a part").push(letter),
        }
    }
    let parts = parts.iter().filter(|part| !part.is_empty());
    parts
        .flat_map(|part| expanded(&format!("{before}{part}")))
        .map(|(name, mut path)| {
            // `a::{self}` is `a`.
            if path.last().is_some_and(|last| last == "self") && path.len() > 1 {
                path.pop();
            }
            let name = if name == "self" { path.last().cloned().unwrap_or_default() } else { name };
            (name, path)
        })
        .collect()
}

/// Paths of two words and more.
fn paths_in(code: &str) -> Vec<Vec<String>> {
    let is_word = |letter: char| letter.is_alphanumeric() || letter == '_';
    code.split(|letter| !is_word(letter) && letter != ':')
        .map(|path| path.split("::").map(str::to_owned).collect::<Vec<_>>())
        .filter(|path| {
            path.len() > 1 && path.iter().all(|word| word.chars().all(is_word) && !word.is_empty())
        })
        .collect()
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

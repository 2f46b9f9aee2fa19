//! Whether two machines are alike enough for their times to be compared.

use crate::record::{GuestLine, HostLine, RunLine};
use serde::Serialize;
use std::collections::BTreeSet;

/// A field of the fingerprint in which two machines differ.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Difference {
    /// Name of the field.
    pub field: String,
    /// Value on the base side; empty where the field is missing.
    pub base: String,
    /// Value on the new side.
    pub new: String,
}

/// The identity fields in which two machines differ; none if they are comparable. Fingerprints
/// of unlike hash whose fields are all alike or missing differ in `hash`.
#[must_use]
pub fn differences(base: &HostLine, new: &HostLine) -> Vec<Difference> {
    let fields: BTreeSet<&String> = base.identity.keys().chain(new.identity.keys()).collect();
    let of = |host: &HostLine, field: &str| host.identity.get(field).cloned().unwrap_or_default();
    let mut found: Vec<Difference> = fields
        .into_iter()
        .map(|field| Difference { field: field.clone(), base: of(base, field), new: of(new, field) })
        .filter(|difference| difference.base != difference.new)
        .collect();
    let mut also = |field: &str, base: &str, new: &str| {
        let named = found.iter().any(|difference| difference.field == field);
        if base != new && !named {
            found.push(Difference { field: field.to_owned(), base: base.to_owned(), new: new.to_owned() });
        }
    };
    also("kernel", &base.kernel, &new.kernel);
    if found.is_empty() && base.hash != new.hash {
        found.push(Difference { field: "hash".to_owned(), base: base.hash.clone(), new: new.hash.clone() });
    }
    found
}

/// The differences of every run on either side from the first run of the base side, each once:
/// of the hosts, of how virtual machines were made, and of what was timed.
#[must_use]
pub fn differences_of_runs(base: &[RunLine], new: &[RunLine]) -> Vec<Difference> {
    let Some(first) = base.first() else { return Vec::new() };
    let all: BTreeSet<Difference> = base
        .iter()
        .chain(new)
        .flat_map(|run| {
            let hosts = differences(&first.host, &run.host);
            let guests = guest_differences(first.guest.as_deref(), run.guest.as_deref());
            hosts.into_iter().chain(guests).chain(timed_differences(first, run))
        })
        .collect();
    all.into_iter().collect()
}

fn timed_differences(base: &RunLine, new: &RunLine) -> Option<Difference> {
    let [base, new] = [base, new].map(|run| if run.times_set_up() { "copy and set-up" } else { "copy" });
    let difference = Difference { field: "timed".to_owned(), base: base.to_owned(), new: new.to_owned() };
    (base != new).then_some(difference)
}

fn guest_differences(base: Option<&GuestLine>, new: Option<&GuestLine>) -> Vec<Difference> {
    let fields = |guest: Option<&GuestLine>| {
        let text = |of: &dyn Fn(&GuestLine) -> String| guest.map(of).unwrap_or_default();
        [
            ("guest.accel", text(&|guest| guest.accel.clone())),
            ("guest.append", text(&|guest| guest.append.clone())),
            ("guest.cpu", text(&|guest| guest.cpu.clone())),
            ("guest.emulator", text(&|guest| guest.emulator.clone())),
            ("guest.memory_mib", text(&|guest| guest.memory_mib.to_string())),
            ("guest.settle_seconds", text(&|guest| guest.settle_seconds.to_string())),
        ]
    };
    fields(base)
        .into_iter()
        .zip(fields(new))
        .map(|((field, base), (_, new))| Difference { field: field.to_owned(), base, new })
        .filter(|difference| difference.base != difference.new)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analysis::example::{Example, host};

    #[test]
    fn unlike_fields_are_named() {
        let mut base = host();
        let mut new = host();
        assert!(differences(&base, &new).is_empty());
        base.identity.insert("governor".to_owned(), "performance".to_owned());
        new.identity.insert("governor".to_owned(), "powersave".to_owned());
        new.identity.insert("smt".to_owned(), "on".to_owned());
        new.kernel = "7.3".to_owned();
        new.hash = "1".to_owned();
        let fields: Vec<String> =
            differences(&base, &new).into_iter().map(|difference| difference.field).collect();
        assert_eq!(fields, ["governor", "smt", "kernel"]);
    }

    #[test]
    fn times_with_set_up_in_them_are_unlike_those_without() {
        let run = |schema: &str| {
            let mut run = Example::default().run().run;
            run.schema = schema.to_owned();
            run
        };
        assert!(differences_of_runs(&[run("1.0")], &[run("1.3")]).is_empty());
        let found = differences_of_runs(&[run("1.0")], &[run("2.0")]);
        assert_eq!((found[0].field.as_str(), found[0].base.as_str()), ("timed", "copy and set-up"));
    }

    #[test]
    fn guests_of_unlike_make_are_unlike() {
        let guest = |memory_mib| {
            let mut run = Example::default().run().run;
            run.guest = Some(Box::new(GuestLine { memory_mib, ..GuestLine::default() }));
            run
        };
        assert!(differences_of_runs(&[guest(512)], &[guest(512)]).is_empty());
        let found = differences_of_runs(&[guest(512)], &[guest(512), guest(1024)]);
        assert_eq!(found.len(), 1);
        assert_eq!((found[0].field.as_str(), found[0].new.as_str()), ("guest.memory_mib", "1024"));
    }

    #[test]
    fn context_does_not_count_but_an_unexplained_hash_does() {
        let (base, mut new) = (host(), host());
        new.context.insert("load".to_owned(), "9".to_owned());
        assert!(differences(&base, &new).is_empty());
        new.hash = "1".to_owned();
        assert_eq!(differences(&base, &new)[0].field, "hash");
    }
}

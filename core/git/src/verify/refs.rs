//! Refs: where they point, and the text of their files.

use alloc::format;

use bstr::BString;

use super::{Message, Problem, Subject};
use crate::Kind;
use crate::refs::loose::{LooseRef, LooseTarget};
use crate::refs::name::{Levels, check_format};
use crate::refs::packed::{PackedRefs, PackedRefsProblem};
use crate::refs::{RefName, RefStore, RefTarget};
use crate::store::ObjectSource;

/// Reports refs that lead to no object, and branches that lead to something else than a commit. A symbolic ref to a ref
/// that does not exist is no problem: so is `HEAD` before the first commit.
pub fn check_refs(refs: &RefStore, source: &dyn ObjectSource, report: &mut dyn FnMut(Problem)) {
    for (name, target) in refs.iter() {
        let mut tell = |message, detail: BString| {
            report(Problem { subject: Subject::Ref(name.as_bstr().into()), message, detail });
        };
        match target {
            RefTarget::Symbolic(to) => {
                if name.as_bstr() == "HEAD" && to.branch_name().is_none() {
                    tell(Message::BadHeadTarget, to.as_bstr().into());
                }
                if refs.resolve(name.as_ref()).is_err() {
                    tell(Message::BadReferentName, to.as_bstr().into());
                }
            }
            RefTarget::Direct(id) if id.is_null() => tell(Message::BadRefOid, BString::default()),
            RefTarget::Direct(id) => match source.header(id) {
                Err(error) if error.is_missing() => tell(Message::RefTargetMissing, format!("{id}").into()),
                Err(error) => tell(Message::Unreadable, format!("{error}").into()),
                Ok((kind, _)) if kind != Kind::Commit && name.branch_name().is_some() => {
                    tell(Message::RefTargetNotCommit, format!("{kind} {id}").into());
                }
                Ok(_) => {}
            },
        }
    }
}

/// Reports what is wrong with the name of a ref and the content of its file.
pub fn check_loose_ref(name: &[u8], content: &[u8], report: &mut dyn FnMut(Problem)) {
    let mut tell = |message| {
        report(Problem { subject: Subject::Ref(name.into()), message, detail: BString::default() });
    };
    if RefName::new(name).is_err() {
        tell(Message::BadRefName);
    }
    let Ok(loose) = LooseRef::parse(content) else { return tell(Message::BadRefContent) };
    match loose.target {
        LooseTarget::Direct(id) if id.is_null() => tell(Message::BadRefOid),
        LooseTarget::Direct(_) => {}
        LooseTarget::Symbolic(to) => {
            if name == b"HEAD" && !to.starts_with(b"refs/heads/") {
                tell(Message::BadHeadTarget);
            }
            if check_format(to, Levels::OneOrMore).is_err() {
                tell(Message::BadReferentName);
            } else if RefName::new(to).is_err() {
                tell(Message::SymrefTargetIsNotARef);
            }
        }
    }
    if !loose.has_newline {
        tell(Message::RefMissingNewline);
    }
    if !loose.trailing.is_empty() {
        tell(Message::TrailingRefContent);
    }
}

/// Reports what is wrong with the file `packed-refs`: a line each that cannot be read, names, order.
pub fn check_packed_refs(bytes: &[u8], report: &mut dyn FnMut(Problem)) {
    let mut tell = |message, line: usize| {
        let detail = if line == 0 { BString::default() } else { format!("line {line}").into() };
        report(Problem { subject: Subject::Ref("packed-refs".into()), message, detail });
    };
    if bytes.is_empty() {
        return tell(Message::EmptyPackedRefsFile, 0);
    }
    let mut refs = PackedRefs::new(bytes);
    let is_sorted = refs.sorted;
    let mut previous: Option<&[u8]> = None;
    while let Some(read) = refs.next() {
        match read {
            Ok(found) => {
                if RefName::new(found.name).is_err() {
                    tell(Message::BadRefName, refs.line());
                }
                if is_sorted && previous.is_some_and(|previous| previous >= found.name) {
                    tell(Message::PackedRefUnsorted, refs.line());
                }
                previous = Some(found.name);
            }
            Err(error) => tell(
                match error.problem {
                    PackedRefsProblem::Unterminated => Message::PackedRefEntryNotTerminated,
                    PackedRefsProblem::Header => Message::BadPackedRefHeader,
                    PackedRefsProblem::Line => Message::BadPackedRefEntry,
                },
                error.line,
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec::Vec;

    const HEX: &str = "4b825dc642cb6eb9a060e54bf8d69288fbee4904";

    #[test]
    fn the_text_of_refs_is_judged() {
        let cases: &[(&str, &str, &[&str])] = &[
            ("refs/heads/a", &format!("{HEX}\n"), &[]),
            ("HEAD", "ref: refs/heads/a\n", &[]),
            ("refs/heads/a", "nonsense\n", &["badRefContent"]),
            ("refs/heads/a..b", &format!("{HEX}\n"), &["badRefName"]),
            ("refs/heads/a", HEX, &["refMissingNewline"]),
            ("refs/heads/a", &format!("{HEX}\nmore"), &["trailingRefContent"]),
            ("refs/heads/a", &format!("{HEX} more\n"), &["refMissingNewline", "trailingRefContent"]),
            ("refs/heads/a", &format!("{:040}\n", 0), &["badRefOid"]),
            ("refs/heads/a", "ref: refs/heads/a b\n", &["badReferentName"]),
            ("refs/heads/a", "ref: elsewhere\n", &["symrefTargetIsNotARef"]),
            ("HEAD", "ref: refs/tags/a\n", &["badHeadTarget"]),
        ];
        for (name, content, expected) in cases {
            let mut found = Vec::new();
            check_loose_ref(name.as_bytes(), content.as_bytes(), &mut |problem| {
                found.push(problem.message_id())
            });
            assert_eq!(found, *expected, "{name} {content:?}");
        }
    }

    #[test]
    fn packed_refs_are_judged_line_by_line() {
        let header = "# pack-refs with: peeled fully-peeled sorted \n";
        let cases: &[(&str, &[&str])] = &[
            ("", &["emptyPackedRefsFile"]),
            (header, &[]),
            (&format!("{header}{HEX} refs/b\n{HEX} refs/a\n"), &["packedRefUnsorted"]),
            (&format!("{HEX} refs/b\n{HEX} refs/a\n"), &[]),
            (&format!("{header}{HEX} refs/b"), &["packedRefEntryNotTerminated"]),
            ("# other\n", &["badPackedRefHeader"]),
            (&format!("{header}nonsense\n{HEX} refs/a..b\n"), &["badPackedRefEntry", "badRefName"]),
        ];
        for (text, expected) in cases {
            let mut found = Vec::new();
            check_packed_refs(text.as_bytes(), &mut |problem| found.push(problem.message_id()));
            assert_eq!(found, *expected, "{text:?}");
        }
    }
}

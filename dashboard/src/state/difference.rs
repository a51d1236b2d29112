//! What differs between two states, read for showing.

use govc_engine::Repository;
use govc_engine::git::ObjectId;
use govc_engine::git::diff::ChangeKind;
use govc_engine::git::diff::change::Algorithm;
use govc_engine::git::diff::hunk::{LineKind, TextDiff};
use govc_engine::git::diff::rename::RenameOptions;

use crate::model::hunks::{Kind, Pair, side_by_side};

/// Unchanged lines around changes.
const CONTEXT_LINES: u32 = 3;
/// Lines of a file's difference that are laid out; the rest is counted.
const LINES_MAX: usize = 2000;

/// A file that differs.
#[derive(Clone, Debug, PartialEq)]
pub struct FileLine {
    /// Its path in the new state; of what is gone, in the old one.
    pub path: String,
    /// Its path before, where that was another.
    pub from: Option<String>,
    /// One letter, as git has them.
    pub letter: char,
    /// The old and the new content.
    pub sides: (Option<ObjectId>, Option<ObjectId>),
}

/// A file's difference, laid out.
#[derive(Clone, Debug, PartialEq)]
pub enum Laid {
    /// One of both is no text.
    Binary,
    /// Hunks of lines beside each other, and how many lines were left out.
    Text(Vec<Vec<Pair>>, usize),
}

/// The files that differ between a commit and its first parent.
pub fn of_commit(repository: &Repository, id: &ObjectId) -> govc_engine::Result<Vec<FileLine>> {
    let (parents, _) = repository.commit_place(id)?;
    between(repository, &tree_of(repository, parents.first().copied())?, &repository.peel_to_tree(id)?)
}

/// The tree of a commit; the empty one for none.
pub fn tree_of(repository: &Repository, commit: Option<ObjectId>) -> govc_engine::Result<ObjectId> {
    commit.map_or(Ok(ObjectId::EMPTY_TREE), |id| repository.peel_to_tree(&id))
}

/// The files that a reality has staged. What is staged can be read until something else is staged.
pub fn staged(repository: &mut Repository, reality: &str) -> govc_engine::Result<Vec<FileLine>> {
    let name = repository.reality(reality.as_bytes())?;
    let old = tree_of(repository, repository.head(&name)?)?;
    let new = repository.preview(&name)?;
    between(repository, &old, &new)
}

/// The files that differ between two trees.
pub fn between(
    repository: &Repository,
    old: &ObjectId,
    new: &ObjectId,
) -> govc_engine::Result<Vec<FileLine>> {
    let changes = repository.diff(old, new, Some(RenameOptions::default()))?;
    let line = |change: govc_engine::git::diff::FileChange| FileLine {
        letter: match change.kind {
            ChangeKind::Added => 'A',
            ChangeKind::Removed => 'D',
            ChangeKind::Renamed => 'R',
            ChangeKind::Copied => 'C',
            ChangeKind::TypeChanged => 'T',
            _ => 'M',
        },
        path: change.path.to_string(),
        from: change.old_path.map(|path| path.to_string()),
        sides: (change.old.map(|side| side.id), change.new.map(|side| side.id)),
    };
    Ok(changes.into_iter().map(line).collect())
}

/// The lines that differ between two contents.
pub fn laid_out(
    repository: &Repository,
    sides: &(Option<ObjectId>, Option<ObjectId>),
) -> govc_engine::Result<Laid> {
    let (old, new) = contents(repository, sides)?;
    let Some(diff) = TextDiff::new(&old, &new, Algorithm::Histogram) else { return Ok(Laid::Binary) };
    let (mut hunks, mut shown, mut left) = (Vec::new(), 0, 0);
    for hunk in diff.hunks(CONTEXT_LINES) {
        let texts: Vec<(Kind, String)> =
            diff.lines(&hunk).map(|(kind, text)| (kind_of(kind), line_text(text))).collect();
        if shown + texts.len() > LINES_MAX {
            left += texts.len();
            continue;
        }
        shown += texts.len();
        let lines: Vec<(Kind, &str)> = texts.iter().map(|(kind, text)| (*kind, text.as_str())).collect();
        hunks.push(side_by_side(hunk.old.start + 1, hunk.new.start + 1, &lines));
    }
    Ok(Laid::Text(hunks, left))
}

/// How many lines were removed and added between two contents; nothing where one is no text.
pub fn line_counts(
    repository: &Repository,
    sides: &(Option<ObjectId>, Option<ObjectId>),
) -> govc_engine::Result<Option<(u32, u32)>> {
    let (old, new) = contents(repository, sides)?;
    let diff = TextDiff::without_context(&old, &new, Algorithm::Histogram);
    Ok(diff.map(|diff| diff.line_counts()))
}

/// Both contents; empty where there is none.
fn contents(
    repository: &Repository,
    sides: &(Option<ObjectId>, Option<ObjectId>),
) -> govc_engine::Result<(Vec<u8>, Vec<u8>)> {
    let content = |id: &Option<ObjectId>| match id {
        Some(id) => repository.read_blob(id).map(|bytes| bytes.to_vec()),
        None => Ok(Vec::new()),
    };
    Ok((content(&sides.0)?, content(&sides.1)?))
}

fn kind_of(kind: LineKind) -> Kind {
    match kind {
        LineKind::Context => Kind::Context,
        LineKind::Removed => Kind::Removed,
        LineKind::Added => Kind::Added,
    }
}

fn line_text(line: &[u8]) -> String {
    let line = line.strip_suffix(b"\n").unwrap_or(line);
    String::from_utf8_lossy(line).into_owned()
}

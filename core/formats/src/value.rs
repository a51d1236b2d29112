//! What a document says without how it is spelled, and the three-way merge of that: the model that merged texts are held to.
//!
//! Maps are compared and merged by key, in any order. A list is one value, unless both sides only added to its end.
//! Recursion ends with the nesting of trees, which parsers bound.

use alloc::collections::BTreeMap;
use alloc::string::String;
use alloc::vec::Vec;

use crate::tree::{Kind, NodeId, Tree};

/// Which side wins where both changed the same.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Favor {
    /// Neither: it is a conflict.
    #[default]
    None,
    /// Ours.
    Ours,
    /// Theirs.
    Theirs,
}

impl Favor {
    /// The side that wins, if one does.
    pub(crate) fn choose<T>(self, ours: T, theirs: T) -> Option<T> {
        match self {
            Self::None => None,
            Self::Ours => Some(ours),
            Self::Theirs => Some(theirs),
        }
    }
}

/// A value.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Value {
    /// Anything but a list or map, with its tag.
    Scalar(Kind, String),
    List(Vec<Value>, String),
    Map(BTreeMap<String, Value>, String),
}

impl Value {
    /// What a node says. Of entries with one key, the last.
    pub fn of(tree: &Tree, id: NodeId) -> Self {
        let node = &tree.nodes[id];
        match node.kind {
            Kind::List => Self::List(
                node.entries.iter().map(|entry| Self::of(tree, entry.node)).collect(),
                node.marks.clone(),
            ),
            Kind::Map => {
                let entries =
                    node.entries.iter().map(|entry| (entry.key.clone(), Self::of(tree, entry.node)));
                Self::Map(entries.collect(), node.marks.clone())
            }
            _ => Self::Scalar(node.kind.clone(), node.marks.clone()),
        }
    }
}

/// The merge of the changes from `base` to both sides; `Err` where they do not fit together. A value that is missing is
/// `None`, on each side and in the answer.
pub(crate) fn merge(
    base: Option<&Value>,
    ours: Option<&Value>,
    theirs: Option<&Value>,
    favor: Favor,
) -> Result<Option<Value>, ()> {
    if base == ours || ours == theirs {
        return Ok(theirs.cloned());
    }
    if base == theirs {
        return Ok(ours.cloned());
    }
    match (base, ours, theirs) {
        (
            Some(Value::Map(_, _)) | None,
            Some(Value::Map(ours_map, our_marks)),
            Some(Value::Map(theirs_map, their_marks)),
        ) if our_marks == their_marks => {
            let none = BTreeMap::new();
            let base_map = match base {
                Some(Value::Map(base, _)) => base,
                _ => &none,
            };
            let mut merged = BTreeMap::new();
            for key in ours_map.keys().chain(theirs_map.keys()) {
                if !merged.contains_key(key)
                    && let Some(value) =
                        merge(base_map.get(key), ours_map.get(key), theirs_map.get(key), favor)?
                {
                    merged.insert(key.clone(), value);
                }
            }
            Ok(Some(Value::Map(merged, our_marks.clone())))
        }
        (
            Some(Value::List(base, _)),
            Some(Value::List(ours, our_marks)),
            Some(Value::List(theirs, their_marks)),
        ) if our_marks == their_marks && ours.starts_with(base) && theirs.starts_with(base) => {
            let added = added(ours, theirs, base.len()).ok_or(())?;
            let merged = ours.iter().chain(added.into_iter().map(|at| &theirs[at])).cloned().collect();
            Ok(Some(Value::List(merged, our_marks.clone())))
        }
        _ => favor.choose(ours.cloned(), theirs.cloned()).ok_or(()),
    }
}

/// Most comparisons of added entries: two lists that both grew by 3,000.
const COMPARISONS_MAX: usize = 10_000_000;

/// Which of their entries from `shared` on ours has not added as well; `None` for too many.
pub(crate) fn added(ours: &[Value], theirs: &[Value], shared: usize) -> Option<Vec<usize>> {
    if (ours.len() - shared).saturating_mul(theirs.len() - shared) > COMPARISONS_MAX {
        return None;
    }
    Some((shared..theirs.len()).filter(|at| !ours[shared..].contains(&theirs[*at])).collect())
}

//! What a world's entries say of each reality: a register that holds every value that no other one has overtaken.
//!
//! An entry overtakes what its writer had seen, and nothing else. So entries that know nothing of each other leave
//! several values side by side, and any order in which causes come before effects gives the same.

use alloc::collections::BTreeMap;
use alloc::vec::Vec;

use bstr::{BStr, BString};
use govc_git::ObjectId;
use govc_git::name_map::NameMap;
use govc_git::sort::sort;
use govc_replication::clock::VectorClock;
use govc_replication::entry::Entry;
use govc_replication::id::NodeId;

use super::moves::Moves;

/// One value: who wrote it, in which entry, and the heads of the reality by it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Value {
    node: NodeId,
    seq: u64,
    heads: Vec<ObjectId>,
}

/// The fold of a world's entries.
#[derive(Default)]
pub(crate) struct View {
    /// By node, what its last entry that was taken in had seen.
    seen: BTreeMap<NodeId, VectorClock>,
    /// By reality, the values that count, in order.
    registers: NameMap<BString, Vec<Value>>,
}

impl View {
    /// Takes in an entry whose causes were taken in; the realities that it speaks of. One that cannot be read says nothing.
    pub fn apply(&mut self, entry: &Entry) -> Vec<BString> {
        let (node, seq) = (entry.node(), entry.seq());
        let seen = self.seen.entry(node).or_default();
        seen.join(&entry.draft().causes);
        seen.raise(&node, seq + 1);
        let Ok(moves) = Moves::decode(&entry.draft().payload) else { return Vec::new() };
        let mut moved = Vec::with_capacity(moves.realities.len());
        for (name, heads) in moves.realities {
            let values = self.registers.get_or_insert_with(name.clone(), Vec::new);
            values.retain(|value| value.seq >= seen.get(&value.node));
            let value = Value { node, seq, heads };
            let at = values.partition_point(|other| *other < value);
            values.insert(at, value);
            moved.push(name);
        }
        moved
    }

    /// Where a reality is by the values that count, each commit once, in the order of their ids; `None` where the world
    /// has never heard of it. Where one says that it is gone and another that it moved, it moved.
    pub fn heads(&self, name: &BStr) -> Option<Vec<ObjectId>> {
        let values = self.registers.get(name)?;
        let mut heads: Vec<ObjectId> = values.iter().flat_map(|value| value.heads.iter().copied()).collect();
        sort(&mut heads);
        heads.dedup();
        Some(heads)
    }

    /// All realities that the world has heard of, in order.
    pub fn realities(&self) -> impl Iterator<Item = &BString> {
        self.registers.keys()
    }
}

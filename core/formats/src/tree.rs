//! What a document says and where it says it: nodes with the bytes that they span.
//!
//! One shape for all formats. Nothing here knows how any of them is spelled.

use alloc::string::String;
use alloc::vec::Vec;
use core::ops::Range;

/// Index of a node in its tree.
pub(crate) type NodeId = usize;

/// What one node is.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Kind {
    Null,
    Bool(bool),
    /// As it is spelled, without signs and separators that JSON does not know.
    Number(String),
    Text(String),
    /// What JSON has no word for: a date of TOML, an alias of YAML; as it is spelled.
    Other(String),
    List,
    Map,
}

/// How the entries of a list or map stand in the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Layout {
    /// Between brackets, with commas.
    Flow,
    /// On lines of their own.
    Block,
    /// In a way that is not taken apart.
    Whole,
}

/// A value and its place.
#[derive(Clone, Debug)]
pub(crate) struct Node {
    pub kind: Kind,
    /// Bytes from the first to the last character that belong to it.
    pub span: Range<usize>,
    pub entries: Vec<Entry>,
    pub layout: Layout,
    /// A tag and an anchor of YAML: part of what the node says.
    pub marks: String,
    /// The node that an alias of YAML stands for.
    pub alias: Option<NodeId>,
}

/// One entry of a list or map.
#[derive(Clone, Debug)]
pub(crate) struct Entry {
    /// Empty for an entry of a list.
    pub key: String,
    /// Where the key stands; for an entry of a list, where the value does.
    pub key_span: Range<usize>,
    pub node: NodeId,
}

/// A document.
#[derive(Clone, Debug)]
pub(crate) struct Tree {
    pub nodes: Vec<Node>,
    /// The node that all others are in.
    pub root: NodeId,
    /// How many documents there are, where a file may hold several; the root is their list where they are not one.
    pub documents: usize,
}

impl Default for Tree {
    fn default() -> Self {
        Self { nodes: Vec::new(), root: 0, documents: 1 }
    }
}

impl Tree {
    /// Adds a node.
    pub fn push(&mut self, kind: Kind, span: Range<usize>, layout: Layout) -> NodeId {
        self.nodes.push(Node { kind, span, entries: Vec::new(), layout, marks: String::new(), alias: None });
        self.nodes.len() - 1
    }

    /// The node that a JSON pointer leads to, as far as it leads anywhere, and the entry it is the value of.
    pub fn find(&self, pointer: &str) -> Option<(&Node, Option<&Entry>)> {
        let mut node = self.nodes.get(self.root)?;
        let mut entry = None;
        for token in pointer.split('/').skip(1) {
            let token = token.replace("~1", "/").replace("~0", "~");
            let found = match node.kind {
                Kind::List => token.parse().ok().and_then(|at: usize| node.entries.get(at)),
                // Of several with one name the last counts, as in JSON.parse.
                _ => node.entries.iter().rev().find(|entry| entry.key == token),
            };
            let Some(found) = found else { break };
            entry = Some(found);
            node = &self.nodes[found.node];
        }
        Some((node, entry))
    }

    /// The later of each two entries of a map that have one name, in the order of the text.
    pub fn duplicates(&self) -> Vec<(&Entry, &Entry)> {
        let mut found = Vec::new();
        for node in self.nodes.iter().filter(|node| node.kind == Kind::Map) {
            let mut order: Vec<&Entry> = node.entries.iter().collect();
            order.sort_by(|a, b| a.key.cmp(&b.key));
            found.extend(
                order.windows(2).filter(|pair| pair[0].key == pair[1].key).map(|pair| (pair[0], pair[1])),
            );
        }
        found.sort_by_key(|(_, entry)| entry.key_span.start);
        found
    }
}

//! This node's part in a world: what it publishes, what it takes over, what it says to peers.

use govc_engine::WorldEvent;
use govc_engine::replication::chain::Chain;
use govc_engine::replication::clock::VectorClock;
use govc_engine::replication::crypto::{NodeKey, Signer};
use govc_engine::replication::entry::Entry;
use govc_engine::replication::id::NodeId;
use govc_engine::replication::limits::Limits;
use wasm_bindgen::prelude::*;

use crate::decode;
use crate::error::thrown;
use crate::packed::PackedWriter;
use crate::repository::Repository;

/// A node's part in a world.
#[wasm_bindgen]
pub struct World {
    world: govc_engine::World,
    key: NodeKey,
}

#[wasm_bindgen]
impl World {
    /// Joins the world of a name, as the node of a secret of 32 bytes.
    #[wasm_bindgen(constructor)]
    pub fn new(name: &str, secret: &[u8]) -> Self {
        // The caller has seen to the length.
        let key = NodeKey::from_secret(&secret.try_into().unwrap_or_default());
        Self { world: govc_engine::World::new(name, key.node(), Limits::default()), key }
    }

    /// The node's name: its public key.
    pub fn node(&self) -> String {
        self.key.node().to_string()
    }

    /// Shares a reality.
    pub fn share(&mut self, repository: &Repository, reality: &[u8]) -> Result<(), JsValue> {
        self.world.share(&repository.reality(reality)?);
        Ok(())
    }

    /// Takes over the realities whose names match; patterns are joined by NUL, none for those that are shared alone.
    pub fn follow(&mut self, patterns: Option<Box<[u8]>>) {
        self.world.follow(patterns.as_deref().map(decode::globs));
    }

    /// Says and signs what was moved here; whether there was something.
    pub fn publish(&mut self, repository: &Repository, now_ms: f64) -> Result<bool, JsValue> {
        let is_news = self.world.publish(&repository.engine, &repository.env(now_ms)).map_err(thrown)?;
        self.world.seal(&self.key);
        Ok(is_news)
    }

    /// Takes over what others did: how many realities moved, then forks (node and number) and conflicts (reality).
    pub fn absorb(&mut self, repository: &mut Repository, now_ms: f64) -> Result<Vec<u8>, JsValue> {
        let env = repository.env(now_ms);
        let absorbed = self.world.absorb(&mut repository.engine, &env).map_err(thrown)?;
        self.world.seal(&self.key);
        let mut out = PackedWriter::new();
        out.u32(absorbed.moved as u32);
        out.list(absorbed.events.iter(), |out, event| match event {
            WorldEvent::Forked { node, seq } => {
                out.u8(0);
                out.bytes(node.to_string().as_bytes());
                out.f64(*seq as f64);
            }
            WorldEvent::Conflict { reality, .. } => {
                out.u8(1);
                out.bytes(reality);
                out.f64(0.0);
            }
            _ => out.u8(2),
        });
        Ok(out.finish())
    }

    /// The heads of a reality that conflict, 40 digits each.
    pub fn conflict(&self, reality: &[u8]) -> String {
        self.world.conflict(reality).iter().map(ToString::to_string).collect()
    }

    /// Links a peer.
    pub fn connect(&mut self, peer: u32) {
        self.world.connect(peer);
    }

    /// Forgets a peer.
    pub fn disconnect(&mut self, peer: u32) {
        self.world.disconnect(peer);
    }

    /// Says hello to a peer again.
    pub fn resume(&mut self, peer: u32) {
        self.world.resume(peer);
    }

    /// Takes in a message of a peer.
    pub fn receive(&mut self, repository: &mut Repository, peer: u32, message: &[u8]) -> Result<(), JsValue> {
        self.world.receive(peer, message, &mut repository.engine).map_err(thrown)
    }

    /// The next message for a peer.
    pub fn next(&mut self, repository: &Repository, peer: u32) -> Result<Option<Vec<u8>>, JsValue> {
        self.world.next_message(peer, &repository.engine).map_err(thrown)
    }

    /// Nodes and counts of what is known here; of a peer, of what it has said that it has.
    pub fn clock(&self, peer: Option<u32>) -> Vec<u8> {
        let clock = match peer {
            None => Some(self.world.clock()),
            Some(peer) => self.world.peer_has(peer),
        };
        let mut out = PackedWriter::new();
        write_clock(&mut out, clock.unwrap_or(&VectorClock::new()));
        out.finish()
    }

    /// Entries of a node from a number on, at most so many: number, hash, the hash before, what it had seen, time, kind,
    /// description, realities with their heads, and 1 where a signature covers it.
    pub fn entries(&self, node: &str, from: f64, count: u32) -> Vec<u8> {
        let mut out = PackedWriter::new();
        let chain = self.world.log().chains().find(|chain| chain.node().to_string() == node);
        let entries = chain.map_or(&[][..], Chain::entries);
        let from = (from as usize).min(entries.len());
        let mut seen = VectorClock::new();
        entries[..from].iter().for_each(|entry| seen.join(&entry.draft().causes));
        let some = &entries[from..entries.len().min(from + count as usize)];
        out.list(some.iter(), |out, entry| {
            seen.join(&entry.draft().causes);
            write_entry(out, entry, &mut seen, chain.is_some_and(|chain| chain.covered() > entry.seq()));
        });
        out.finish()
    }

    /// Nodes with two histories, and the number of the first entry that is void.
    pub fn forks(&self) -> Vec<u8> {
        let forks: Vec<(NodeId, u64)> =
            self.world.log().chains().filter_map(|chain| Some((chain.node(), chain.fork()?.seq))).collect();
        let mut out = PackedWriter::new();
        out.list(forks.into_iter(), |out, (node, seq)| {
            out.bytes(node.to_string().as_bytes());
            out.f64(seq as f64);
        });
        out.finish()
    }
}

fn write_clock(out: &mut PackedWriter, clock: &VectorClock) {
    out.u32(clock.len() as u32);
    for (node, count) in clock.iter() {
        out.bytes(node.to_string().as_bytes());
        out.f64(count as f64);
    }
}

fn write_entry(out: &mut PackedWriter, entry: &Entry, seen: &mut VectorClock, is_covered: bool) {
    seen.set(&entry.node(), entry.seq() + 1);
    out.f64(entry.seq() as f64);
    out.bytes(entry.hash().to_string().as_bytes());
    out.bytes(entry.previous().to_string().as_bytes());
    write_clock(out, seen);
    out.f64(entry.draft().time_ms as f64);
    let moves = govc_engine::Moves::decode(&entry.draft().payload).ok();
    let text = |text: Option<&String>| text.cloned().unwrap_or_default().into_bytes();
    out.bytes(&text(moves.as_ref().map(|moves| &moves.kind)));
    out.bytes(&text(moves.as_ref().map(|moves| &moves.description)));
    let realities = moves.map(|moves| moves.realities).unwrap_or_default();
    out.list(realities.iter(), |out, (name, heads)| {
        out.bytes(name);
        out.bytes(heads.iter().map(ToString::to_string).collect::<String>().as_bytes());
    });
    out.u8(u8::from(is_covered));
}

//! What an entry of the engine says: where realities are by now, and why they moved.

use alloc::string::String;
use alloc::vec::Vec;

use bstr::BString;
use govc_git::ObjectId;
use govc_replication::codec::{DecodeError, Reader, Writer};

/// The version of the form.
const VERSION: u64 = 1;
/// Most realities that move at once.
const REALITIES_MAX: usize = 4096;
/// Most heads of one reality.
const HEADS_MAX: usize = 1024;

/// Moves of realities, as one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Moves {
    /// What the operation was, in a word.
    pub kind: String,
    /// One line for people.
    pub description: String,
    /// Each reality once, by its name without `refs/heads/`, with its heads: none where it is gone, several where its writer
    /// went on while others were in conflict with it.
    pub realities: Vec<(BString, Vec<ObjectId>)>,
}

impl Moves {
    /// Its bytes: a CBOR list of version, kind, description, and names and heads in turn.
    pub fn encode(&self) -> Vec<u8> {
        let mut out = Writer::default();
        out.list(4);
        out.number(VERSION);
        out.text(&self.kind);
        out.text(&self.description);
        out.list(2 * self.realities.len());
        for (name, heads) in &self.realities {
            out.bytes(name);
            out.objects(&heads.iter().map(|id| *id.as_bytes()).collect::<Vec<_>>());
        }
        out.into_bytes()
    }

    /// Reads one.
    pub fn decode(bytes: &[u8]) -> Result<Self, DecodeError> {
        let mut reader = Reader::new(bytes);
        reader.list_of(4)?;
        if reader.number()? != VERSION {
            return Err(reader.error("it is of another version"));
        }
        let (kind, description) = (reader.text()?, reader.text()?);
        let length = reader.list()?;
        if length % 2 != 0 || length / 2 > REALITIES_MAX {
            return Err(reader.error("too many realities, or half a one"));
        }
        let mut realities = Vec::with_capacity(length / 2);
        for _ in 0..length / 2 {
            let name: BString = reader.bytes()?.into();
            let heads = reader.objects(HEADS_MAX)?.into_iter().map(ObjectId::from_bytes);
            realities.push((name, heads.collect()));
        }
        reader.end()?;
        Ok(Self { kind, description, realities })
    }
}

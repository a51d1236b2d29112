//! Loose objects as a storage handed them over: compressed until they are read, checked when they are.

use alloc::boxed::Box;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::cell::{Cell, RefCell};

use govc_git::disk::loose::{self, LooseError};
use govc_git::id::Prefix;
use govc_git::limits::Limits;
use govc_git::object::ObjectError;
use govc_git::pack::zlib::Inflater;
use govc_git::sort::sort;
use govc_git::store::IdMap;
use govc_git::{Kind, Object, ObjectId, ObjectSource, ReadError};

/// Loose objects; reading one keeps it inflated.
#[derive(Default)]
pub(crate) struct LooseObjects {
    /// Grows and shrinks while reading, hence the cell.
    entries: RefCell<IdMap<Entry>>,
    /// Bytes of memory behind all entries.
    body_bytes: Cell<u64>,
    inflater: RefCell<Option<Inflater>>,
    limits: Limits,
}

#[derive(Clone)]
enum Entry {
    /// As the file holds it.
    File(Arc<[u8]>),
    Object(Object),
}

impl Entry {
    fn body_bytes(&self) -> u64 {
        match self {
            Self::File(file) => file.len() as u64,
            Self::Object(object) => object.bytes.len() as u64,
        }
    }
}

impl LooseObjects {
    /// Holds none; objects may be as large as `limits` say.
    pub(crate) fn new(limits: Limits) -> Self {
        Self { limits, ..Self::default() }
    }

    /// Adds the file of an object.
    pub(crate) fn add(&mut self, id: ObjectId, file: Box<[u8]>) {
        self.put(id, Entry::File(file.into()));
    }

    /// The same objects once more: files and what was read of them are shared.
    pub(crate) fn share(&self) -> Self {
        Self {
            entries: self.entries.clone(),
            body_bytes: self.body_bytes.clone(),
            inflater: RefCell::default(),
            limits: self.limits,
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.entries.borrow().len()
    }

    /// The ids, sorted.
    pub(crate) fn ids(&self) -> Vec<ObjectId> {
        let mut ids: Vec<ObjectId> = self.entries.borrow().keys().copied().collect();
        sort(&mut ids);
        ids
    }

    /// Bytes of memory behind the files and the objects that were read.
    pub(crate) fn body_bytes(&self) -> u64 {
        self.body_bytes.get()
    }

    fn put(&self, id: ObjectId, entry: Entry) {
        let bytes = entry.body_bytes();
        let before = self.entries.borrow_mut().insert(id, entry);
        self.body_bytes.set(self.body_bytes.get() + bytes - before.map_or(0, |entry| entry.body_bytes()));
    }

    fn with_inflater<T>(&self, work: impl FnOnce(&mut Inflater) -> T) -> T {
        work(self.inflater.borrow_mut().get_or_insert_with(Inflater::new))
    }
}

impl ObjectSource for LooseObjects {
    fn read(&self, id: &ObjectId) -> Result<Object, ReadError> {
        let object = match self.entries.borrow().get(id) {
            None => return Err(ReadError::missing(*id)),
            Some(Entry::Object(object)) => return Ok(object.clone()),
            Some(Entry::File(file)) => self
                .with_inflater(|inflater| loose::decode_checked(id, file, &self.limits, inflater))
                .map_err(|error| read_error(id, error))?,
        };
        self.put(*id, Entry::Object(object.clone()));
        Ok(object)
    }

    fn contains(&self, id: &ObjectId) -> bool {
        self.entries.borrow().contains_key(id)
    }

    fn find_prefix(&self, prefix: &Prefix, most: usize, found: &mut Vec<ObjectId>) {
        let entries = self.entries.borrow();
        let start = found.len();
        found.extend(entries.keys().filter(|id| prefix.matches(id)));
        sort(&mut found[start..]);
        found.truncate(start + most);
    }

    fn header(&self, id: &ObjectId) -> Result<(Kind, u64), ReadError> {
        match self.entries.borrow().get(id) {
            None => Err(ReadError::missing(*id)),
            Some(Entry::Object(object)) => Ok((object.kind, object.bytes.len() as u64)),
            Some(Entry::File(file)) => self
                .with_inflater(|inflater| loose::decode_header(file, inflater))
                .map_err(|error| read_error(id, error)),
        }
    }
}

fn read_error(id: &ObjectId, error: LooseError) -> ReadError {
    let (problem, offset) = match error {
        LooseError::Limit(limit) => return ReadError::limit(*id, limit),
        LooseError::Header { problem } => (problem, 0),
        LooseError::TrailingBytes { offset } => ("bytes follow its zlib stream", offset),
        LooseError::WrongId { .. } => ("its content has another id", 0),
        LooseError::Collision => ("it carries a SHA-1 collision attack", 0),
        LooseError::Zlib(error) => (error.problem(), 0),
        _ => ("its file is broken", 0),
    };
    ReadError::corrupt(*id, ObjectError { problem, offset })
}

#[cfg(test)]
mod tests {
    use super::*;
    use govc_git::ReadProblem;
    use govc_git::pack::zlib::{Deflater, Level};

    fn is_corrupt(found: &Result<Object, ReadError>) -> bool {
        matches!(found.as_ref().map_err(ReadError::problem), Err(ReadProblem::Corrupt { .. }))
    }

    #[test]
    fn what_is_read_is_checked_and_kept() {
        let mut deflater = Deflater::new(Level::Default);
        let file = loose::encode(Kind::Blob, b"hello\n", &mut deflater);
        let id: ObjectId = "ce013625030ba8dba906f756967f9e9ca394464a".parse().unwrap();
        let wrong = ObjectId::EMPTY_TREE;
        let mut objects = LooseObjects::new(Limits::default());
        objects.add(id, file.clone().into());
        objects.add(wrong, file.clone().into());
        assert_eq!(objects.header(&id), Ok((Kind::Blob, 6)));
        assert_eq!(objects.body_bytes(), 2 * file.len() as u64);
        assert_eq!(&*objects.read(&id).unwrap().bytes, b"hello\n");
        assert_eq!(objects.read(&id), objects.read(&id));
        assert_eq!(objects.body_bytes(), 6 + file.len() as u64);
        assert!(is_corrupt(&objects.read(&wrong)));
        for end in 0..file.len() {
            objects.add(id, file[..end].into());
            assert!(is_corrupt(&objects.read(&id)), "{end}");
        }
        assert_eq!(objects.read(&ObjectId::NULL), Err(ReadError::missing(ObjectId::NULL)));
        let mut found = Vec::new();
        objects.find_prefix(&Prefix::from_hex(b"ce01").unwrap(), 5, &mut found);
        assert_eq!(found, [id]);
    }
}

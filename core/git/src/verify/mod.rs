//! What `git fsck --strict` looks for: in one object, between objects, and in refs; the same ids, the same severities.
//!
//! Follows git in what it does not say, too: after the first error in the header of a commit or tag, the rest of that
//! header is not judged. Knows nothing of index files, packs' checksums, reflogs or what is unreachable.

mod commit;
mod config;
mod identity;
mod message;
mod modules;
mod object;
mod refs;
mod repository;
mod tree;
mod url;

use core::fmt;

use bstr::BString;

pub use message::{Message, Severity};
pub use object::{ObjectChecker, check_object};
pub use refs::{check_loose_ref, check_packed_refs, check_refs};
pub use repository::{Progress, Verifier, VerifyOptions};

use crate::ObjectId;

/// What a problem is with.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Subject {
    /// An object.
    Object(ObjectId),
    /// A ref, by its name; `packed-refs` where it is with that file.
    Ref(BString),
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Object(id) => id.fmt(f),
            Self::Ref(name) => name.fmt(f),
        }
    }
}

/// Something that is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// What it is with.
    pub subject: Subject,
    /// What it is.
    pub message: Message,
    /// Facts beside the message, such as the id that is missing; mostly empty.
    pub detail: BString,
}

impl Problem {
    fn object(id: &ObjectId, message: Message) -> Self {
        Self { subject: Subject::Object(*id), message, detail: BString::default() }
    }

    /// Git's id for it.
    pub const fn message_id(&self) -> &'static str {
        self.message.id()
    }

    /// How bad it is by default.
    pub const fn severity(&self) -> Severity {
        self.message.severity()
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.subject, self.message)?;
        if self.detail.is_empty() { Ok(()) } else { write!(f, " ({})", self.detail) }
    }
}

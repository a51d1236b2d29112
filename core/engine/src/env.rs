//! What a command needs from outside: the moment, and who acts. The engine has no clock of its own.

use govc_git::object::Signature;

/// Passed into each command that records something.
#[derive(Clone, Debug)]
pub struct Env {
    /// Milliseconds since the epoch.
    pub now_ms: i64,
    /// Who acts, where the command names nobody.
    pub author: Author,
}

/// A name and an address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Author {
    /// The name.
    pub name: bstr::BString,
    /// The address.
    pub email: bstr::BString,
    /// Minutes east of UTC.
    pub offset_minutes: i32,
}

impl Env {
    /// The actor's signature at this moment.
    pub fn signature(&self) -> Signature {
        Signature {
            name: self.author.name.clone(),
            email: self.author.email.clone(),
            time: self.now_ms.div_euclid(1000),
            offset_minutes: self.author.offset_minutes,
        }
    }
}

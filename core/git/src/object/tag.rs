//! Annotated tags.

use alloc::vec::Vec;

use bstr::{BStr, BString};

use super::commit::{HeaderLines, write_id};
use super::{Kind, ObjectError, Signature, SignatureRef};
use crate::ObjectId;

/// A tag's bytes, taken apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TagRef<'a> {
    /// What is tagged.
    pub target: ObjectId,
    /// The kind that the tag claims for its target.
    pub kind: Kind,
    /// The tag's name.
    pub name: &'a BStr,
    /// The tagger line, without its keyword; `None` in tags of the first years.
    pub tagger: Option<&'a BStr>,
    /// Everything after the blank line, a signature included.
    pub message: &'a BStr,
}

impl<'a> TagRef<'a> {
    /// Takes the bytes of a tag apart.
    pub fn parse(bytes: &'a [u8]) -> Result<Self, ObjectError> {
        let mut lines = HeaderLines::new(bytes);
        let target = lines.id("object").ok_or(lines.error("expected 'object' and an id"))?;
        let error = lines.error("expected 'type' and one of commit, tree, blob, tag");
        let kind = lines.text("type").and_then(|name| Kind::from_name(name)).ok_or(error)?;
        let name = lines.text("tag").ok_or(lines.error("expected 'tag' and a name"))?;
        let tagger = lines.text("tagger");
        let (_, message) = lines.split_message();
        Ok(Self { target, kind, name, tagger, message })
    }

    /// Who tagged, and when.
    pub fn tagger(&self) -> Option<SignatureRef<'a>> {
        self.tagger.map(|line| SignatureRef::parse(line))
    }
}

/// A tag to write.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tag {
    /// What is tagged.
    pub target: ObjectId,
    /// Its kind.
    pub kind: Kind,
    /// The tag's name, without `refs/tags/`.
    pub name: BString,
    /// Who tags, and when.
    pub tagger: Signature,
    /// The message, as it shall stand.
    pub message: BString,
}

impl Tag {
    /// The bytes of the tag.
    pub fn write(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(160 + self.message.len());
        write_id(&mut out, "object", &self.target);
        out.extend_from_slice(b"type ");
        out.extend_from_slice(self.kind.name().as_bytes());
        out.extend_from_slice(b"\ntag ");
        out.extend_from_slice(&self.name);
        out.extend_from_slice(b"\ntagger ");
        self.tagger.write_to(&mut out);
        out.extend_from_slice(b"\n\n");
        out.extend_from_slice(&self.message);
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parses_and_writes_back() {
        let tagger = Signature { name: "A".into(), email: "a@b".into(), time: 1, offset_minutes: 0 };
        let tag = Tag {
            target: ObjectId::EMPTY_TREE,
            kind: Kind::Tree,
            name: "v1".into(),
            tagger: tagger.clone(),
            message: "first\n".into(),
        };
        let bytes = tag.write();
        let read = TagRef::parse(&bytes).unwrap();
        assert_eq!(
            (read.target, read.kind, read.name, read.message),
            (tag.target, tag.kind, "v1".into(), "first\n".into())
        );
        assert_eq!(read.tagger().unwrap().to_owned(), tagger);
    }

    #[test]
    fn a_tag_without_tagger_is_read() {
        let bytes = b"object 4b825dc642cb6eb9a060e54bf8d69288fbee4904\ntype tree\ntag v0\n\nold\n";
        assert_eq!(TagRef::parse(bytes).unwrap().tagger, None);
        assert!(TagRef::parse(&bytes[..60]).is_err());
    }
}

//! What `git fsck` says of a commit or a tag on its own: header lines, identities, the tag's name.

use bstr::ByteSlice;

use super::Message;
use super::identity::check_identity;
use crate::ObjectId;
use crate::object::Kind;
use crate::refs::name::{Levels, check_format};
use crate::search;

/// Reports the first error of a commit, and a NUL in its message.
pub(super) fn check_commit(bytes: &[u8], report: &mut impl FnMut(Message)) {
    match check_commit_header(bytes) {
        Err(message) => report(message),
        Ok(()) if bytes.contains(&0) => report(Message::NulInCommit),
        Ok(()) => {}
    }
}

fn check_commit_header(bytes: &[u8]) -> Result<(), Message> {
    check_header_end(bytes)?;
    let mut rest = bytes;
    let tree = take_line(&mut rest, "tree").ok_or(Message::MissingTree)?;
    ObjectId::from_hex(tree).map_err(|_| Message::BadTreeSha1)?;
    while let Some(parent) = take_line(&mut rest, "parent") {
        ObjectId::from_hex(parent).map_err(|_| Message::BadParentSha1)?;
    }
    let mut authors = 0;
    while let Some(author) = take_line(&mut rest, "author") {
        check_identity(author)?;
        authors += 1;
    }
    match authors {
        0 => return Err(Message::MissingAuthor),
        1 => {}
        _ => return Err(Message::MultipleAuthors),
    }
    check_identity(take_line(&mut rest, "committer").ok_or(Message::MissingCommitter)?)
}

/// Reports the first error of a tag, and what is only remarked on.
pub(super) fn check_tag(bytes: &[u8], report: &mut impl FnMut(Message)) {
    if let Err(message) = check_tag_header(bytes, report) {
        report(message);
    }
}

fn check_tag_header(bytes: &[u8], report: &mut impl FnMut(Message)) -> Result<(), Message> {
    check_header_end(bytes)?;
    let mut rest = bytes;
    let target = take_line(&mut rest, "object").ok_or(Message::MissingObject)?;
    ObjectId::from_hex(target).map_err(|_| Message::BadObjectSha1)?;
    let kind = take_line(&mut rest, "type").ok_or(Message::MissingTypeEntry)?;
    Kind::from_name(kind).ok_or(Message::BadType)?;
    let name = take_line(&mut rest, "tag").ok_or(Message::MissingTagEntry)?;
    if check_format(name, Levels::Below).is_err() {
        report(Message::BadTagName);
    }
    match take_line(&mut rest, "tagger") {
        None => report(Message::MissingTaggerEntry),
        Some(tagger) => check_identity(tagger)?,
    }
    if !rest.is_empty() && !rest.starts_with(b"\n") {
        report(Message::ExtraHeaderEntry);
    }
    Ok(())
}

/// Checks that the header ends with a blank line, or with the object, and holds no NUL.
fn check_header_end(bytes: &[u8]) -> Result<(), Message> {
    let header = &bytes[..search::find(bytes, b"\n\n").map_or(bytes.len(), |end| end + 1)];
    if header.contains(&0) {
        return Err(Message::NulInHeader);
    }
    if header.last() == Some(&b'\n') { Ok(()) } else { Err(Message::UnterminatedHeader) }
}

/// Takes the value of the first line off `rest`, if it has this keyword.
fn take_line<'a>(rest: &mut &'a [u8], keyword: &str) -> Option<&'a [u8]> {
    let value = rest.strip_prefix(keyword.as_bytes())?.strip_prefix(b" ")?;
    let end = value.find_byte(b'\n')?;
    *rest = &value[end + 1..];
    Some(&value[..end])
}

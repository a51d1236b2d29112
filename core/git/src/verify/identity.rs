//! What `git fsck` says of an author, committer or tagger line.

use bstr::ByteSlice;

use crate::search;

use super::Message;

/// Checks a line that stands here without its keyword and its newline; the first problem is the only one.
pub(super) fn check_identity(line: &[u8]) -> Result<(), Message> {
    if line.first() == Some(&b'<') {
        return Err(Message::MissingNameBeforeEmail);
    }
    let open = search::find_any(line, b"<>").ok_or(Message::MissingEmail)?;
    if line[open] == b'>' {
        return Err(Message::BadName);
    }
    if open == 0 || line[open - 1] != b' ' {
        return Err(Message::MissingSpaceBeforeEmail);
    }
    let email = &line[open + 1..];
    let close =
        search::find_any(email, b"<>").filter(|close| email[*close] == b'>').ok_or(Message::BadEmail)?;
    let date = email[close + 1..].strip_prefix(b" ").ok_or(Message::MissingSpaceBeforeDate)?;
    check_date(date.trim_start_with(|character| matches!(character, ' ' | '\t')))
}

/// Checks seconds, one space, and a zone that ends the line.
fn check_date(date: &[u8]) -> Result<(), Message> {
    let length = date.iter().position(|byte| !byte.is_ascii_digit()).unwrap_or(date.len());
    let (digits, rest) = date.split_at(length);
    if digits.len() > 1 && digits[0] == b'0' {
        return Err(Message::ZeroPaddedDate);
    }
    if overflows(digits) {
        return Err(Message::BadDateOverflow);
    }
    let zone = rest.strip_prefix(b" ").filter(|_| length > 0).ok_or(Message::BadDate)?;
    match zone {
        [b'+' | b'-', digits @ ..] if digits.len() == 4 && digits.iter().all(u8::is_ascii_digit) => Ok(()),
        _ => Err(Message::BadTimezone),
    }
}

/// Whether the number does not fit in a signed 64-bit one.
fn overflows(digits: &[u8]) -> bool {
    digits
        .iter()
        .try_fold(0i64, |number, digit| number.checked_mul(10)?.checked_add(i64::from(digit - b'0')))
        .is_none()
}

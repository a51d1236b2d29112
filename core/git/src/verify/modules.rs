//! What `git fsck` says of a blob that is a `.gitmodules` or a `.gitattributes`.

use super::Message;
use super::config::read_config;
use super::url::is_allowed_url;

/// Largest `.gitmodules` that is read, in bytes: git's `core.bigFileThreshold`, beyond which it reads no blob whole.
pub(super) const MODULES_BYTES_MAX: usize = 512 << 20;
/// Largest `.gitattributes` that git reads, in bytes.
pub(super) const ATTRIBUTES_BYTES_MAX: usize = 100 << 20;
/// Length from which a line of `.gitattributes` is not read, in bytes.
const ATTRIBUTES_LINE_BYTES: usize = 2048;

/// Reports every problem of every submodule, in the order of the lines.
pub(super) fn check_modules(text: &[u8], report: &mut impl FnMut(Message)) {
    if text.len() > MODULES_BYTES_MAX {
        return report(Message::GitmodulesLarge);
    }
    let read = read_config(text, |variable| {
        let (b"submodule", Some(name)) = (variable.section, variable.subsection) else { return };
        if !is_allowed_name(name) {
            report(Message::GitmodulesName);
        }
        match (variable.key, variable.value) {
            (b"url", Some(url)) if !is_allowed_url(url) => report(Message::GitmodulesUrl),
            (b"path", Some([b'-', ..])) => report(Message::GitmodulesPath),
            (b"update", Some([b'!', ..])) => report(Message::GitmodulesUpdate),
            _ => {}
        }
    });
    if read.is_err() {
        report(Message::GitmodulesParse);
    }
}

/// Whether the name stays below the folder that submodules' repositories are kept in.
fn is_allowed_name(name: &[u8]) -> bool {
    !name.is_empty() && name.split(|byte| matches!(byte, b'/' | b'\\')).all(|part| part != b"..")
}

/// Reports a file or a line that git would not read. Git looks no further than the first NUL.
pub(super) fn check_attributes(text: &[u8], report: &mut impl FnMut(Message)) {
    if text.len() > ATTRIBUTES_BYTES_MAX {
        return report(Message::GitattributesLarge);
    }
    let text = text.split(|byte| *byte == 0).next().unwrap_or_default();
    if text.split(|byte| *byte == b'\n').any(|line| line.len() >= ATTRIBUTES_LINE_BYTES) {
        report(Message::GitattributesLineLength);
    }
}

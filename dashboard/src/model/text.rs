//! Foreign text made safe to look at: what would hide or turn around what stands beside it is shown by its number.
//!
//! Markup needs no care here: text goes into the page as text.

use std::borrow::Cow;
use std::fmt::Write as _;

/// Longest text that is shown on a line, in characters.
pub const LINE_CHARACTERS_MAX: usize = 2000;

/// The text with controls, bidirectional marks and invisible characters as `<U+202E>`. Tabs and line ends stay.
pub fn shown(text: &str) -> Cow<'_, str> {
    if !text.chars().any(is_hidden) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + 16);
    for character in text.chars() {
        if is_hidden(character) {
            write!(out, "<U+{:04X}>", u32::from(character))
                .expect("because writing to a string does not fail");
        } else {
            out.push(character);
        }
    }
    Cow::Owned(out)
}

/// One line of it: line ends are shown as well, and what is too long ends in an ellipsis.
pub fn shown_line(text: &str) -> String {
    let first = text.lines().next().unwrap_or_default();
    let mut out = shown(first).into_owned();
    if let Some((at, _)) = out.char_indices().nth(LINE_CHARACTERS_MAX) {
        out.truncate(at);
        out.push('\u{2026}');
    }
    out
}

/// Whether a character does something to others, or cannot be seen.
fn is_hidden(character: char) -> bool {
    match character {
        '\t' | '\n' => false,
        '\u{ad}'
        | '\u{61c}'
        | '\u{115f}'
        | '\u{1160}'
        | '\u{180e}'
        | '\u{200b}'..='\u{200f}'
        | '\u{2028}'..='\u{202e}' => true,
        '\u{2060}'..='\u{206f}' | '\u{3164}' | '\u{feff}' | '\u{ffa0}' | '\u{fff9}'..='\u{fffb}' => true,
        '\u{e0000}'..='\u{e007f}' => true,
        other => other.is_control(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_that_turn_text_around_are_seen() {
        assert_eq!(shown("if (a\u{202e} } \u{2066}"), "if (a<U+202E> } <U+2066>");
        assert_eq!(shown("\u{1b}[31mred\r"), "<U+001B>[31mred<U+000D>");
        assert!(matches!(shown("<script> \u{e9} \u{1f600}\t\n"), Cow::Borrowed(_)));
    }

    #[test]
    fn a_line_is_one_line_and_bounded() {
        assert_eq!(shown_line("subject\nbody"), "subject");
        assert_eq!(shown_line(&"\u{e9}".repeat(5000)).chars().count(), LINE_CHARACTERS_MAX + 1);
        assert_eq!(shown_line(""), "");
    }
}

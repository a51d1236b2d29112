//! Git's configuration syntax, read from bytes: sections, keys, quoted values. Knows no key and no include.

use bstr::BString;

use crate::search;

/// The text is not git's configuration syntax, or has more keys or longer names than are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct SyntaxError;

/// One key with its value.
pub(super) struct Variable<'a> {
    /// The section, lower-case; empty before the first.
    pub(super) section: &'a [u8],
    /// The subsection as it stands; `None` where there is none.
    pub(super) subsection: Option<&'a [u8]>,
    /// The key, lower-case.
    pub(super) key: &'a [u8],
    /// The value; `None` where the key stands alone.
    pub(super) value: Option<&'a [u8]>,
}

/// Hands out every key in order; those before an error are handed out all the same.
pub(super) fn read_config(text: &[u8], mut each: impl FnMut(Variable<'_>)) -> Result<(), SyntaxError> {
    let mut reader = Reader { text, at: 0 };
    let mut section = BString::default();
    let mut subsection: Option<BString> = None;
    loop {
        match reader.next() {
            None => return Ok(()),
            Some(b'\n' | b' ' | b'\t' | b'\r') => {}
            Some(b'#' | b';') => reader.skip_line(),
            Some(b'[') => (section, subsection) = reader.section()?,
            Some(first) if first.is_ascii_alphabetic() => {
                let (key, value) = reader.variable(first)?;
                let subsection = subsection.as_ref().map(|subsection| subsection.as_slice());
                each(Variable {
                    section: &section,
                    subsection,
                    key: &key,
                    value: value.as_ref().map(|value| value.as_slice()),
                });
            }
            Some(_) => return Err(SyntaxError),
        }
    }
}

struct Reader<'a> {
    text: &'a [u8],
    at: usize,
}

impl Reader<'_> {
    /// The next byte, `\r\n` as one newline.
    fn next(&mut self) -> Option<u8> {
        if self.text[self.at..].starts_with(b"\r\n") {
            self.at += 1;
        }
        let byte = *self.text.get(self.at)?;
        self.at += 1;
        Some(byte)
    }

    fn skip_line(&mut self) {
        while !matches!(self.next(), None | Some(b'\n')) {}
    }

    /// `[section]`, `[section "subsection"]` or `[section.subsection]`, behind its `[`.
    fn section(&mut self) -> Result<(BString, Option<BString>), SyntaxError> {
        let mut name = BString::default();
        let mut quoted = None;
        loop {
            match self.next() {
                Some(b']') => break,
                Some(b' ' | b'\t') => {
                    quoted = Some(self.subsection()?);
                    break;
                }
                Some(byte) if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.') => {
                    name.push(byte.to_ascii_lowercase());
                }
                _ => return Err(SyntaxError),
            }
        }
        if name.is_empty() {
            return Err(SyntaxError);
        }
        let Some((section, dotted)) = search::split_once(&name, b'.') else { return Ok((name, quoted)) };
        let subsection = match quoted {
            Some(quoted) => [dotted, b".", &quoted].concat(),
            None => dotted.into(),
        };
        Ok((section.into(), Some(subsection.into())))
    }

    fn subsection(&mut self) -> Result<BString, SyntaxError> {
        let mut byte = self.next();
        while matches!(byte, Some(b' ' | b'\t')) {
            byte = self.next();
        }
        if byte != Some(b'"') {
            return Err(SyntaxError);
        }
        let mut name = BString::default();
        loop {
            let byte = match self.next() {
                Some(b'"') => break,
                Some(b'\\') => self.next(),
                byte => byte,
            };
            match byte {
                None | Some(b'\n') => return Err(SyntaxError),
                Some(byte) => name.push(byte),
            }
        }
        if self.next() == Some(b']') { Ok(name) } else { Err(SyntaxError) }
    }

    fn variable(&mut self, first: u8) -> Result<(BString, Option<BString>), SyntaxError> {
        let mut key = BString::from([first.to_ascii_lowercase()]);
        let mut byte = self.next();
        while let Some(part) = byte.filter(|byte| byte.is_ascii_alphanumeric() || *byte == b'-') {
            key.push(part.to_ascii_lowercase());
            byte = self.next();
        }
        while matches!(byte, Some(b' ' | b'\t')) {
            byte = self.next();
        }
        match byte {
            None | Some(b'\n') => Ok((key, None)),
            Some(b'=') => Ok((key, Some(self.value()?))),
            Some(_) => Err(SyntaxError),
        }
    }

    /// What follows the `=`, without the quotes and without white space at the ends.
    fn value(&mut self) -> Result<BString, SyntaxError> {
        let mut value = BString::default();
        let mut quoted = false;
        // Length without the white space that may turn out to stand at the end.
        let mut solid = 0;
        loop {
            match self.next() {
                None | Some(b'\n') if quoted => return Err(SyntaxError),
                None | Some(b'\n') => break,
                Some(b' ' | b'\t' | b'\r') if !quoted && value.is_empty() => {}
                Some(byte @ (b' ' | b'\t' | b'\r')) if !quoted => value.push(byte),
                Some(b'#' | b';') if !quoted => {
                    self.skip_line();
                    break;
                }
                Some(b'"') => quoted = !quoted,
                Some(b'\\') => {
                    value.push(match self.next() {
                        None | Some(b'\n') => continue,
                        Some(b'n') => b'\n',
                        Some(b't') => b'\t',
                        Some(b'b') => b'\x08',
                        Some(byte @ (b'\\' | b'"')) => byte,
                        _ => return Err(SyntaxError),
                    });
                    solid = value.len();
                }
                Some(byte) => {
                    value.push(byte);
                    solid = value.len();
                }
            }
        }
        value.truncate(solid);
        Ok(value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use bstr::ByteSlice;
    use std::format;
    use std::string::String;

    fn list(text: &str) -> (String, bool) {
        let mut out = String::new();
        let read = read_config(text.as_bytes(), |variable| {
            let subsection = variable.subsection.map(|name| format!(".{}", name.as_bstr()));
            out += &format!(
                "{}{}.{}",
                variable.section.as_bstr(),
                subsection.unwrap_or_default(),
                variable.key.as_bstr()
            );
            out += &variable.value.map_or("|".into(), |value| format!("={:?}|", value.as_bstr()));
        });
        (out, read.is_ok())
    }

    #[test]
    fn reads_sections_keys_and_values() {
        assert_eq!(
            list("[A]\nb=c ; d\n[e \"F\\\\g\"] h\n\ti = \" x \" y # z\r\n[J.K]l=\\\n m\\n\n"),
            ("a.b=\"c\"|e.F\\g.h|e.F\\g.i=\" x  y\"|j.k.l=\"m\\n\"|".into(), true)
        );
        assert_eq!(list("# a comment\nb=c"), (".b=\"c\"|".into(), true));
    }

    #[test]
    fn broken_text_is_an_error_after_what_is_whole() {
        for text in [
            "[a",
            "[a b]",
            "[a \"b\"",
            "[a \"b\nc\"]\n",
            "[]",
            "[a]\n=\n",
            "[a]\nb c\n",
            "[a]\nb=\"c\n",
            "[a]\nb=\\q\n",
            "[a/b]",
        ] {
            assert_eq!(list(text), (String::new(), false), "{text:?}");
        }
        assert_eq!(list("[a]\nb=1\n]"), ("a.b=\"1\"|".into(), false));
    }
}

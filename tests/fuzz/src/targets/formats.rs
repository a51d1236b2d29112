//! JSON, YAML and TOML: what is found wrong has a place, what can be read is JSON, and what is written is read again.

use govc_formats::{Format, check, locate, to_json, write};

use crate::pieces::{first, joined};

pub fn run(input: &[u8]) {
    let (mode, text) = first(input);
    let format = Format::ALL[usize::from(mode) % Format::ALL.len()];
    for problem in check(format, text) {
        assert!(problem.line >= 1 && problem.column >= 1);
    }
    let _ = locate(format, text, &["/a/0/b", "#"]);
    let Ok(json) = to_json(format, text) else { return };
    let again = to_json(Format::Json, json.text.as_bytes()).expect("because it was written as JSON");
    assert_eq!(again.text, json.text);
    for format in [Format::Yaml, Format::Toml] {
        if let Ok(written) = write(format, json.text.as_bytes()) {
            assert!(to_json(format, written.as_bytes()).is_ok(), "{written}");
        }
    }
}

pub fn seeds() -> Vec<Vec<u8>> {
    let texts: [(u8, &str); 6] = [
        (0, "{\"a\": [{\"b\": 1.5e3}, \"\\u00e9\\ud83d\\ude00\"], \"c\": null}"),
        (1, "// c\n{\"a\": [1,], /* x */ \"b\": true,}\n"),
        (2, "a: &x\n  - b: |+\n      text\n    c: !t {d: [e, 'f']}\n? g\n: *x\n"),
        (2, "%YAML 1.2\n---\n- 0x1F\n- \"\\x41\"\n...\n---\na: >-\n  b\n"),
        (3, "a.b = 1\n[c]\nd = [1, {e = '''f''', g.h = 0x1f}]\n[[i.j]]\nk = 1979-05-27T07:32:00Z\n"),
        (3, "\"q\\t\" = \"\"\"\nx\"\"\"\n[i.j]\n"),
    ];
    texts.map(|(mode, text)| joined(mode, &[])[..1].iter().copied().chain(text.bytes()).collect()).to_vec()
}

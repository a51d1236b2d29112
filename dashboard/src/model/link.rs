//! What a link to a view holds: it is written after the `#` of the address, and anybody may have written it.
//!
//! What does not parse is left out; nothing of it is ever run or looked up as anything but a name.

use crate::model::scenario::Place;

/// The longest name, path or revision that a link carries, in bytes.
const VALUE_BYTES_MAX: usize = 4096;
/// The most realities that are compared at once.
pub const COMPARED_MAX: usize = 8;

/// The parts of the dashboard.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum View {
    /// The graph and the list of realities.
    #[default]
    Realities,
    /// The state at a moment.
    Timeline,
    /// Realities side by side.
    Compare,
    /// Deciding what a merge left open.
    Conflicts,
    /// What happened, as it happens.
    Activity,
    /// Writing, trying and merging.
    Playground,
}

const VIEWS: &[(View, &str)] = &[
    (View::Realities, "realities"),
    (View::Timeline, "timeline"),
    (View::Compare, "compare"),
    (View::Conflicts, "conflicts"),
    (View::Activity, "activity"),
    (View::Playground, "playground"),
];

impl View {
    /// All views, in the order of the menu.
    pub fn all() -> impl Iterator<Item = Self> {
        VIEWS.iter().map(|(view, _)| *view)
    }

    /// Its name in a link.
    pub fn name(self) -> &'static str {
        VIEWS.iter().find(|(view, _)| *view == self).map_or("", |(_, name)| name)
    }
}

/// Everything that decides what is seen.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Link {
    /// The part of the dashboard.
    pub view: View,
    /// The chosen reality.
    pub reality: Option<String>,
    /// The chosen commit, in hex.
    pub commit: Option<String>,
    /// The file that is open.
    pub path: Option<String>,
    /// The moment that is shown, in milliseconds since the epoch.
    pub moment: Option<i64>,
    /// Up to two pinned moments, by commit.
    pub pins: Vec<String>,
    /// The realities that are compared.
    pub compared: Vec<String>,
    /// The step of a scenario that is shown beside it.
    pub scenario: Option<Place>,
}

impl Link {
    /// Reads what stands after the `#`.
    pub fn parse(text: &str) -> Self {
        let text = text.strip_prefix('#').unwrap_or(text);
        let (view, rest) = text.split_once('?').unwrap_or((text, ""));
        let mut link = Self {
            view: VIEWS.iter().find(|(_, name)| *name == view).map(|(view, _)| *view).unwrap_or_default(),
            ..Self::default()
        };
        for (key, value) in rest.split('&').filter_map(|pair| pair.split_once('=')) {
            let Some(value) = decoded(value) else { continue };
            match key {
                "reality" => link.reality = Some(value),
                "commit" => link.commit = Some(value).filter(|value| is_id(value)),
                "path" => link.path = Some(value),
                "moment" => link.moment = value.parse().ok(),
                "pin" if link.pins.len() < 2 && is_id(&value) => link.pins.push(value),
                "scenario" => link.scenario = Place::parse(&value),
                "with" if link.compared.len() < COMPARED_MAX => link.compared.push(value),
                _ => {}
            }
        }
        link
    }

    /// Writes it, with the `#`. Parsing gives the same link again.
    pub fn to_text(&self) -> String {
        let single = [("reality", &self.reality), ("commit", &self.commit), ("path", &self.path)];
        let moment = self.moment.map(|moment| moment.to_string());
        let scenario = self.scenario.map(Place::to_text);
        let pairs = single
            .into_iter()
            .chain([("moment", &moment), ("scenario", &scenario)])
            .filter_map(|(key, value)| Some((key, value.as_ref()?)))
            .chain(self.pins.iter().map(|pin| ("pin", pin)))
            .chain(self.compared.iter().map(|name| ("with", name)));
        let mut text = format!("#{}", self.view.name());
        for (at, (key, value)) in pairs.enumerate() {
            text.push(if at == 0 { '?' } else { '&' });
            text.push_str(key);
            text.push('=');
            encode(value, &mut text);
        }
        text
    }
}

fn is_id(text: &str) -> bool {
    text.len() == 40 && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

fn encode(value: &str, out: &mut String) {
    const DIGITS: &[u8; 16] = b"0123456789ABCDEF";
    for byte in value.bytes() {
        if byte.is_ascii_alphanumeric() || b"-_./~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            out.push('%');
            out.push(char::from(DIGITS[usize::from(byte >> 4)]));
            out.push(char::from(DIGITS[usize::from(byte & 15)]));
        }
    }
}

/// The value that was written; `None` where it is too long, empty or no text.
fn decoded(value: &str) -> Option<String> {
    let mut bytes = Vec::new();
    let mut rest = value.bytes();
    while let Some(byte) = rest.next() {
        let digit = |byte: Option<u8>| char::from(byte?).to_digit(16);
        bytes.push(if byte == b'%' { (digit(rest.next())? * 16 + digit(rest.next())?) as u8 } else { byte });
        if bytes.len() > VALUE_BYTES_MAX {
            return None;
        }
    }
    String::from_utf8(bytes).ok().filter(|text| !text.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_comes_back() {
        let link = Link {
            view: View::Compare,
            reality: Some("feature/\u{e9} & more=?#%".into()),
            commit: Some("0123456789abcdef0123456789abcdef01234567".into()),
            path: Some("src/a b+c.rs".into()),
            moment: Some(-5),
            pins: vec!["f".repeat(40), "0".repeat(40)],
            compared: vec!["a".into(), "b".into()],
            scenario: Place::parse("cdn.2"),
        };
        assert_eq!(Link::parse(&link.to_text()), link);
        for view in View::all() {
            let link = Link { view, ..Link::default() };
            assert_eq!(Link::parse(&link.to_text()), link);
        }
    }

    #[test]
    fn what_is_no_link_shows_the_start() {
        let long = format!("#realities?reality={}", "a".repeat(VALUE_BYTES_MAX + 1));
        for text in [
            "",
            "#",
            "#x",
            "#realities?",
            "#realities?commit=zz&pin=..&moment=1e9&x=y",
            "#?reality=%ff",
            "#?path=%g0",
            "#?scenario=none.1",
            &long,
        ] {
            assert_eq!(Link::parse(text), Link::default(), "{text}");
        }
        let many = format!("#compare?{}", "with=a&".repeat(100));
        assert_eq!(Link::parse(&many).compared.len(), COMPARED_MAX);
    }
}

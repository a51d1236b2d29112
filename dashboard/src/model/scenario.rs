//! The scenarios of the playground: what they are about, and which step of one a link names. What the steps do is in
//! `worker/scenarios`, as JavaScript that anybody could type.

/// A story in steps, told by real calls on a repository of its own.
#[derive(Debug, PartialEq, Eq)]
pub struct Scenario {
    /// The name of its file.
    pub name: &'static str,
    /// What it is called.
    pub title: &'static str,
    /// What happens in it.
    pub about: &'static str,
}

/// All scenarios, in the order in which they are offered.
pub const ALL: &[Scenario] = &[
    Scenario {
        name: "cdn",
        title: "Tune a CDN in three regions",
        about: "Ten configurations become ten realities. All get the same traffic; the winner is merged, and one region keeps its own.",
    },
    Scenario {
        name: "schema",
        title: "Migrate a database schema",
        about: "Two migrations in two realities. A validator refuses the broken one before anything is written, and a clean merge that is wrong.",
    },
    Scenario {
        name: "ab",
        title: "Try A against B",
        about: "Ten thousand visitors, each always in the same reality. What they did is counted, and the winner becomes main.",
    },
    Scenario {
        name: "incident",
        title: "Travel to an incident",
        about: "What was live at 03:42? Compare two moments, find the culprit with a test, take back its change and nothing else.",
    },
    Scenario {
        name: "emergency",
        title: "Roll back in an emergency",
        about: "A rule takes main back as soon as a commit says EMERGENCY, and a guard keeps it from fighting a robot.",
    },
];

/// The most steps that a scenario has.
const STEPS_MAX: u32 = 99;

/// A step of a scenario.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// The scenario.
    pub scenario: &'static Scenario,
    /// Its step, from 1 on.
    pub step: u32,
}

impl Place {
    /// Where a scenario begins.
    pub fn first(scenario: &'static Scenario) -> Self {
        Self { scenario, step: 1 }
    }

    /// Reads `NAME.STEP`; `None` where there is no such scenario.
    pub fn parse(text: &str) -> Option<Self> {
        let (name, step) = text.split_once('.')?;
        let scenario = ALL.iter().find(|scenario| scenario.name == name)?;
        let step = step.parse().ok().filter(|step| (1..=STEPS_MAX).contains(step))?;
        Some(Self { scenario, step })
    }

    /// Writes it as it is read.
    pub fn to_text(self) -> String {
        format!("{}.{}", self.scenario.name, self.step)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_comes_back_and_nothing_else_does() {
        for scenario in ALL {
            let place = Place { scenario, step: 3 };
            assert_eq!(Place::parse(&place.to_text()), Some(place));
        }
        for text in ["", "cdn", "cdn.", "cdn.0", "cdn.100", "cdn.-1", "../cdn.1", "none.1", "cdn.1.2"] {
            assert_eq!(Place::parse(text), None, "{text}");
        }
    }
}

//! A stretch of time along a line of pixels: where moments stand, ticks with round times, and how dense the moments are.
//!
//! What is done for each frame depends on the width that is seen and on the logarithm of the number of moments, not on
//! the number itself. Moments are milliseconds since the epoch; calendars are UTC. Knows no commits.

use std::fmt::Write as _;

const SECOND_MS: i64 = 1000;
const MINUTE_MS: i64 = 60 * SECOND_MS;
const HOUR_MS: i64 = 60 * MINUTE_MS;
const DAY_MS: i64 = 24 * HOUR_MS;
/// The shortest stretch that is shown.
const SPAN_MIN_MS: i64 = SECOND_MS;
/// The longest: a thousand years.
const SPAN_MAX_MS: i64 = 366_000 * DAY_MS;
/// Moments beyond these are shown at the edge: the years 1 and 9999.
const MOMENT_MIN_MS: i64 = -62_135_596_800_000;
const MOMENT_MAX_MS: i64 = 253_402_300_799_000;
/// Columns of a density that are worked out at once.
const COLUMNS_MAX: u32 = 8192;

/// What of time is seen, and how wide.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Scale {
    start_ms: i64,
    span_ms: i64,
    width: f64,
}

/// A round moment.
#[derive(Clone, Debug, PartialEq)]
pub struct Tick {
    /// Where it stands, in pixels from the left.
    pub x: f64,
    /// The moment, as short as it can be told from its neighbours.
    pub label: String,
}

/// Steps between ticks: by time, then by months.
#[derive(Clone, Copy)]
enum Step {
    Time(i64),
    Months(i64),
}

const STEPS: &[Step] = &[
    Step::Time(SECOND_MS),
    Step::Time(5 * SECOND_MS),
    Step::Time(15 * SECOND_MS),
    Step::Time(MINUTE_MS),
    Step::Time(5 * MINUTE_MS),
    Step::Time(15 * MINUTE_MS),
    Step::Time(HOUR_MS),
    Step::Time(3 * HOUR_MS),
    Step::Time(6 * HOUR_MS),
    Step::Time(DAY_MS),
    Step::Time(2 * DAY_MS),
    Step::Time(7 * DAY_MS),
    Step::Months(1),
    Step::Months(3),
    Step::Months(12),
    Step::Months(24),
    Step::Months(60),
    Step::Months(120),
    Step::Months(1200),
];

impl Step {
    fn about_ms(self) -> i64 {
        match self {
            Self::Time(ms) => ms,
            Self::Months(months) => months * 30 * DAY_MS,
        }
    }
}

impl Scale {
    /// Shows from the first to the last moment, with a little room at either end, over `width` pixels.
    pub fn around(first_ms: i64, last_ms: i64, width: f64) -> Self {
        let (first, last) = (bounded(first_ms), bounded(last_ms).max(bounded(first_ms)));
        let room = (last - first) / 50 + MINUTE_MS;
        Self::new(first - room, last - first + 2 * room, width)
    }

    fn new(start_ms: i64, span_ms: i64, width: f64) -> Self {
        let span_ms = span_ms.clamp(SPAN_MIN_MS, SPAN_MAX_MS);
        let start_ms = start_ms.clamp(MOMENT_MIN_MS - span_ms, MOMENT_MAX_MS);
        Self { start_ms, span_ms, width: width.max(1.0) }
    }

    /// The same time over another width.
    pub fn with_width(self, width: f64) -> Self {
        Self::new(self.start_ms, self.span_ms, width)
    }

    /// Where a moment stands, in pixels from the left; it may lie outside of what is seen.
    pub fn x(self, moment_ms: i64) -> f64 {
        (bounded(moment_ms) - self.start_ms) as f64 / self.span_ms as f64 * self.width
    }

    /// The moment at a place.
    pub fn moment(self, x: f64) -> i64 {
        bounded(self.start_ms + (x / self.width * self.span_ms as f64) as i64)
    }

    /// Nearer (`factor` below 1) or further away; what stands at `x` stays there.
    pub fn zoomed(self, x: f64, factor: f64) -> Self {
        let held = self.moment(x);
        let span_ms = ((self.span_ms as f64 * factor) as i64).clamp(SPAN_MIN_MS, SPAN_MAX_MS);
        Self::new(held - (x / self.width * span_ms as f64) as i64, span_ms, self.width)
    }

    /// Moved by pixels: to later moments where `by` is positive.
    pub fn panned(self, by: f64) -> Self {
        Self::new(self.start_ms + (by / self.width * self.span_ms as f64) as i64, self.span_ms, self.width)
    }

    /// Round moments, at least `gap` pixels apart.
    pub fn ticks(self, gap: f64) -> Vec<Tick> {
        let least_ms = (self.span_ms as f64 * gap.max(1.0) / self.width) as i64;
        let step =
            STEPS.iter().copied().find(|step| step.about_ms() >= least_ms).unwrap_or(Step::Months(12_000));
        let end_ms = self.start_ms + self.span_ms;
        let mut ticks = Vec::new();
        let mut moment = first_tick(self.start_ms, step);
        while moment <= end_ms && (ticks.len() as f64) <= self.width {
            ticks.push(Tick { x: self.x(moment), label: label(moment, step) });
            moment = next_tick(moment, step);
        }
        ticks
    }

    /// How many of `moments`, which rise, fall into each column of `column` pixels.
    pub fn density(self, moments: &[i64], column: f64) -> Vec<u32> {
        let columns = ((self.width / column.max(1.0)).ceil() as u32).min(COLUMNS_MAX);
        let place = |at: u32| {
            let start = self.moment(f64::from(at) * column.max(1.0));
            moments.partition_point(|moment| *moment < start)
        };
        let mut begin = place(0);
        (1..=columns)
            .map(|at| {
                let end = place(at);
                let count = end.saturating_sub(begin) as u32;
                begin = end;
                count
            })
            .collect()
    }
}

/// The place among moments, which rise, that a step to the next or the last one leads to.
pub fn stepped(moments: &[i64], from_ms: i64, forward: bool) -> Option<usize> {
    if forward {
        let next = moments.partition_point(|moment| *moment <= from_ms);
        (next < moments.len()).then_some(next)
    } else {
        moments.partition_point(|moment| *moment < from_ms).checked_sub(1)
    }
}

fn bounded(moment_ms: i64) -> i64 {
    moment_ms.clamp(MOMENT_MIN_MS, MOMENT_MAX_MS)
}

fn first_tick(start_ms: i64, step: Step) -> i64 {
    match step {
        Step::Time(ms) => (start_ms + ms - 1).div_euclid(ms) * ms,
        Step::Months(months) => {
            let (year, month, _) = civil(start_ms.div_euclid(DAY_MS));
            let mut count = (year * 12 + month - 1).div_euclid(months) * months;
            while month_start(count) < start_ms {
                count += months;
            }
            month_start(count)
        }
    }
}

fn next_tick(moment_ms: i64, step: Step) -> i64 {
    match step {
        Step::Time(ms) => moment_ms + ms,
        Step::Months(months) => {
            let (year, month, _) = civil(moment_ms.div_euclid(DAY_MS));
            month_start(year * 12 + month - 1 + months)
        }
    }
}

fn label(moment_ms: i64, step: Step) -> String {
    let (year, month, day) = civil(moment_ms.div_euclid(DAY_MS));
    let second = moment_ms.rem_euclid(DAY_MS) / SECOND_MS;
    let (hour, minute, second) = (second / 3600, second / 60 % 60, second % 60);
    let mut text = String::new();
    let written = match step {
        Step::Months(12..) => write!(text, "{year}"),
        Step::Months(_) => write!(text, "{year}-{month:02}"),
        Step::Time(DAY_MS..) => write!(text, "{year}-{month:02}-{day:02}"),
        Step::Time(_) if hour == 0 && minute == 0 && second == 0 => write!(text, "{month:02}-{day:02}"),
        Step::Time(MINUTE_MS..) => write!(text, "{hour:02}:{minute:02}"),
        Step::Time(_) => write!(text, "{hour:02}:{minute:02}:{second:02}"),
    };
    written.expect("because writing to a string does not fail");
    text
}

/// When a month begins; months are counted from January of the year 0.
fn month_start(months: i64) -> i64 {
    days(months.div_euclid(12), months.rem_euclid(12) + 1, 1) * DAY_MS
}

/// Year, month from 1 and day from 1 of a day since the epoch, by the Gregorian rules. Years are taken to begin in March,
/// so that the day which not all have is their last; 146,097 days are 400 years.
fn civil(day: i64) -> (i64, i64, i64) {
    let shifted = day + 719_468;
    let era = shifted.div_euclid(146_097);
    let of_era = shifted.rem_euclid(146_097);
    let year = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let from_march = (5 * of_year + 2) / 153;
    let month = if from_march < 10 { from_march + 3 } else { from_march - 9 };
    (era * 400 + year + i64::from(month <= 2), month, of_year - (153 * from_march + 2) / 5 + 1)
}

/// The inverse of [`civil`].
fn days(year: i64, month: i64, day: i64) -> i64 {
    let year = year - i64::from(month <= 2);
    let era = year.div_euclid(400);
    let of_era = year.rem_euclid(400);
    let from_march = (month + 9) % 12;
    let of_year = (153 * from_march + 2) / 5 + day - 1;
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 2026-01-01T00:00:00Z.
    const NEW_YEAR: i64 = 1_767_225_600_000;

    #[test]
    fn days_and_dates_agree() {
        assert_eq!(civil(0), (1970, 1, 1));
        assert_eq!(civil(NEW_YEAR / DAY_MS), (2026, 1, 1));
        assert_eq!(civil(11_016), (2000, 2, 29));
        for day in (-800_000..800_000).step_by(37) {
            let (year, month, of_month) = civil(day);
            assert_eq!(days(year, month, of_month), day);
        }
    }

    #[test]
    fn a_place_and_its_moment_agree() {
        let scale = Scale::around(NEW_YEAR, NEW_YEAR + 90 * DAY_MS, 900.0);
        for x in 0..900 {
            let back = scale.x(scale.moment(f64::from(x)));
            assert!((back - f64::from(x)).abs() < 0.01, "{x} comes back as {back}");
        }
    }

    #[test]
    fn what_is_held_stays_while_zooming() {
        let mut scale = Scale::around(NEW_YEAR, NEW_YEAR + 900 * DAY_MS, 1000.0);
        let held = scale.moment(250.0);
        for _ in 0..30 {
            scale = scale.zoomed(250.0, 0.8);
            assert!((scale.x(held) - 250.0).abs() < 2.0);
        }
        for _ in 0..200 {
            scale = scale.zoomed(10.0, 1.7).panned(-300.0);
        }
        assert!(scale.span_ms <= SPAN_MAX_MS);
    }

    #[test]
    fn ticks_are_round_and_apart() {
        for (span, first) in [
            (10 * SECOND_MS, "00:00:01"),
            (50 * MINUTE_MS, "00:05"),
            (20 * HOUR_MS, "03:00"),
            (9 * DAY_MS, "2026-01-02"),
            (80 * DAY_MS, "2026-01-08"),
            (300 * DAY_MS, "2026-02"),
            (9000 * DAY_MS, "2028"),
        ] {
            let scale = Scale::new(NEW_YEAR + 1, span, 1000.0);
            let ticks = scale.ticks(60.0);
            assert!((3..=17).contains(&ticks.len()), "{} ticks for {span}", ticks.len());
            assert_eq!(ticks[0].label, first);
            assert!(ticks.windows(2).all(|two| two[1].x - two[0].x >= 55.0), "{ticks:?}");
        }
    }

    #[test]
    fn every_moment_that_is_seen_is_counted_once() {
        let moments: Vec<i64> = (0..5000).map(|at| NEW_YEAR + at * at * 7).collect();
        let scale = Scale::around(NEW_YEAR, moments[4999], 777.0);
        assert_eq!(scale.density(&moments, 3.0).iter().sum::<u32>(), 5000);
        let near = scale.zoomed(100.0, 0.1);
        let seen = moments.iter().filter(|moment| (0.0..777.0).contains(&near.x(**moment))).count();
        assert!(near.density(&moments, 1.0).iter().sum::<u32>().abs_diff(seen as u32) <= 1);
    }

    #[test]
    fn steps_go_from_moment_to_moment() {
        let moments = [10, 20, 20, 30];
        assert_eq!(stepped(&moments, 20, true), Some(3));
        assert_eq!(stepped(&moments, 20, false), Some(0));
        assert_eq!(stepped(&moments, 30, true), None);
        assert_eq!(stepped(&moments, 5, false), None);
        assert_eq!(stepped(&moments, i64::MIN, true), Some(0));
    }
}

//! Whether candidates differ from a baseline that was measured beside them, round by round: differences with intervals,
//! and verdicts that hold up for all candidates together. Figures in, figures out; knows no realities and no tests.
//!
//! Only sums, products, quotients, roots and an arc tangent in software: the same figures on every platform.

use alloc::vec::Vec;
use core::f64::consts::FRAC_2_PI;

use crate::error::{Error, ErrorCode, Result};

/// The chance that any of the verdicts of one evaluation speaks of a difference where there is none.
const ERROR_CHANCE: f64 = 0.05;
/// Halvings of a bracket: as fine as a float.
const HALVINGS: u32 = 200;
/// What is left of a sum that no float can show any more.
const NEGLIGIBLE: f64 = 1e-18;

/// What an evaluation says of a candidate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// No difference was found; that is no proof that there is none.
    NoDifference,
    /// Higher than the baseline.
    Higher,
    /// Lower than the baseline.
    Lower,
}

/// A candidate beside the baseline.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Comparison {
    /// By how much the candidate is higher.
    pub difference: f64,
    /// Covers the true difference in 95 of 100 cases, each candidate by itself.
    pub interval: (f64, f64),
    /// Corrected for the number of candidates.
    pub verdict: Verdict,
}

/// What the scores of a test are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scale {
    /// Numbers: Student's t on the differences of each round.
    Numbers,
    /// An order without distances: the sign test on who is higher in each round. The difference is the part of the decided
    /// rounds that the candidate won less the part that it lost.
    Order,
}

/// Compares scores, each candidate's and the baseline's of one round at the same place; verdicts by Holm's correction.
/// There are at least two rounds, and all scores are finite.
pub fn compare(scale: Scale, baseline: &[f64], candidates: &[&[f64]]) -> Result<Vec<Comparison>> {
    let rounds = baseline.len();
    let is_broken = |scores: &&[f64]| scores.len() != rounds || !scores.iter().all(|score| score.is_finite());
    if rounds < 2 || is_broken(&baseline) || candidates.iter().any(is_broken) {
        let message = "an interval needs the same number of finite scores of everyone, at least two";
        return Err(Error::new(ErrorCode::InvalidArgument, message));
    }
    // With one degree of freedom 95 % lie within 12.7.
    let quantile = halved(0.0, 16.0, &|bound| t_within(bound, rounds - 1) < 1.0 - ERROR_CHANCE);
    let mut figures = Vec::with_capacity(candidates.len());
    for scores in candidates {
        figures.push(match scale {
            Scale::Numbers => by_differences(baseline, scores, quantile)?,
            Scale::Order => by_wins(baseline, scores),
        });
    }
    Ok(decide(&figures))
}

/// Difference, interval, and the chance to see as much by chance alone.
type Figures = (f64, (f64, f64), f64);

fn by_differences(baseline: &[f64], scores: &[f64], quantile: f64) -> Result<Figures> {
    let rounds = baseline.len() as f64;
    let differences = || scores.iter().zip(baseline).map(|(score, base)| score - base);
    // Squares of what is left cannot overflow.
    let scale = differences().fold(0.0, |most: f64, difference| most.max(difference.abs()));
    if scale == 0.0 {
        return Ok((0.0, (0.0, 0.0), 1.0));
    }
    if scale.is_infinite() {
        let message = "scores that differ by more than a float can hold cannot be compared: scale them down";
        return Err(Error::new(ErrorCode::InvalidArgument, message));
    }
    let mean = differences().map(|difference| difference / scale).sum::<f64>() / rounds;
    let squares: f64 =
        differences().map(|difference| difference / scale - mean).map(|rest| rest * rest).sum();
    let error = root(squares / (rounds * (rounds - 1.0)));
    let chance = if error == 0.0 { 0.0 } else { 1.0 - t_within(mean.abs() / error, baseline.len() - 1) };
    let (difference, reach) = (mean * scale, quantile * error * scale);
    Ok((difference, (difference - reach, difference + reach), chance.max(coin_chance(baseline.len()))))
}

fn by_wins(baseline: &[f64], scores: &[f64]) -> Figures {
    let rounds = || scores.iter().zip(baseline);
    let won = rounds().filter(|(score, base)| score > base).count() as u32;
    let lost = rounds().filter(|(score, base)| score < base).count() as u32;
    let decided = won + lost;
    if decided == 0 {
        return (0.0, (-1.0, 1.0), 1.0);
    }
    let difference = (f64::from(won) - f64::from(lost)) / f64::from(decided);
    let (low, high) = (2.0 * least_share(decided, won) - 1.0, 1.0 - 2.0 * least_share(decided, lost));
    (difference, (low, high), 2.0 * at_least(decided, won.max(lost), 0.5))
}

/// The chance that a test which gives one of two values at random gives the candidate one and the baseline the other in
/// every round. Few rounds prove nothing, however little their differences vary.
fn coin_chance(rounds: usize) -> f64 {
    (0..rounds).fold(2.0, |chance, _| chance / 4.0)
}

/// Holm's step-down: the least likely by chance must pass for all, the next for all but one, and so on.
fn decide(figures: &[Figures]) -> Vec<Comparison> {
    let mut comparisons = Vec::with_capacity(figures.len());
    for (difference, interval, _) in figures {
        comparisons.push(Comparison {
            difference: *difference,
            interval: *interval,
            verdict: Verdict::NoDifference,
        });
    }
    for open in (1..=figures.len()).rev() {
        let mut least: Option<usize> = None;
        for (at, (_, _, chance)) in figures.iter().enumerate() {
            let is_open = comparisons[at].verdict == Verdict::NoDifference;
            if is_open && least.is_none_or(|least| *chance < figures[least].2) {
                least = Some(at);
            }
        }
        let Some(least) = least.filter(|least| figures[*least].2 <= ERROR_CHANCE / open as f64) else {
            break;
        };
        let is_higher = figures[least].0 > 0.0;
        comparisons[least].verdict = if is_higher { Verdict::Higher } else { Verdict::Lower };
    }
    comparisons
}

/// The chance that a variable of Student's distribution lies within `bound` of 0: the finite sums for whole degrees of
/// freedom (Abramowitz and Stegun 26.7.3 and 26.7.4).
fn t_within(bound: f64, freedom: usize) -> f64 {
    let square = freedom as f64 + bound * bound;
    let (cosine_squared, sine) = (freedom as f64 / square, bound / root(square));
    let is_odd = freedom % 2 == 1;
    let mut term = if is_odd { root(cosine_squared) } else { 1.0 };
    let mut sum = 0.0;
    for step in (if is_odd { 1 } else { 0 }..freedom - 1).step_by(2) {
        sum += term;
        if term < NEGLIGIBLE {
            break;
        }
        term *= cosine_squared * (step + 1) as f64 / (step + 2) as f64;
    }
    if is_odd { FRAC_2_PI * (libm::atan(bound / root(freedom as f64)) + sine * sum) } else { sine * sum }
}

/// The least chance of a win at which so many wins are not too many: the lower end of Clopper's and Pearson's interval.
fn least_share(rounds: u32, won: u32) -> f64 {
    if won == 0 {
        return 0.0;
    }
    halved(0.0, 1.0, &|share| at_least(rounds, won, share) < ERROR_CHANCE / 2.0)
}

/// The chance of at least `won` wins of `rounds`, each with chance `share`.
fn at_least(rounds: u32, won: u32, share: f64) -> f64 {
    // Summed away from the likeliest number, where terms only fall.
    if f64::from(won) < f64::from(rounds) * share {
        return 1.0 - at_least(rounds, rounds - won + 1, 1.0 - share);
    }
    let mut losses_left = rounds - won;
    let mut term = 1.0;
    for win in 1..=won {
        term *= f64::from(rounds - won + win) / f64::from(win) * share;
        while term > 1.0 && losses_left > 0 {
            term *= 1.0 - share;
            losses_left -= 1;
        }
    }
    for _ in 0..losses_left {
        term *= 1.0 - share;
    }
    let mut sum = 0.0;
    for wins in won..=rounds {
        sum += term;
        if term < NEGLIGIBLE * sum {
            break;
        }
        term *= f64::from(rounds - wins) / f64::from(wins + 1) * share / (1.0 - share);
    }
    sum.min(1.0)
}

/// The square root of a number from 1e-300 to 1e300, by Newton's steps from above; 0 of 0.
fn root(square: f64) -> f64 {
    if square == 0.0 {
        return 0.0;
    }
    let (mut root, mut next) = (f64::INFINITY, square.max(1.0));
    while next < root {
        (root, next) = (next, (next + square / next) / 2.0);
    }
    root
}

/// Where `is_below` ends between two bounds.
fn halved(mut low: f64, mut high: f64, is_below: &dyn Fn(f64) -> bool) -> f64 {
    for _ in 0..HALVINGS {
        let middle = (low + high) / 2.0;
        if middle <= low || middle >= high {
            break;
        }
        *(if is_below(middle) { &mut low } else { &mut high }) = middle;
    }
    (low + high) / 2.0
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Two-sided 95 % points, as every table of Student's distribution prints them.
    const TABLE: [(usize, f64); 17] = [
        (1, 12.706),
        (2, 4.303),
        (3, 3.182),
        (4, 2.776),
        (5, 2.571),
        (6, 2.447),
        (7, 2.365),
        (8, 2.306),
        (9, 2.262),
        (10, 2.228),
        (15, 2.131),
        (20, 2.086),
        (29, 2.045),
        (30, 2.042),
        (60, 2.000),
        (120, 1.980),
        (9_999, 1.960),
    ];

    #[test]
    fn quantiles_are_those_of_the_printed_table() {
        for (freedom, printed) in TABLE {
            let found = halved(0.0, 16.0, &|bound| t_within(bound, freedom) < 0.95);
            assert!((found - printed).abs() < 0.000_51, "{freedom}: {found}");
        }
        // Two-sided 99 % points.
        for (freedom, printed) in [(2, 9.925), (4, 4.604), (10, 3.169), (30, 2.750), (120, 2.617)] {
            assert!((1.0 - t_within(printed, freedom) - 0.01).abs() < 0.000_02, "{freedom}");
        }
    }

    #[test]
    fn roots_are_those_of_std() {
        for square in [0.0, 1e-300, 1e-20, 0.1, 1.0, 2.0, 9.0, 1e17, 1e300] {
            let found = root(square);
            assert!((found - square.sqrt()).abs() <= 1e-15 * found, "{square}: {found}");
        }
    }

    #[test]
    fn binomial_tails_are_sums_of_the_triangle() {
        let mut row = Vec::from([1u64]);
        for rounds in 1..=40u32 {
            row = core::iter::once(1).chain(row.windows(2).map(|two| two[0] + two[1])).chain([1]).collect();
            for won in 1..=rounds {
                let tail: u64 = row[won as usize..].iter().sum();
                let exact = tail as f64 / (1u64 << rounds) as f64;
                assert!((at_least(rounds, won, 0.5) - exact).abs() < 1e-13, "{rounds} {won}");
            }
        }
        assert!((at_least(10_000, 5_098, 0.5) - 0.0256).abs() < 0.0002);
        // Clopper and Pearson for 8 of 10, as printed: 0.4439 to 0.9748.
        assert!(
            (least_share(10, 8) - 0.4439).abs() < 0.000_05
                && (1.0 - least_share(10, 2) - 0.9748).abs() < 0.000_05
        );
    }

    #[test]
    fn a_worked_example_comes_out() {
        let after = [30.0, 31.0, 34.0, 40.0, 36.0, 35.0, 34.0, 30.0, 28.0, 29.0];
        let before = [30.0, 31.0, 37.0, 30.0, 36.0, 33.0, 31.0, 29.0, 26.0, 25.0];
        let [found] = compare(Scale::Numbers, &before, &[&after]).unwrap()[..] else { panic!("one") };
        // Mean 1.9, standard deviation 3.44642, reach 2.262157 * 3.44642 / sqrt(10).
        assert!((found.difference - 1.9).abs() < 1e-12);
        assert!(
            (found.interval.0 + 0.565_417).abs() < 1e-6 && (found.interval.1 - 4.365_417).abs() < 1e-6,
            "{found:?}"
        );
        assert_eq!(found.verdict, Verdict::NoDifference);
    }

    #[test]
    fn few_rounds_prove_nothing_and_equal_scores_are_no_difference() {
        let verdict = |rounds: usize, candidates: usize| {
            let better = std::vec![2.0; rounds];
            compare(Scale::Numbers, &std::vec![1.0; rounds], &std::vec![&better[..]; candidates]).unwrap()[0]
                .verdict
        };
        let least =
            |candidates| (2..20).find(|rounds| verdict(*rounds, candidates) == Verdict::Higher).unwrap();
        assert_eq!([1, 2, 6, 7, 25, 26, 102].map(least), [3, 4, 4, 5, 5, 6, 6]);
        let same = compare(Scale::Numbers, &[1.0; 9], &[&[1.0; 9]]).unwrap()[0];
        assert_eq!((same.difference, same.interval, same.verdict), (0.0, (0.0, 0.0), Verdict::NoDifference));
        let wins = |score: f64, rounds: usize| {
            compare(Scale::Order, &std::vec![0.0; rounds], &[&std::vec![score; rounds]]).unwrap()[0]
        };
        assert_eq!(wins(0.0, 9).interval, (-1.0, 1.0));
        assert_eq!((wins(1.0, 6).verdict, wins(1.0, 5).verdict), (Verdict::Higher, Verdict::NoDifference));
        assert_eq!((wins(-1.0, 6).verdict, wins(-1.0, 6).difference), (Verdict::Lower, -1.0));
    }

    #[test]
    fn figures_that_cannot_be_compared_are_refused() {
        let refused = |baseline: &[f64], candidate: &[f64]| {
            assert_eq!(
                compare(Scale::Numbers, baseline, &[candidate]).unwrap_err().code(),
                ErrorCode::InvalidArgument
            );
        };
        refused(&[1.0], &[1.0]);
        refused(&[1.0, 2.0], &[1.0]);
        refused(&[1.0, f64::NAN], &[1.0, 2.0]);
        refused(&[1.0, 2.0], &[1.0, f64::INFINITY]);
        refused(&[f64::MAX, 0.0], &[f64::MIN, 0.0]);
        let huge = compare(Scale::Numbers, &[0.0; 4], &[&[1e300, 2e300, 1.5e300, 1.2e300]]).unwrap()[0];
        assert_eq!((huge.verdict, huge.interval.0 > 0.0), (Verdict::Higher, true));
    }
}

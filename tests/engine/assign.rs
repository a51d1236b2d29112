//! Weighted assignment: its laws, its shares within what chance allows, and its values against a reference that is
//! written from the specification in the docs, in floats.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use govc_engine::git::Kind;
use govc_engine::git::id::hasher::object_id;
use govc_engine::{ErrorCode, Weight, assign};
use govc_tests::Random;

const NAMES: [&str; 8] = ["main", "a", "b", "long/name", "x", "y", "z", "caf\u{e9}"];

fn choose<'a>(key: usize, salt: &str, weights: &[(&'a str, f64)]) -> &'a str {
    let given: Vec<Weight> =
        weights.iter().map(|(name, weight)| Weight { name: name.as_bytes(), weight: *weight }).collect();
    weights[assign(format!("user-{key}").as_bytes(), salt.as_bytes(), &given).unwrap()].0
}

fn random_weights(random: &mut Random) -> Vec<(&'static str, f64)> {
    let count = 1 + random.below(NAMES.len());
    NAMES[..count].iter().map(|name| (*name, 1.0 + random.below(1000) as f64 / 7.0)).collect()
}

#[test]
fn the_shares_are_the_weights_within_what_chance_allows() {
    let mut random = Random::new(3);
    for round in 0..20 {
        let weights = random_weights(&mut random);
        let total: f64 = weights.iter().map(|(_, weight)| weight).sum();
        let keys = 20_000;
        let salt = format!("round {round}");
        for (name, weight) in &weights {
            let got = (0..keys).filter(|key| choose(*key, &salt, &weights) == *name).count() as f64;
            let share = weight / total;
            let deviation = (keys as f64 * share * (1.0 - share)).sqrt();
            // Five deviations: one seed of a million would fail by chance.
            assert!((got - keys as f64 * share).abs() <= 5.0 * deviation + 1e-9, "{name} {share} {got}");
        }
    }
}

#[test]
fn a_weight_that_changes_moves_keys_to_or_from_its_name_alone() {
    let mut random = Random::new(5);
    for _ in 0..100 {
        let weights = random_weights(&mut random);
        let changed = random.below(weights.len());
        let mut grown = weights.clone();
        grown[changed].1 *= 1.0 + random.below(30) as f64 / 10.0;
        for key in 0..300 {
            let (before, after) = (choose(key, "", &weights), choose(key, "", &grown));
            assert!(before == after || after == weights[changed].0, "{before} {after}");
        }
    }
}

#[test]
fn a_name_that_goes_gives_up_its_own_keys_alone_and_weight_zero_is_like_going() {
    let mut random = Random::new(7);
    for _ in 0..100 {
        let weights = random_weights(&mut random);
        let gone = random.below(weights.len());
        let mut less = weights.clone();
        let name = less.remove(gone).0;
        if less.is_empty() {
            continue;
        }
        let mut none = weights.clone();
        none[gone].1 = 0.0;
        for key in 0..300 {
            let (before, after) = (choose(key, "s", &weights), choose(key, "s", &less));
            assert!(before == after || before == name, "{before} {after}");
            assert_eq!(after, choose(key, "s", &none));
        }
    }
}

#[test]
fn order_and_scale_do_not_matter_and_salts_do() {
    let weights = [("a", 3.0), ("b", 1.0), ("c", 2.5)];
    let turned = [weights[2], weights[0], weights[1]];
    let scaled = weights.map(|(name, weight)| (name, weight * 1024.0));
    let mut apart = 0;
    for key in 0..2_000 {
        let chosen = choose(key, "x", &weights);
        assert_eq!((chosen, chosen), (choose(key, "x", &turned), choose(key, "x", &scaled)));
        apart += usize::from(chosen != choose(key, "y", &weights));
    }
    assert!(apart > 900, "{apart}");
}

#[test]
fn the_choice_is_that_of_the_specification() {
    let mut random = Random::new(11);
    for key in 0..20_000 {
        let weights = random_weights(&mut random);
        let price = |name: &str, weight: f64| {
            let parts = ["salt".to_owned(), format!("user-{key}"), name.to_owned()];
            let bytes: Vec<u8> = parts
                .iter()
                .flat_map(|part| [&(part.len() as u64).to_be_bytes(), part.as_bytes()].concat())
                .collect();
            let id = object_id(Kind::Blob, &bytes);
            let uniform = u64::from_be_bytes(*id.as_bytes().first_chunk().unwrap()) | 1;
            (64.0 - (uniform as f64).log2()) / weight
        };
        let expected =
            weights.iter().min_by(|(a, wa), (b, wb)| price(a, *wa).total_cmp(&price(b, *wb))).unwrap().0;
        assert_eq!(choose(key, "salt", &weights), expected);
    }
}

#[test]
fn weights_that_make_no_sense_are_refused() {
    for weight in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY, -1.0, -f64::MIN_POSITIVE] {
        let weights = [Weight { name: b"a", weight: 1.0 }, Weight { name: b"b", weight }];
        assert_eq!(assign(b"k", b"", &weights).unwrap_err().code(), ErrorCode::InvalidArgument);
    }
    for weights in [&[][..], &[Weight { name: b"a", weight: 0.0 }], &[Weight { name: b"a", weight: -0.0 }]] {
        assert_eq!(assign(b"k", b"", weights).unwrap_err().code(), ErrorCode::InvalidArgument);
    }
    for weight in [f64::MAX, f64::MIN_POSITIVE / 4.0] {
        assert_eq!(assign(b"k", b"", &[Weight { name: b"a", weight }]).unwrap(), 0);
    }
}

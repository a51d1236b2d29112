//! Which reality serves a key under weights: weighted rendezvous hashing in integers, so that every node and platform
//! agrees to the bit. `www/docs/evaluate.md` specifies it for other implementations. Knows no realities, only names.

use alloc::format;
use alloc::vec::Vec;
use core::cmp::Ordering;

use bstr::ByteSlice;
use govc_git::id::hasher::object_id;
use govc_git::{Kind, ObjectId};

use crate::error::{Error, ErrorCode, Result};

/// Binary digits of a logarithm behind the point: shares down to about 1e-14 are told apart.
const FRACTION_BITS: u32 = 48;

/// A name and its share of the keys, relative to the others.
#[derive(Clone, Copy, Debug)]
pub struct Weight<'a> {
    /// The name of a reality.
    pub name: &'a [u8],
    /// Finite and not negative; 0 takes no key.
    pub weight: f64,
}

/// The position of the name that serves `key`. Each name draws a number from key, salt and name; the lowest draw by
/// weight wins. So a change of one weight moves keys to or from that name alone.
pub fn assign(key: &[u8], salt: &[u8], weights: &[Weight]) -> Result<usize> {
    let mut best: Option<(usize, Price)> = None;
    let mut hashed = Vec::new();
    for (position, Weight { name, weight }) in weights.iter().enumerate() {
        if !weight.is_finite() || *weight < 0.0 {
            // The weight itself is not shown: digits of floats are 15 KB of the module.
            let name = name.as_bstr();
            let message = format!("the weight of '{name}' is no finite number from 0: give one");
            return Err(Error::new(ErrorCode::InvalidArgument, message).with("reality", name));
        }
        if *weight == 0.0 {
            continue;
        }
        hashed.clear();
        for part in [salt, key, name] {
            hashed.extend_from_slice(&(part.len() as u64).to_be_bytes());
            hashed.extend_from_slice(part);
        }
        let price = Price::new(draw(&object_id(Kind::Blob, &hashed)), *weight);
        let is_better = |(leader, least): &(usize, Price)| {
            price.compare(least).then_with(|| name.cmp(&weights[*leader].name)).is_lt()
        };
        if best.as_ref().is_none_or(is_better) {
            best = Some((position, price));
        }
    }
    best.map(|(position, _)| position).ok_or_else(|| {
        Error::new(ErrorCode::InvalidArgument, "no reality has a weight above 0: give at least one")
    })
}

/// -log2 of a uniform number in (0, 1), with [`FRACTION_BITS`] behind the point: at least 1.
fn draw(id: &ObjectId) -> u64 {
    let first = id.as_bytes().first_chunk().expect("because an id has 20 bytes");
    let uniform = u64::from_be_bytes(*first) | 1;
    (64 << FRACTION_BITS) - log2(uniform)
}

/// log2, cut off behind [`FRACTION_BITS`] digits, each from one squaring. Callers give at least 1.
fn log2(number: u64) -> u64 {
    let whole = u64::from(number.ilog2());
    // From 1 to 2, with 63 digits behind the point.
    let mut rest = u128::from(number << number.leading_zeros());
    let mut digits = 0;
    for _ in 0..FRACTION_BITS {
        rest = (rest * rest) >> 63;
        let digit = rest >> 64;
        rest >>= digit;
        digits = digits << 1 | digit as u64;
    }
    whole << FRACTION_BITS | digits
}

/// A draw over a weight, exactly: `draw / (mantissa * 2^exponent)`.
struct Price {
    draw: u64,
    mantissa: u64,
    exponent: i32,
}

impl Price {
    /// `weight` is finite and above 0.
    fn new(draw: u64, weight: f64) -> Self {
        let bits = weight.to_bits();
        let (exponent, mantissa) = ((bits >> 52) as i32, bits & ((1 << 52) - 1));
        match exponent {
            0 => Self { draw, mantissa, exponent: 1 },
            _ => Self { draw, mantissa: mantissa | 1 << 52, exponent },
        }
    }

    /// Multiplied out, so that nothing is rounded.
    fn compare(&self, other: &Self) -> Ordering {
        let scaled = |draw: u64, weight: &Self| {
            let product = u128::from(draw) * u128::from(weight.mantissa);
            let zeros = product.leading_zeros();
            (weight.exponent - zeros as i32, product << zeros)
        };
        scaled(self.draw, other).cmp(&scaled(other.draw, self))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn logarithms_are_those_of_std() {
        let mut number = 1u64;
        for step in 0..2_000u64 {
            let found = log2(number) as f64 / (1u64 << FRACTION_BITS) as f64;
            assert!((found - (number as f64).log2()).abs() < 1e-12, "{number}: {found}");
            number = number.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(step) >> (step % 64) | 1;
        }
        assert_eq!(log2(1), 0);
        assert_eq!(log2(1 << 63), 63 << FRACTION_BITS);
        assert!(log2(u64::MAX) < 64 << FRACTION_BITS);
    }

    #[test]
    fn prices_compare_as_fractions_do() {
        let weights = [f64::MIN_POSITIVE / 8.0, 1e-300, 0.1, 0.3, 1.0, 3.0, 1e300, f64::MAX];
        for (left, right) in weights.iter().flat_map(|left| weights.map(|right| (*left, right))) {
            let equal = Price::new(7, left).compare(&Price::new(7, right));
            assert_eq!(equal, right.partial_cmp(&left).unwrap(), "{left} {right}");
        }
        assert_eq!(Price::new(1, 0.5).compare(&Price::new(2, 1.0)), Ordering::Equal);
        assert_eq!(Price::new(3, 0.5).compare(&Price::new(5, 1.0)), Ordering::Greater);
    }
}

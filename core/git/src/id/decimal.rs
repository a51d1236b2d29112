//! Decimal digits without the formatting engine: each object that is written has its size in its header.

/// Most digits of a number.
pub(crate) const DIGITS_MAX: usize = 20;

/// The decimal digits of `value`, at least `least` of them, written to the end of `digits`.
pub(crate) fn decimal(mut value: u64, least: usize, digits: &mut [u8; DIGITS_MAX]) -> &[u8] {
    let mut start = DIGITS_MAX;
    while start > 0 && (value > 0 || DIGITS_MAX - start < least) {
        start -= 1;
        digits[start] = b'0' + (value % 10) as u8;
        value /= 10;
    }
    &digits[start..]
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::format;

    #[test]
    fn digits_are_those_of_format() {
        let powers = (0..20).map(|power| 10u64.pow(power));
        for value in powers.flat_map(|power| [power - 1, power, power + 1, u64::MAX / power]) {
            let mut digits = [0; DIGITS_MAX];
            assert_eq!(decimal(value, 1, &mut digits), format!("{value}").as_bytes());
            assert_eq!(decimal(value, 2, &mut digits), format!("{value:02}").as_bytes());
        }
    }
}

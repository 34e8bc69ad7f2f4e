//! Identifiers and times as the platform writes them.

use uuid::Uuid;

/// A version 4 UUID from seeded random numbers.
pub fn uuid(rng: &mut fastrand::Rng) -> Uuid {
    uuid::Builder::from_random_bytes(rng.u128(..).to_be_bytes()).into_uuid()
}

/// RFC 3339 in UTC with milliseconds, as in `2026-11-20T14:02:11.341Z`.
pub fn iso(ms: i64) -> String {
    match jiff::Timestamp::from_millisecond(ms) {
        Ok(time) => time.strftime("%Y-%m-%dT%H:%M:%S%.3fZ").to_string(),
        Err(_) => "1970-01-01T00:00:00.000Z".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_always_have_three_decimals() {
        assert_eq!(iso(1_795_183_411_000), "2026-11-20T14:03:31.000Z");
        assert_eq!(iso(1_795_183_411_647), "2026-11-20T14:03:31.647Z");
    }

    #[test]
    fn ids_repeat_with_the_seed() {
        let (mut a, mut b) = (fastrand::Rng::with_seed(7), fastrand::Rng::with_seed(7));
        assert_eq!(uuid(&mut a), uuid(&mut b));
        assert_eq!(uuid(&mut a).get_version_num(), 4);
    }
}

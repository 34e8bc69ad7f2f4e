//! How room is shared among those that want it.

/// What each of these wants has of `room`, fairly: a small wish is fulfilled before a large one takes the rest, equal ones get equal
/// parts. No part is larger than its wish, and nothing is left over while somebody wants more.
pub fn share(wishes: &[u16], room: u16) -> Vec<u16> {
    let mut order: Vec<usize> = (0..wishes.len()).collect();
    order.sort_by_key(|i| wishes[*i]);
    let mut parts = vec![0; wishes.len()];
    let mut left = room;
    for (n, i) in order.iter().enumerate() {
        let others = u16::try_from(order.len() - n).unwrap_or(u16::MAX);
        let part = wishes[*i].min(left / others);
        parts[*i] = part;
        left -= part;
    }
    // What division left over.
    for (part, wish) in parts.iter_mut().zip(wishes) {
        let more = (*wish - *part).min(left);
        *part += more;
        left -= more;
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn small_wishes_are_fulfilled_and_large_ones_have_equal_parts() {
        assert_eq!(share(&[3, 40, 0, 60], 23), [3, 10, 0, 10]);
        assert_eq!(share(&[5, 5], 7), [3, 4]);
        assert_eq!(share(&[], 7), [0u16; 0]);
    }

    proptest! {
        #[test]
        fn no_room_is_left_while_somebody_wants_more(wishes in proptest::collection::vec(0u16..300, 0..12), room in 0u16..400) {
            let parts = share(&wishes, room);
            let wanted: u32 = wishes.iter().map(|w| u32::from(*w)).sum();
            let given: u32 = parts.iter().map(|p| u32::from(*p)).sum();
            prop_assert_eq!(given, wanted.min(u32::from(room)));
            prop_assert!(parts.iter().zip(&wishes).all(|(part, wish)| part <= wish));
            for (a, b) in (0..parts.len()).flat_map(|a| (0..parts.len()).map(move |b| (a, b))) {
                prop_assert!(parts[a] == wishes[a] || parts[b] <= parts[a] + u16::try_from(parts.len()).unwrap(), "{parts:?}");
            }
        }
    }
}

//! Which key of a configuration file is which setting.

use pve_schema::Property;

use super::schema::CONTAINER;

/// How many keys the table stands for.
pub const COUNT: usize = {
    let mut count = 0;
    let mut i = 0;
    while i < CONTAINER.properties.len() {
        count += width(&CONTAINER.properties[i]);
        i += 1;
    }
    count
};

const fn width(property: &Property) -> usize {
    if property.count == 0 { 1 } else { property.count as usize }
}

/// The number of each property's first key.
const FIRST: [u16; CONTAINER.properties.len()] = {
    let mut first = [0; CONTAINER.properties.len()];
    let mut next = 0;
    let mut i = 0;
    while i < first.len() {
        first[i] = next;
        next += width(&CONTAINER.properties[i]) as u16;
        i += 1;
    }
    first
};

/// A key that the table has.
#[derive(Clone, Copy)]
pub struct Known {
    pub property: &'static Property,
    /// Its number among all keys, below [`COUNT`].
    pub number: usize,
    /// The number at its end; 0 if it has none.
    pub index: u16,
}

/// Finds a key, such as `memory` or `net31`.
pub fn find(key: &[u8]) -> Option<Known> {
    let digits = key.iter().rev().take_while(|b| b.is_ascii_digit()).count();
    let (name, digits) = key.split_at(key.len() - digits);
    let at = CONTAINER.position(name)?;
    let property = CONTAINER.properties.get(at)?;
    let first = usize::from(*FIRST.get(at)?);
    let index = match (property.count, digits) {
        (0, []) => 0,
        (0, _) | (_, [b'0', _, ..] | []) => return None,
        (count, digits) if digits.len() <= 3 => {
            let index = digits.iter().fold(0, |n, d| n * 10 + usize::from(d - b'0'));
            if index >= usize::from(count) {
                return None;
            }
            index
        }
        _ => return None,
    };
    Some(Known { property, number: first + index, index: u16::try_from(index).unwrap_or_default() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbered_keys_have_no_leading_zeros_and_an_end() {
        for good in ["net0", "net31", "mp255", "unused10", "memory", "rootfs", "description"] {
            assert!(find(good.as_bytes()).is_some(), "{good}");
        }
        for bad in
            ["net", "net32", "net00", "mp256", "mp1000", "memory1", "foo", "", "0", "descriptio"]
        {
            assert!(find(bad.as_bytes()).is_none(), "{bad}");
        }
    }

    #[test]
    fn every_key_has_a_number_of_its_own() {
        let mut seen = vec![false; COUNT];
        for property in CONTAINER.properties {
            for i in 0..property.count.max(1) {
                let key = if property.count == 0 {
                    property.name.to_owned()
                } else {
                    format!("{}{i}", property.name)
                };
                let number = find(key.as_bytes()).map(|known| known.number);
                assert_eq!(
                    number.map(|n| std::mem::replace(&mut seen[n], true)),
                    Some(false),
                    "{key}"
                );
            }
        }
        assert!(seen.iter().all(|seen| *seen));
    }
}

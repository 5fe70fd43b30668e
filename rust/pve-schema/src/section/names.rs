//! Names and their numbers: every line of a file is looked up here.

/// Numbers from 0 by name, in a table of hashes.
///
/// What is looked for comes from files, what is in the table from plugins: no file can make looking up slow.
#[derive(Default)]
pub(super) struct Names {
    names: Vec<Box<[u8]>>,
    /// By a hash of the first eight bytes and the length, the number plus 1; 0 where there is none. Its length is a power of
    /// two, at least twice the number of names.
    places: Vec<u32>,
}

impl Names {
    /// The number of a name.
    pub fn number(&self, name: &[u8]) -> Option<usize> {
        let mut place = hash(name) & self.places.len().checked_sub(1)?;
        loop {
            let number = (*self.places.get(place)? as usize).checked_sub(1)?;
            if self.names.get(number).is_some_and(|known| **known == *name) {
                return Some(number);
            }
            place = (place + 1) & (self.places.len() - 1);
        }
    }

    /// A name by its number.
    pub fn name(&self, number: usize) -> &[u8] {
        self.names.get(number).map_or(&[], |name| name)
    }

    /// The number of a name, which is added if it is new.
    pub fn add(&mut self, name: &[u8]) -> usize {
        if let Some(number) = self.number(name) {
            return number;
        }
        self.names.push(name.into());
        if 2 * self.names.len() > self.places.len() {
            self.places = vec![0; (4 * self.names.len()).next_power_of_two()];
            (0..self.names.len()).for_each(|number| self.place(number));
        } else {
            self.place(self.names.len() - 1);
        }
        self.names.len() - 1
    }

    fn place(&mut self, number: usize) {
        let mask = self.places.len() - 1;
        let mut place = hash(self.name(number)) & mask;
        while self.places.get(place).is_some_and(|taken| *taken != 0) {
            place = (place + 1) & mask;
        }
        if let Some(free) = self.places.get_mut(place) {
            *free = u32::try_from(number + 1).unwrap_or(0);
        }
    }
}

fn hash(name: &[u8]) -> usize {
    let start = match name.first_chunk::<8>() {
        Some(first) => u64::from_le_bytes(*first),
        None => name.iter().rev().fold(0, |word, byte| word << 8 | u64::from(*byte)),
    };
    let mixed = (start ^ name.len() as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    (mixed >> 32) as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_have_numbers_in_their_order() {
        let mut names = Names::default();
        assert_eq!(names.number(b"a"), None);
        let all: Vec<String> = (0..300).map(|i| format!("snapshot-{i}")).collect();
        for (number, name) in all.iter().enumerate() {
            assert_eq!(names.add(name.as_bytes()), number);
        }
        for (number, name) in all.iter().enumerate() {
            assert_eq!(names.number(name.as_bytes()), Some(number));
            assert_eq!(names.add(name.as_bytes()), number);
        }
        assert_eq!(names.number(b"snapshot-300"), None);
        assert_eq!(names.number(b""), None);
    }
}

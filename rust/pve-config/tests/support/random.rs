//! Numbers and changes at random, the same ones in every run.

/// Bytes that change what a line is.
const BYTES: &[u8] = b"\0\t\r\x0b\x1c \"#%,-./0129:;=A[\\]_ayz~\x7f\x80\x85\xa0\xc3\xa9\xff";

/// xorshift64, Marsaglia 2003.
pub struct Random(pub u64);

impl Random {
    pub fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) as usize % limit
    }

    /// Puts bytes into a text, changes some or takes some out.
    pub fn change(&mut self, text: &mut Vec<u8>, changes: usize) {
        for _ in 0..changes {
            let at = self.below(text.len());
            let byte = BYTES[self.below(BYTES.len())];
            match self.below(3) {
                0 => text.insert(at, byte),
                1 => text[at] = byte,
                _ if text.len() > 1 => drop(text.remove(at)),
                _ => {}
            }
        }
    }
}

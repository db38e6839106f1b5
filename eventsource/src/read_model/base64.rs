//! Base64 for URLs (RFC 4648, section 5), without padding.

const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/// Encodes `bytes` as text.
pub(super) fn encode(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for chunk in bytes.chunks(3) {
        let bits = chunk.iter().fold(0_u32, |bits, byte| (bits << 8) | u32::from(*byte)) << (8 * (3 - chunk.len()));
        for at in 0..=chunk.len() {
            let digit = (bits >> (18 - 6 * at)) & 63;
            text.push(char::from(ALPHABET[digit as usize]));
        }
    }
    text
}

/// Decodes `text`; `None` if it is not such a text.
pub(super) fn decode(text: &str) -> Option<Vec<u8>> {
    let mut bytes = Vec::with_capacity(text.len() * 3 / 4);
    for chunk in text.as_bytes().chunks(4) {
        let mut bits = 0_u32;
        for digit in chunk {
            let digit = ALPHABET.iter().position(|own| own == digit)?;
            bits = (bits << 6) | u32::try_from(digit).ok()?;
        }
        let whole = (chunk.len() * 6) / 8;
        let spare = chunk.len() * 6 - whole * 8;
        // A single digit is not a byte, and the spare bits are zero.
        if whole == 0 || bits & ((1 << spare) - 1) != 0 {
            return None;
        }
        bits >>= spare;
        bytes.extend((0..whole).rev().map(|at| ((bits >> (8 * at)) & 0xff) as u8));
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::{decode, encode};

    #[test]
    fn bytes_come_back_from_their_text() {
        assert_eq!(encode(b"foobar"), "Zm9vYmFy");
        assert_eq!(encode(&[0xfb, 0xff]), "-_8");
        for length in 0..40_u8 {
            let bytes: Vec<u8> = (0..length).map(|at| at.wrapping_mul(37) ^ 0xa5).collect();
            assert_eq!(decode(&encode(&bytes)).as_deref(), Some(&*bytes));
        }
    }

    #[test]
    fn invalid_texts_are_refused() {
        for text in ["A", "Zm9v=", "Zm9+", "Zm9/", "Z m9", "Zm9vY", "Zh", "ü"] {
            assert_eq!(decode(text), None, "{text}");
        }
    }
}
